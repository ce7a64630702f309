"""Completion in the four shells, and the man page, as the programs that use them see them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import COMMAND, environment, fetchcli

MAN = Path(__file__).parents[2] / "fetchcli" / "help" / "fetchcli.1"
BASH = shutil.which("bash")
GROFF = shutil.which("groff")


def completed(shell: str, words: str) -> str:
    asked = {
        "_FETCHCLI_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words.rsplit(maxsplit=1)[-1],
        "COMP_WORDS": words,
        "COMP_CWORD": "1",
    }
    return fetchcli(env=asked).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_options_and_choices_are_completed(shell: str) -> None:
    options = completed(shell, "fetchcli --conn")
    assert "--connect-timeout" in options
    assert "--connect-to" in options
    assert "--concurrency" not in options


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-o js", ["jsonl", "json"]),
        ("--output mark", ["markdown"]),
        ("--columns url,header", []),
        ("--columns url,stat", ["url,status"]),
        ("--retry-kinds connect,timeout_t", ["connect,timeout_total", "connect,timeout_ttfb"]),
        ("--help sele", ["selection"]),
        ("--by h", ["host"]),
        ("--progress pl", ["plain"]),
        ("-o no", []),  # then the shell completes file names
    ],
)
def test_values_are_completed(written: str, expected: list[str]) -> None:
    option, _, value = written.partition(" ")
    asked = {"_FETCHCLI_COMPLETE": "complete_bash", "COMP_WORDS": f"fetchcli {option} {value}", "COMP_CWORD": "2"}
    assert sorted(fetchcli(env=asked).out.split()) == sorted(expected)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_is_given_its_script(shell: str) -> None:
    script = fetchcli(env={"_FETCHCLI_COMPLETE": f"source_{shell}"}).out
    assert "_FETCHCLI_COMPLETE" in script
    assert "complete_" in script


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_a_real_bash_completes(tmp_path: Path) -> None:
    command = tmp_path / "fetchcli"
    command.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    script = (
        'eval "$(_FETCHCLI_COMPLETE=source_bash fetchcli)"\n'
        "COMP_WORDS=(fetchcli --input-format s) COMP_CWORD=2\n"
        '_fetchcli_completion fetchcli && echo "${COMPREPLY[@]}"\n'
    )
    env = environment()
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    done = subprocess.run([str(BASH), "-c", script], capture_output=True, env=env, check=True)
    assert done.stdout == b"sitemap\n", done.stderr


@pytest.mark.needs_groff
@pytest.mark.skipif(GROFF is None, reason="no groff")
def test_the_man_page_is_well_formed() -> None:
    done = subprocess.run(["groff", "-man", "-Tascii", "-ww", str(MAN)], capture_output=True, check=True)
    assert done.stderr == b""
    page = done.stdout.decode()
    assert "--concurrency" in page.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[22m", "")
