"""The README says what the code does: tables, picture, commands and examples are all checked."""

import re
import shlex
from pathlib import Path

import pytest

from fetchcli.core.settings import Reading
from fetchcli.demo import DEMO_PATHS
from fetchcli.inputs.base import File
from fetchcli.inputs.precheck import malformed
from fetchcli.inputs.reader import RowReader
from tests.meta.docs import GENERATED, picture, replace
from tests.meta.manpage import man_page
from tests.support.command import fetchcli
from tests.support.faults import FaultServer

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
MAN = ROOT / "fetchcli" / "cli" / "fetchcli.1"
PICTURE = ROOT / ".github" / "demo.svg"


def test_generated_tables(request: pytest.FixtureRequest) -> None:
    text = fresh = README.read_text()
    for name, make in GENERATED.items():
        fresh = replace(fresh, name, make())
    if request.config.getoption("--regenerate"):
        README.write_text(fresh)
    else:
        assert text == fresh, "README.md differs from the code: pytest --regenerate"


def test_the_picture_is_made_by_the_project(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        PICTURE.write_text(picture())
    assert PICTURE.read_text() == picture(), "the picture differs: pytest --regenerate"
    assert f"({PICTURE.relative_to(ROOT)})" in README.read_text()


def test_the_man_page_is_made_by_the_project(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        MAN.write_text(man_page())
    assert MAN.read_text() == man_page(), "the man page differs: pytest --regenerate"
    for option in re.findall(r"\| `(?:-\w`, `)?(--[a-z-]+)", README.read_text()):
        assert option.replace("-", "\\-") in MAN.read_text(), option


def test_each_panel_of_the_help_fits_a_screen_and_examples_come_first() -> None:
    text = fetchcli("--help", env={"COLUMNS": "80"}).out
    panels = re.findall(r"^╭─ (.*?) ─+╮\n(.*?)^╰", text, re.DOTALL | re.MULTILINE)
    assert len(panels) > 12
    for name, inside in panels:
        assert inside.count("\n") + 2 <= 24, name
    assert 0 < text.index("fetchcli urls.txt --concurrency 50") < text.index("╭")
    assert all(len(line) <= 80 for line in text.splitlines())


def commands(heading: str) -> list[str]:
    section = README.read_text().partition(heading)[2]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [line.removeprefix("$ ") for line in block[1].splitlines() if line.startswith("$ ")]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    _, test_command = commands("# fetchcli")
    assert test_command.endswith("pytest")
    assert test_command in (ROOT / ".ci" / "run").read_text()


def test_the_demo_command_of_the_readme_ends_with_the_demo() -> None:
    demo_command, _ = commands("# fetchcli")
    assert shlex.split(demo_command)[-2:] == [".venv/bin/fetchcli", "--demo"]


def test_every_option_in_an_example_exists() -> None:
    help_text = fetchcli("--help", env={"COLUMNS": "200"}).out
    examples = re.findall(r"fetchcli [^\n`]*", README.read_text())
    assert len(examples) > 5
    for example in examples:
        for option in re.findall(r"(?<=\s)(--?[a-z][a-z-]*)", example.partition("#")[0].partition("|")[0]):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_text), (example, option)


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_list_of_the_readme_is_one(tmp_path: Path) -> None:
    (tmp_path / "smoke.csv").write_text(block("csv"))
    printed = fetchcli("smoke.csv", "--print-curl", cwd=tmp_path)
    assert (printed.code, printed.err, len(printed.lines)) == (0, "", 2)
    assert "Content-Type: application/json" in printed.out


def test_the_expectations_of_the_readme_are_understood(tmp_path: Path) -> None:
    text = re.findall(r"```csv\n(.*?)```", README.read_text(), re.DOTALL)[1]
    (tmp_path / "smoke.csv").write_text(text)
    inputs = [File(str(tmp_path / "smoke.csv"))]
    assert list(malformed(inputs, Reading(), ())) == []
    rows = [row for batch in RowReader(inputs).batches() for row in batch]
    said = [[check.kind for check in row.expect.checks] for row in rows if row.expect is not None]
    assert said == [["header", "body"], ["json", "max_latency"]]


def test_the_configuration_of_the_readme_is_one(tmp_path: Path) -> None:
    (tmp_path / "fetchcli.toml").write_text(block("toml"))
    keys = re.findall(r"^([a-z-]+) =", block("toml"), re.MULTILINE)
    printed = fetchcli("-K", "fetchcli.toml", "--print-config", cwd=tmp_path, env={"FETCHCLI_NO_CONFIG": ""})
    assert len(keys) == sum("fetchcli.toml: " in line for line in printed.lines) == 4


def test_the_library_example_runs(faults: FaultServer, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert code is not None
    source = re.sub(r"https://example\.com/\w*", faults.url("ok"), code[1])
    exec(compile(source, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.count("OK 200") == 2


def test_the_sample_is_the_demo_against_a_public_server() -> None:
    lines = (ROOT / "urls.sample.txt").read_text().splitlines()
    urls = [line for line in lines if line and not line.startswith("#")]
    assert [url.removeprefix("https://httpbin.org") for url in urls[:-1]] == list(DEMO_PATHS)
    assert urls[-1].startswith("http://localhost:")
    assert sum(line.startswith("#") for line in lines) >= 5


def test_help_has_examples_and_groups() -> None:
    text = fetchcli("--help", env={"COLUMNS": "100"}).out
    for part in ("fetchcli urls.txt", "Input", "Pace", "Time", "Output", "Checks"):
        assert part in text


def test_the_project_speaks_of_itself_alone() -> None:
    forbidden = re.compile(
        "|".join(["/wo" + "rk/", "/ro" + "ot/", "py" + r"pi\.org", "deb" + r"ian\.org", "/tmp/" + r"\w"])
    )
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if (
            path.is_file()
            and path.suffix in {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ""}
            and (not parts[0].startswith(".") or parts[0] in {".ci", ".github"})
        ):
            assert not forbidden.search(path.read_text()), path
