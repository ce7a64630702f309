"""The library: what programs rely on changes only with a version, and all examples run and are well typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fetchcli
from fetchcli.cli.help import topics
from tests.meta.api import contract, described
from tests.support.golden import Golden
from tests.support.recorder import Recorder, ok, recorder

EXAMPLES = re.findall(r"```python\n(.*?)```", topics()["library"] + topics()["api"], flags=re.DOTALL)


def test_what_programs_rely_on(golden: Golden) -> None:
    """Semantic versioning: a name that goes away or changes needs another minor version before 1.0, a major after.

    The first line of the file is the version without its last part: after a change, set that first, then regenerate.
    """
    golden.check("api.txt", contract().encode())


def test_every_public_name_is_described() -> None:
    page = described()
    for name in fetchcli.__all__:
        if name != "__version__":
            assert re.search(rf"^(class )?{name}\b", page, flags=re.MULTILINE), name
    assert max(map(len, page.splitlines())) <= 80


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example_{number}.py").write_text(example)
    return tmp_path


def test_the_examples_are_well_typed_for_mypy(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_examples_are_well_typed_for_pyright(folder: Path) -> None:
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "-p", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_run(number: int, folder: Path) -> None:
    def answer(request: bytes) -> bytes:
        return ok(b"hello", 'ETag: "x"')

    with recorder(answer) as server:
        script = folder / f"example_{number}.py"
        script.write_text(_at(server, script.read_text()))
        done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search("200|True", done.stdout), done.stdout
    assert server.requests


def _at(server: Recorder, text: str) -> str:
    return text.replace("https://example.com/", server.url("/"))
