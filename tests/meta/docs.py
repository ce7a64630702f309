"""The parts of the documentation that are generated from the code."""

import io
from collections.abc import Callable
from textwrap import wrap

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from fetchcli.cli.definitions import PANELS
from fetchcli.cli.habits import ELSEWHERE, SAME
from fetchcli.cli.help import BLOCK, USAGE, definitions, described_formats, flags_text, indented, options_block, topics
from fetchcli.cli.option import Found
from fetchcli.core.errors import ErrorKind, ExitCode, Failure
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Target
from fetchcli.core.naming.template import FIELDS
from fetchcli.core.rows.columns import COLUMNS, SAVED
from fetchcli.core.summary.breakdown import By
from fetchcli.core.summary.summary import Summary
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.lines import argument_record
from fetchcli.inputs.reader import RowReader
from fetchcli.render.summary import SummaryDisplay, SummaryOptions
from fetchcli.run.demo import DEMO_PATHS
from fetchcli.run.formats import INPUT_FORMATS, OUTPUT_FORMATS
from tests.meta.api import described
from tests.support.outcomes import STARTED

COLUMN = 18
SUMMARY = "Fetch many URLs at once and check the responses. Every row gets a result."
EXAMPLES = (
    "fetchcli urls.txt --concurrency 50",
    "cut -f1 sites.tsv | fetchcli - -o jsonl | jq .status",
    "fetchcli smoke.csv --accept 200..299 -o junit:report.xml",
    "fetchcli urls.txt -o rows.jsonl --resume",
)


def options(topic: str) -> str:
    """The options of a topic."""
    return "\n".join(options_block(panel.options) for panel in PANELS if panel.topic == topic)


def formats(topic: str) -> str:
    """The input formats or the output formats, with their extensions."""
    table = INPUT_FORMATS if topic == "input" else OUTPUT_FORMATS
    return definitions(described_formats(table), COLUMN)


def columns(_: str) -> str:
    """The columns of a row."""
    rows = []
    for column in (*COLUMNS, *SAVED):
        also = f" (-w also: {', '.join(column.aliases)})" if column.aliases else ""
        rows.append((column.name, f"{column.doc.replace('`', '')}{also}"))
    return definitions(rows, 20)


def exit_codes(_: str) -> str:
    """The exit codes."""
    return definitions([(str(int(code)), code.meaning) for code in ExitCode], 6)


def error_kinds(_: str) -> str:
    """The error kinds; the exit code is named where it is not 4."""
    rows = []
    for kind in ErrorKind:
        code = "" if kind.exit_code is ExitCode.TRANSPORT else f" (exit {int(kind.exit_code)})"
        rows.append((str(kind), kind.meaning + code))
    return definitions(rows, COLUMN)


def found_files(_: str) -> str:
    """What the nearest configuration file may not set, and where its paths must stay inside its folder."""
    options = [option for panel in PANELS for option in panel.options]
    meanings = (("not allowed", Found.NO), ("paths inside", Found.BELOW))
    return definitions(
        [(text, " ".join(option.long for option in options if option.found is found)) for text, found in meanings],
        COLUMN,
    )


def fields(_: str) -> str:
    """The fields of names of saved bodies."""
    return definitions([(field.name, field.doc.replace("`", "")) for field in FIELDS], 10)


def habits(_: str) -> str:
    """The flags of other commands that are accepted."""
    rows = []
    for same in SAME:
        here = "done anyway" if same.here is None else same.here or "the list itself"
        rows.append((same.flags.replace(" ", ", "), f"{here} ({same.of})"))
    return definitions(rows, COLUMN + 4)


def elsewhere(_: str) -> str:
    """The flags of other commands that are refused."""
    return definitions([(other.flags.replace(" ", ", "), f"{other.advice} ({other.of})") for other in ELSEWHERE], 30)


GENERATED: dict[str, Callable[[str], str]] = {
    "options": options,
    "formats": formats,
    "columns": columns,
    "exit-codes": exit_codes,
    "error-kinds": error_kinds,
    "found-files": found_files,
    "fields": fields,
    "habits": habits,
    "elsewhere": elsewhere,
    "api": lambda _: described(),
}


def filled(topic: str, page: str) -> str:
    """A page with its generated blocks made anew."""
    for name, make in GENERATED.items():
        if f"<!-- {name} -->" in page:
            page = replace(page, name, f"```text\n{make(topic)}\n```")
    return page


def demo_outcomes() -> list[Outcome]:
    """What ``--demo`` brings, with fixed times."""
    reader = RowReader(())
    rows = [reader.row(argument_record(f"http://127.0.0.1:8080{path}")) for path in DEMO_PATHS]
    outcomes = []
    for row in rows:
        path = row.text.split("8080")[1]
        seconds = float(path[-1]) + 0.004 if "delay" in path else 1.007 if "drip" in path else 0.0042
        size = 0 if "404" in path else 10 if "drip" in path else 14 if "delay" in path else 75
        status = 404 if "404" in path else 200
        response = Response(status, row.text, Timings(), size_download=size)
        verdict = Verdict.OK if status == 200 else Verdict.FAILED
        failed = () if status == 200 else (FailedCheck("status", "200..399", "404"),)
        outcomes.append(Outcome(row, verdict, (Attempt(1, STARTED, seconds, response, failed),), failed))
    refused = Attempt(1, STARTED, 0.0026, Failure(ErrorKind.CONNECT, "connection refused"))
    outcomes.append(Outcome(reader.row(argument_record("http://127.0.0.1:8081/refused")), Verdict.FAILED, (refused,)))
    return outcomes


def pictures() -> dict[str, str]:
    """SVGs of last screens, made by the display itself: of the demo and of a long list, on dark and on light."""
    screens = {
        "demo": ("fetchcli --demo", demo_outcomes()),
        "summary": ("fetchcli urls.txt --by host", long_outcomes()),
    }
    themes = {"": SVG_EXPORT_THEME, "-light": DEFAULT_TERMINAL_THEME}
    return {
        f"{name}{suffix}.svg": _picture(command, outcomes, theme, by=By.HOST if "--by" in command else None)
        for name, (command, outcomes) in screens.items()
        for suffix, theme in themes.items()
    }


def long_outcomes() -> list[Outcome]:
    """A long list: three hosts, one of which refuses, and times over three orders of magnitude."""
    outcomes = []
    for seq in range(1, 1201):
        row = Target(seq, parse_url(f"https://{('www', 'docs', 'api')[seq % 3]}.example.com/page/{seq}"))
        seconds = 0.02 * 1.004**seq + (seq * 7919 % 97) / 1000
        response = Response(200, row.text, Timings(), size_download=1000 + seq)
        outcomes.append(Outcome(row, Verdict.OK, (Attempt(1, STARTED + seq / 614, seconds, response),)))
    refused = Failure(ErrorKind.CONNECT, "connection refused")
    for seq in range(1201, 1241):
        row = Target(seq, parse_url(f"http://127.0.0.9:9/{seq}"))
        outcomes.append(Outcome(row, Verdict.FAILED, (Attempt(3, STARTED + seq / 614, 0.001, refused),)))
    return outcomes


def _picture(command: str, outcomes: list[Outcome], theme: TerminalTheme, by: By | None) -> str:
    console = Console(
        record=True,
        width=92,
        file=io.StringIO(),
        force_terminal=True,
        markup=False,
        highlight=False,
        legacy_windows=False,
    )
    console.print(f"$ {command}")
    display, summary = SummaryDisplay(console, SummaryOptions(rows=True, by=by)), Summary()
    for outcome in outcomes:
        summary.add(outcome)
        display.handle(outcome)
    summary.elapsed = 2.02
    display.close(summary)
    return console.export_svg(title="fetchcli", unique_id="fetchcli", theme=theme)


def replace(text: str, name: str, content: str) -> str:
    """Put content between the markers of that name."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    assert rest, f"no markers for {name}"
    return f"{head}{start}{content}\n{end}{tail}"


def short_help() -> str:
    """Usage, examples, the most used options, and the topics."""
    common = [option for panel in PANELS for option in panel.options if option.common]
    rows = [(flags_text(option), option.help.partition(". ")[0].rstrip(".")) for option in common]
    lines = [f"Usage: {USAGE}", "", SUMMARY, "", "Examples:", *(f"    {example}" for example in EXAMPLES), ""]
    lines += [
        "Most used options (`fetchcli --help all` shows all):",
        *indented(definitions(rows, 28).splitlines()),
        "",
    ]
    lines += ["Topics (`fetchcli --help TOPIC`):", *indented(wrap(" ".join(topics()), BLOCK))]
    return "\n".join(lines) + "\n"
