"""What is answered without the command is what the command answers."""

import subprocess
import sys

import pytest

from fetchcli.cli.main import main
from fetchcli.cli.quick import answer
from fetchcli.core.errors import ExitCode

PROBE = """
import sys
from fetchcli.cli.quick import answer
assert answer(sys.argv[1:])
assert not {"click", "typer", "msgspec", "importlib.resources"} & set(sys.modules)
"""


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["-h"], ["--help", "pace"], ["-h", "EXIT-CODES"]])
def test_the_same_is_answered_at_once(
    words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(words)
    at_once = capfd.readouterr().out
    monkeypatch.setattr(sys, "argv", ["fetchcli", *words])
    assert main() == ExitCode.OK
    assert capfd.readouterr().out == at_once
    subprocess.run([sys.executable, "-c", PROBE, *words], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "words",
    [[], ["--help", "all"], ["--help", "none"], ["-h", "../help/pace"], ["--help", "x", "y"], ["--version", "x"]],
)
def test_everything_else_is_left_to_the_command(words: list[str]) -> None:
    assert not answer(words)


def test_without_stdout_the_command_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert not answer(["--version"])
