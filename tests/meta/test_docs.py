"""The documentation says what the code does: pages, pictures, commands and examples are all checked."""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fetchcli.cli.definitions import OPTIONS, PANELS
from fetchcli.cli.habits import SAME
from fetchcli.cli.help import SHORT, topics
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import File
from fetchcli.inputs.precheck import malformed
from fetchcli.inputs.reader import RowReader
from fetchcli.run.demo import DEMO_PATHS
from fetchcli.run.help import plain_page
from tests.meta.docs import filled, pictures, short_help
from tests.meta.manpage import man_page
from tests.support.command import Result, at_terminal, fetchcli
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
HELP = ROOT / "fetchcli" / "help"
MAN = HELP / "fetchcli.1"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
RECIPES = (
    "At a terminal",
    "In a pipeline",
    "With a database",
    "Saving what is fetched",
    "In CI",
    "With all cores, and with many machines",
)


def test_generated_blocks_of_the_pages(request: pytest.FixtureRequest) -> None:
    for topic, page in topics().items():
        fresh = filled(topic, page)
        if request.config.getoption("--regenerate"):
            (HELP / f"{topic}.md").write_text(fresh)
        else:
            assert page == fresh, f"{topic}.md differs from the code: pytest --regenerate"


def test_the_pictures_are_made_by_the_project(request: pytest.FixtureRequest) -> None:
    for name, made in pictures().items():
        path = ROOT / ".github" / name
        if request.config.getoption("--regenerate"):
            path.write_text(made)
        assert path.read_text() == made, f"{name} differs: pytest --regenerate"
        assert f"{path.relative_to(ROOT)}" in README.read_text()


def test_the_man_page_is_made_by_the_project(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        topics.cache_clear()  # the pages have just been written
        MAN.write_text(man_page())
    assert MAN.read_text() == man_page(), "the man page differs: pytest --regenerate"


def test_the_short_help_fits_a_screen(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        SHORT.write_text(short_help())
    assert SHORT.read_text() == short_help(), "the short help differs: pytest --regenerate"
    shown = fetchcli("--help").out
    assert shown == plain_page(short_help())
    assert shown.count("\n") <= 40
    assert max(map(len, shown.splitlines())) <= 80
    for topic in topics():
        assert re.search(rf"\b{topic}\b", shown), topic


@pytest.mark.parametrize("topic", sorted(topics()))
def test_a_topic_fits_a_screen_and_names_its_options(topic: str) -> None:
    page = topics()[topic]
    assert page.startswith(f"# {topic}: ")
    assert page.isascii()
    text = re.sub(r"<!-- (\S+) -->.*?<!-- /\1 -->", "", page, flags=re.DOTALL)
    assert len([line for line in text.splitlines() if line]) <= 40
    result = fetchcli("--help", topic)
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80
    for panel in PANELS:
        for option in panel.options:
            assert panel.topic != topic or option.long in result.out, option.long


def test_every_option_stands_in_a_topic_and_in_the_man_page() -> None:
    everything = fetchcli("--help", "all").out
    assert max(map(len, everything.splitlines())) <= 80
    for panel in PANELS:
        assert panel.topic in topics()
    for option in OPTIONS.values():
        assert option.long in everything, option.long
        assert option.long.replace("-", "\\-") in MAN.read_text(), option.long


@pytest.mark.parametrize(
    ("args", "first"),
    [
        (["--help"], "Usage: fetchcli"),
        (["-h"], "Usage: fetchcli"),
        (["urls.txt", "--help"], "Usage: fetchcli"),
        (["--help", "-o", "x"], "Usage: fetchcli"),
        (["--help", "PACE"], "pace: concurrency"),
        (["--help=pace"], "pace: concurrency"),
        (["--help", "urls.txt"], "There is no help topic 'urls.txt'."),
    ],
)
def test_help_is_given_wherever_it_is_asked_for(args: list[str], first: str) -> None:
    result = fetchcli(*args)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(first)


@pytest.mark.parametrize("topic", ["", "all", "pace", "columns"])
def test_help_has_no_escapes_outside_of_a_terminal(topic: str) -> None:
    words = ["--help", topic] if topic else ["--help"]
    plain = fetchcli(*words).out
    for env in ({"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}):
        assert fetchcli(*words, env=env).out == plain
    assert "\x1b" not in plain
    shown = at_terminal(*words).out
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n").rstrip() == plain.rstrip()
    assert ("\x1b[" in shown) == (topic != "all" or True)
    assert "\x1b[" not in at_terminal(*words, env={"NO_COLOR": "1"}).out


def run(command: str, folder: Path, env: dict[str, str] | None = None) -> Result:
    """Run a command of the documentation, its redirection included, without what it is piped into."""
    args = shlex.split(command.partition(" | ")[0])[1:]
    stdin = b""
    if "<" in args:
        args, name = args[: args.index("<")], args[-1]
        stdin = (folder / name).read_bytes()
    return fetchcli(*args, stdin=stdin, env=env, cwd=folder)


EXAMPLE = re.compile(r"^    \$ (fetchcli .*?)(?:  # exit (\d))?$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, faults: FaultServer) -> Path:
    """The files that the examples name."""
    url = faults.url("ok")
    (tmp_path / "urls.txt").write_text(f"{url}?in=/docs/\n{url}\n")
    (tmp_path / "smoke.csv").write_text(f"url,expect_body\n{url},hello\n")
    (tmp_path / "requests.csv").write_text(f"url,method,body\n{url},POST,x\n")
    with closing(sqlite3.connect(tmp_path / "sites.db")) as database, database:
        database.execute("CREATE TABLE sites (address, tag)")
        database.execute("INSERT INTO sites VALUES (?, ?)", (url, "home"))
    (tmp_path / "fetchcli.toml").write_text("concurrency = 20\n")
    made = fetchcli(url, "-o", "jsonl:rows.jsonl", cwd=tmp_path)
    assert made.code == 0
    return tmp_path


@pytest.mark.parametrize("topic", sorted(topics()))
def test_the_examples_of_a_topic_run(topic: str, folder: Path, faults: FaultServer) -> None:
    examples = EXAMPLE.findall(topics()[topic])
    assert examples or topic in ("library", "api")
    env = {"TOKEN": "secret", "LOGIN": "me:secret", "FETCHCLI_RETRY": "0"}
    for example, code in examples:
        command = re.sub(r"https://example\.com/missing", faults.url("escape-codes"), example)
        command = re.sub(r"https://example\.com/page/", f"{faults.url('ok')}?", command)
        command = re.sub(r"https://example\.com/[a-z]*", faults.url("ok"), command)
        result = run(command, folder, env)
        assert result.code == int(code or 0), (example, result.err)


def test_every_option_in_an_example_exists() -> None:
    texts = [README.read_text(), CONTRIBUTING.read_text(), *topics().values()]
    examples = [found for text in texts for found in re.findall(r"fetchcli [^\n`]*", text)]
    assert len(examples) > 30
    everything = fetchcli("--help", "all").out + " --help --install-completion"
    everything += "".join(f" {same.flags}" for same in SAME)
    for example in examples:
        for option in re.findall(
            r"(?<=\s)(--[a-z][a-z-]*|-[a-zA-Z4-6])(?![\w-])", example.partition("#")[0].partition("|")[0]
        ):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", everything), (example, option)


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = README.read_text()
    assert text.count("\n") <= 150
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert link.startswith("https://") or (ROOT / link).exists(), link
    for topic in topics():
        assert f"(fetchcli/help/{topic}.md)" in text, topic


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


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell")
def test_the_recipes_of_the_readme_run(folder: Path, faults: FaultServer) -> None:
    recipes = [line for heading in RECIPES for line in commands(f"### {heading}")]
    assert len(recipes) >= 15
    with recorder(lambda request: ok(b"" if b"/docs/" in request else sitemap.encode())) as server:
        sitemap = (
            f"<urlset><url><loc>{server.url('/docs/1')}</loc></url><url><loc>{server.url('/x')}</loc></url></urlset>"
        )
        for recipe in recipes:
            command = recipe.replace("https://example.com/sitemap.xml", server.url("/sitemap.xml"))
            command = re.sub(r"https://example\.com/[a-z]*", faults.url("ok"), command)
            result = run(command, folder)
            assert result.code == 0, (recipe, result.err)
        assert server.targets == ["/sitemap.xml", "/docs/1"]


def block(language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    return found[number]


def test_the_list_of_the_readme_is_one(tmp_path: Path) -> None:
    (tmp_path / "smoke.csv").write_text(block("csv"))
    inputs = [File(str(tmp_path / "smoke.csv"))]
    assert list(malformed(inputs, Reading(), ())) == []
    rows = [row for batch in RowReader(inputs).batches() for row in batch]
    kinds = [[check.kind for check in row.expect.checks] for row in rows if row.expect is not None]
    assert kinds == [["header", "body"], ["json", "max_latency"]]


def test_the_library_example_runs(faults: FaultServer) -> None:
    """In a process of its own, because it blocks. Those of the topics: see `test_public_api`."""
    fenced = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert fenced
    program = re.sub(r"https://example\.com/\w*", faults.url("ok"), fenced[1])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "OK 200 None\n" * 2


def test_the_rows_of_the_topics_are_understood(tmp_path: Path) -> None:
    lines = topics()["checks"].partition('    {"url"')[2].partition("\n\n")[0]
    row = json.loads('{"url"' + lines)
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    assert list(malformed([File(str(tmp_path / "rows.jsonl"))], Reading(), ())) == []
    table = topics()["requests"].partition("    url,method")[2].partition("\n\n")[0].replace("\n    ", "\n")
    (tmp_path / "requests.csv").write_text(f"url,method{table}\n")
    printed = fetchcli("requests.csv", "--print-curl", cwd=tmp_path)
    assert (printed.code, printed.err, len(printed.lines)) == (0, "", 2)


def test_the_configuration_of_the_topic_is_one(tmp_path: Path) -> None:
    text = topics()["config"].partition("    concurrency")[2].partition("\n\n")[0].replace("\n    ", "\n")
    (tmp_path / "fetchcli.toml").write_text(f"concurrency{text}\n")
    printed = fetchcli("-K", "fetchcli.toml", "--print-config", cwd=tmp_path, env={"FETCHCLI_NO_CONFIG": ""})
    assert sum("fetchcli.toml: " in line for line in printed.lines) == 4


def test_the_sample_is_the_demo_against_a_public_server() -> None:
    lines = (ROOT / "urls.sample.txt").read_text().splitlines()
    urls = [line for line in lines if line and not line.startswith("#")]
    assert [url.removeprefix("https://httpbin.org") for url in urls[:-1]] == list(DEMO_PATHS)
    assert urls[-1].startswith("http://localhost:")
    assert sum(line.startswith("#") for line in lines) >= 5


def test_the_project_speaks_of_itself_alone() -> None:
    forbidden = re.compile(
        "|".join(["/wo" + "rk/", "/ro" + "ot/", "py" + r"pi\.org", "deb" + r"ian\.org", "/tmp/" + r"\w"])
    )
    ours = [top for top in ROOT.iterdir() if not top.name.startswith(".") or top.name in {".ci", ".github"}]
    for path in (file for top in ours for file in (top, *top.rglob("*"))):
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ""}:
            assert not forbidden.search(path.read_text()), path
