"""Reports: golden files, and what the programs that read them make of them, whatever servers put into them."""

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from tap.line import Diagnostic, Plan, Result, Version
from tap.parser import Parser

from fetchcli.core.baseline.compare import Baseline, Comparison, Sample
from fetchcli.core.errors import ErrorKind
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Rejected, Skipped, Target
from fetchcli.core.report.data import MAX_ROWS, OutcomeBuffer, State, state_of
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.thresholds import parse_threshold
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from fetchcli.sinks.formats import BY_NAME, OUTPUT_FORMATS
from fetchcli.sinks.reports.github import MAX_ANNOTATIONS
from fetchcli.sinks.reports.markdown import MAX_LISTED
from fetchcli.sinks.reports.places import Places
from fetchcli.sinks.reports.prometheus import MAX_SERIES
from tests.sinks.test_contract import HOSTILE
from tests.support.golden import Golden
from tests.support.outcomes import STARTED, answered, failed, flaky, rejected, target

REPORTS = tuple(known.name for known in OUTPUT_FORMATS if not known.streamed)
SCHEMAS = Path(__file__).parents[1] / "support" / "schemas"
CI_HOSTILE = (
    "%0A::error::x\n::stop-commands::y\r::set-output name=a::b ##vso[task.complete] "
    "]]> <!-- | `x` [a](http://e/) @me # ok 7"
)
NASTY = [HOSTILE, CI_HOSTILE, "", "`" * 7, "|" * 5, "\ufffe\uffff\x00\x1b", "not ok 99 # TODO", '"\\', "[1](2)", "%3A%"]


def unexpected(seq: int, expected: str, actual: str) -> Outcome:
    check = FailedCheck("body", expected, actual)
    response = Response(200, "http://example.com/", Timings(), sha256="ab" * 32)
    row = Target(seq, parse_url("http://example.com/b"), "urls.txt", seq + 1, RequestOptions("POST"), tag="login")
    return Outcome(row, Verdict.FAILED, (Attempt(1, STARTED, 0.1, response, (check,)),), (check,))


SAMPLE = [
    answered(seq=1),
    answered(404, seq=2, url="http://example.com/é?q=a b"),
    failed(seq=3),
    unexpected(4, "healthy", '"down" (4 B)'),
    flaky(seq=5),
    rejected(seq=6),
    Outcome(target(7), Verdict.SKIPPED, note="its host is down"),
    Outcome(
        Skipped.from_target(target(8), "the same as an earlier row"), Verdict.SKIPPED, note="the same as an earlier row"
    ),
    failed(ErrorKind.CANCELLED, seq=9, detail="3 rows failed (--halt now,fail=3)"),
    failed(seq=10, detail=HOSTILE),
    unexpected(11, CI_HOSTILE, CI_HOSTILE),
    Outcome(Rejected(12, HOSTILE, CI_HOSTILE, "-", 3), Verdict.REJECTED),
]


def made(name: str, outcomes: list[Outcome], *, full: bool = True) -> str:
    """A report of outcomes, with thresholds and a baseline where it is to be full."""
    limits = ("p95(time_total) < 1ms by host", "error_rate < 99%") if full else ()
    summary = Summary(map(parse_threshold, limits))
    rows = OutcomeBuffer(lambda _: {("urls.txt", 3, "http://example.com/%C3%A9?q=a%20b"): 7})
    baseline = Baseline()
    for url in ("http://example.com/a", "http://example.com/gone"):
        baseline.add(None, "", Sample(url=url, verdict="OK", result="200", sha256="ab" * 32, seconds=0.1))
    comparison = Comparison(baseline)
    for outcome in outcomes:
        summary.add(outcome)
        rows.add(outcome)
        comparison.add(outcome)
    summary.elapsed = 1234.5
    if full:
        summary.changes = comparison.finish()
    text: str = BY_NAME[name].load()(rows.report(summary))
    return text


@pytest.mark.parametrize("name", REPORTS)
def test_golden(name: str, golden: Golden) -> None:
    golden.check(f"{name}.report", made(name, SAMPLE).encode())


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_a_report_too(name: str, golden: Golden) -> None:
    golden.check(f"{name}.empty", made(name, [], full=False).encode())


# What reads each format: it must find the rows that are there, and nothing that somebody slipped in.


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


@cache
def sarif_schema() -> Any:
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text()))


def states(outcomes: list[Outcome]) -> Counter[State]:
    return Counter(map(state_of, outcomes))


def read_junit(text: str, outcomes: list[Outcome]) -> None:
    suite = etree.fromstring(text.encode())
    junit_schema().assertValid(suite)
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"])
    thresholds = [case for case in cases if case.get("classname") == "thresholds"]
    cases = [case for case in cases if case.get("classname") != "thresholds"]
    assert len(cases) == len(outcomes)
    assert sum(len(case.findall("failure")) for case in thresholds) == bool(thresholds and outcomes)
    counted = states(outcomes)
    for tag, state in (("failure", State.FAILED), ("error", State.ERROR), ("skipped", State.SKIPPED)):
        assert sum(len(case.findall(tag)) for case in cases) == counted[state], tag
    assert sum(any("flaky" in child.tag for child in case) for case in cases) == counted[State.FLAKY]


def read_tap(text: str, outcomes: list[Outcome]) -> None:
    lines = list(Parser().parse(io.StringIO(text)))
    assert isinstance(lines[0], Version)
    assert lines[0].version == 14
    (plan,) = (line for line in lines if isinstance(line, Plan))
    points = [line for line in lines if isinstance(line, Result)]
    assert plan.expected_tests == len(points)
    assert [point.number for point in points] == list(range(1, len(points) + 1))
    thresholds = points[len(outcomes) :]
    assert [point.ok for point in thresholds] in ([], [False, True])
    points = points[: len(outcomes)]
    bad = {State.FAILED, State.ERROR}
    assert [point.ok for point in points] == [state_of(outcome) not in bad for outcome in outcomes]
    assert [bool(point.skip) for point in points] == [state_of(outcome) is State.SKIPPED for outcome in outcomes]
    assert not any(point.todo for point in points)
    for point, outcome in zip(points, outcomes, strict=True):
        block = point.yaml_block
        assert (block is None) == (state_of(outcome) is State.PASSED)
        if block is not None:
            assert len(block["attempts"]) == len(outcome.attempts)
    assert all(line.text.startswith("#") for line in lines if isinstance(line, Diagnostic))


def read_sarif(text: str, outcomes: list[Outcome]) -> None:
    document = json.loads(text)
    sarif_schema().validate(document)
    (run,) = document["runs"]
    worth = [one for one in outcomes if state_of(one) is not State.PASSED and not isinstance(one.row, Skipped)]
    missed = sum(result["ruleId"] == "threshold" for result in run["results"])
    assert len(run["results"]) == len(worth) + missed
    assert missed <= 1
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {one["ruleId"] for one in run["results"]}
    for result in run["results"]:
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", result["message"]["text"])  # no link


def read_markdown(text: str, outcomes: list[Outcome]) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close"}
    assert not any(token.type in ("html_block", "fence", "code_block") for token in tokens)
    rows = sum(token.type == "tr_open" for token in tokens) - sum(token.type == "thead_open" for token in tokens)
    cells = sum(token.type == "td_open" for token in tokens)
    assert cells % 3 in (0, 1, 2)
    listed = sum(state_of(one) is not State.PASSED and not isinstance(one.row, Skipped) for one in outcomes)
    assert rows >= min(listed, MAX_LISTED)
    plain = re.sub(r"`+.*?`+", "", text)
    assert "@me" not in plain
    assert "<!--" not in plain


# The grammar of workflow commands, as the runner reads a line (ActionCommand.cs): strict about what may stand where.
COMMAND = re.compile(r"::(?P<name>error|warning|notice) (?P<properties>[^:\r\n]*)::(?P<message>[^\r\n]*)")
PROPERTY = re.compile(r"(?P<key>file|line|col|title)=(?P<value>[^,:\r\n%]|%25|%0D|%0A|%3A|%2C)*")


def read_github(text: str, outcomes: list[Outcome]) -> None:
    commands = [COMMAND.fullmatch(line) for line in text.split("\n")[:-1]]
    assert text.endswith("\n")
    names: Counter[str] = Counter()
    for command in commands:
        assert command is not None, text
        names[command["name"]] += 1
        assert not re.search(r"%(?!25|0D|0A)", command["message"])
        assert "##[" not in unquote(command["message"])
        for item in command["properties"].split(","):
            assert PROPERTY.fullmatch(item), item
    bad = sum(one.verdict is not Verdict.OK and not isinstance(one.row, Skipped) for one in outcomes)
    assert min(bad, MAX_ANNOTATIONS) <= names["error"] <= min(bad, MAX_ANNOTATIONS) + 2
    assert names["warning"] == min(states(outcomes)[State.FLAKY], MAX_ANNOTATIONS)
    assert 1 <= names["notice"] <= 1 + MAX_ANNOTATIONS


def read_gitlab(text: str, outcomes: list[Outcome]) -> None:
    issues = json.loads(text)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"]
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["description"]
        assert issue["check_name"]
    worth = [one for one in outcomes if state_of(one) is not State.PASSED and not isinstance(one.row, Skipped)]
    assert len(issues) >= len(worth)


def read_prometheus(text: str, outcomes: list[Outcome]) -> None:
    families = {family.name: family for family in text_string_to_metric_families(text)}
    series = [
        (sample.name, tuple(sorted(sample.labels.items()))) for one in families.values() for sample in one.samples
    ]
    assert len(set(series)) == len(series)
    assert all(family.type == "gauge" and family.documentation for family in families.values())
    rows = {sample.labels["verdict"]: sample.value for sample in families["fetchcli_rows"].samples}
    assert rows == {verdict: sum(one.verdict is verdict for one in outcomes) for verdict in Verdict}


def read_summary(text: str, outcomes: list[Outcome]) -> None:
    found = json.loads(text)
    assert found["total"] == len(outcomes)
    assert found["verdicts"] == {verdict: sum(one.verdict is verdict for one in outcomes) for verdict in Verdict}
    assert found["flaky"] == len(found["flaky_rows"]) == states(outcomes)[State.FLAKY]


READERS: dict[str, Callable[[str, list[Outcome]], None]] = {
    "junit": read_junit,
    "tap": read_tap,
    "sarif": read_sarif,
    "markdown": read_markdown,
    "github": read_github,
    "gitlab": read_gitlab,
    "prometheus": read_prometheus,
    "summary": read_summary,
}


def test_every_report_has_a_reader() -> None:
    assert tuple(READERS) == REPORTS


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_read_by_who_reads_such_reports(name: str) -> None:
    READERS[name](made(name, SAMPLE), SAMPLE)
    READERS[name](made(name, SAMPLE, full=False), SAMPLE)
    READERS[name](made(name, [], full=False), [])


def hostile(text: str) -> list[Outcome]:
    """Outcomes in which everything that comes from outside is this text."""
    source = text.encode("utf-8", "replace").decode()  # as the system gives names of files
    row, other = (Target(seq, parse_url("http://example.com/"), source, 1, tag=text) for seq in (1, 4))
    response = Response(200, text, Timings(), content_type=text)
    check = FailedCheck("json", text, text)
    return [
        Outcome(row, Verdict.FAILED, (Attempt(1, STARTED, 0.1, response, (check,)),), (check,), note=text),
        failed(seq=2, detail=text),
        Outcome(Rejected(3, text, text, "list.txt", 2, tag=text), Verdict.REJECTED),
        Outcome(other, Verdict.SKIPPED, note=text),
        flaky(seq=5),
    ]


def is_inert(text: str) -> bool:
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", REPORTS)
def test_96_what_servers_say_is_text_and_nothing_else(name: str, text: str) -> None:
    report = made(name, hostile(text))
    assert is_inert(report)
    assert not re.search(r"##(?:vso)?\[", report, re.IGNORECASE)
    if name != "github":
        assert not re.search(r"^\s*::[a-z]", report, re.MULTILINE)
    READERS[name](report, hostile(text))


@given(st.text(st.characters(codec=None)), st.sampled_from(REPORTS))
def test_any_text_is_contained(text: str, name: str) -> None:
    report = made(name, hostile(text))
    assert is_inert(report)
    READERS[name](report, hostile(text))


@cache
def many_outcomes() -> list[Outcome]:
    good = [answered(seq=seq) for seq in range(1, MAX_ROWS + 501)]
    bad = [answered(404, seq=20_000 + seq, url=f"http://example.com/{seq}") for seq in range(1, MAX_ROWS + 501)]
    return good + bad


@pytest.mark.parametrize("name", REPORTS)
def test_reports_of_long_runs_are_bounded_and_count_the_rest(name: str) -> None:
    report = made(name, many_outcomes())
    assert len(report) < 30_000_000
    said = {
        "junit": '<property name="rows not listed" value="1000" />',
        "tap": "# 1000 rows are not listed",
        "sarif": '"rowsNotListed": 1000',
        "markdown": f"and {MAX_ROWS + 500 - MAX_LISTED:,} more",
        "github": f"{MAX_ROWS + 490:,} more than are annotated",
        "summary": f'"problems_not_listed": {MAX_ROWS + 400}',
        "prometheus": 'fetchcli_rows{verdict="FAILED"} 10500',
    }
    assert said.get(name, "") in report
    if name == "prometheus":
        assert report.count("fetchcli_row_accepted{") == MAX_SERIES


def sarif_rules(text: str) -> list[str]:
    """GitHub: a result needs a location; its URI must be relative to the root of the repository."""
    wrong = []
    for result in json.loads(text)["runs"][0]["results"]:
        for location in result.get("locations") or [{}]:
            place = location.get("physicalLocation", {})
            uri, line = place.get("artifactLocation", {}).get("uri", ""), place.get("region", {}).get("startLine", 0)
            if not relative(unquote(uri)) or ":" in uri or line < 1:
                wrong.append(f"{uri!r} line {line}")
    return wrong


def gitlab_rules(text: str) -> list[str]:
    """GitLab: description, check name, fingerprint and location; severities; paths without ./; no fingerprint twice."""
    issues = json.loads(text)
    wrong = [issue["location"]["path"] for issue in issues if not relative(issue["location"]["path"])]
    wrong += [issue["severity"] for issue in issues if issue["severity"] not in {"info", "minor", "major", "critical"}]
    wrong += [issue["description"] for issue in issues if issue["location"]["lines"]["begin"] < 1]
    prints = Counter(issue["fingerprint"] for issue in issues)
    return wrong + [one for one, count in prints.items() if count > 1]


def github_rules(text: str) -> list[str]:
    """GitHub: ten errors and ten warnings a step, files relative to the root of the repository, lines from 1."""
    commands = [re.match(r"::(\w+) (.*?)::", line) for line in text.splitlines()]
    counts = Counter(command[1] for command in commands if command)
    files = re.findall(r"[ ,]file=([^,:]*)", text)
    wrong = [file for file in files if not relative(unquote(file))]
    wrong += [line for line in text.splitlines() if not line.startswith("::")]
    return wrong + [level for level in ("error", "warning") if counts[level] > MAX_ANNOTATIONS + 1]


def junit_rules(text: str) -> list[str]:
    """Jenkins: of two cases with one class name and name only one is kept; the counts are those of the cases."""
    suite = etree.fromstring(text.encode())
    cases = Counter((case.get("classname"), case.get("name")) for case in suite.iter("testcase"))
    wrong = [str(case) for case, count in cases.items() if count > 1]
    return wrong + ([] if suite.get("tests") == str(sum(cases.values())) else ["tests"])


def relative(path: str) -> bool:
    return bool(path) and not path.startswith("/") and not {".", ".."} & set(path.split("/"))


RULES = {"sarif": sarif_rules, "gitlab": gitlab_rules, "github": github_rules, "junit": junit_rules}
SOURCES = ["", "-", "urls.txt", "./urls.txt", "../other/urls.txt", "/data/urls.txt", "http://u:p@h:8/map.xml?a", "a:c"]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("source", SOURCES)
def test_the_rules_of_the_systems_that_read_reports(
    name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "folder")
    same = Target(1, parse_url("http://example.com/"), source, 2)
    outcomes = [Outcome(same, Verdict.FAILED, failed().attempts) for _ in range(3)]
    outcomes += [Outcome(Rejected(seq, "x", "y", source, 0), Verdict.REJECTED) for seq in range(4, 30)]
    outcomes += [flaky(seq=seq) for seq in range(30, 50)]
    assert RULES[name](made(name, [*outcomes, *SAMPLE])) == []
    assert RULES[name](made(name, outcomes, full=False)) == []


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("urls.txt", "folder/urls.txt"),
        ("./urls.txt", "folder/urls.txt"),
        ("../urls.txt", "urls.txt"),
        ("../folder/../lists/urls.txt", "lists/urls.txt"),
        ("../../elsewhere/urls.txt", "{}/elsewhere/urls.txt"),
        ("", "arguments"),
        ("-", "stdin"),
        ("https://user:secret@h:8080/maps/one.xml?token=1", "h:8080/maps/one.xml"),
    ],
)
def test_places_are_relative_to_the_repository(source: str, path: str, tmp_path: Path) -> None:
    root = tmp_path.resolve() / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "folder").mkdir()
    assert Places(root / "folder").path(source) == path.format(tmp_path.resolve().as_posix().lstrip("/"))


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_the_system_knows_the_root(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "sub" / ".git").mkdir(parents=True)
    monkeypatch.setenv(variable, str(tmp_path / "work"))
    assert Places(tmp_path / "work" / "sub").path("urls.txt") == "sub/urls.txt"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "work")
    assert Places(link).path("urls.txt") == "urls.txt", "as the system sees it, through a link"


def test_the_column_in_the_list_is_said_where_it_is_known() -> None:
    assert "::error file=urls.txt,line=3,col=7,title=status::" in made("github", SAMPLE)
    (first, *_) = json.loads(made("sarif", SAMPLE))["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "urls.txt"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    absolute = Outcome(Rejected(1, "x", "y", "/a b/list.txt", 1), Verdict.REJECTED)
    (only,) = json.loads(made("sarif", [absolute], full=False))["runs"][0]["results"]
    assert only["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/list.txt"


def test_a_fingerprint_stays_when_the_row_moves() -> None:
    def fingerprints(seq: int) -> list[str]:
        results = json.loads(made("sarif", [answered(404, seq=seq)], full=False))["runs"][0]["results"]
        return [result["partialFingerprints"]["fetchcli/v1"] for result in results]

    assert fingerprints(1) == fingerprints(99)
