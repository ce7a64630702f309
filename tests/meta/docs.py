"""The parts of the README that are generated from the code."""

import inspect
import io
from typing import Any, get_args

import typer
from rich.console import Console

from fetchcli.cli import app as app_module
from fetchcli.core.columns import COLUMNS
from fetchcli.core.errors import EXIT_MEANING, ErrorKind, Failure
from fetchcli.core.model import Attempt, FailedCheck, Outcome, Response, Timings, Verdict
from fetchcli.core.summary import Summary
from fetchcli.demo import DEMO_PATHS
from fetchcli.inputs.reader import RowReader
from fetchcli.render.report import Report
from tests.support.outcomes import STARTED


def options() -> str:
    """The option table: flags, default, meaning."""
    lines = ["| option | default | meaning |", "| --- | --- | --- |"]
    for parameter in inspect.signature(app_module.fetchcli).parameters.values():
        option = next(item for item in get_args(parameter.annotation) if hasattr(item, "param_decls"))
        if isinstance(option, typer.models.OptionInfo) and not option.hidden:
            lines.append(f"| {_flags(option)} | {_default(parameter.default)} | {_cell(option.help or '')} |")
    return "\n".join(lines)


def _flags(option: Any) -> str:
    declared = [option.default, *option.param_decls] if isinstance(option.default, str) else option.param_decls
    flags = sorted((flag for declaration in declared for flag in declaration.split("/")), key=len)
    metavar = f" {option.metavar}" if option.metavar else ""
    return ", ".join([*(f"`{flag}`" for flag in flags[:-1]), f"`{flags[-1]}{metavar}`"])


def _default(value: object) -> str:
    if value is None or value is False:
        return ""
    return "on" if value is True else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def columns() -> str:
    """The column table."""
    lines = ["| column | type | meaning |", "| --- | --- | --- |"]
    for column in COLUMNS:
        also = f" (`-w` also: {', '.join(f'`{alias}`' for alias in column.aliases)})" if column.aliases else ""
        lines.append(f"| `{column.name}` | {column.type} | {column.doc}{also} |")
    return "\n".join(lines)


def exit_codes() -> str:
    """The table of exit codes."""
    lines = ["| code | meaning |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {int(code)} | {meaning} |" for code, meaning in EXIT_MEANING.items())])


def error_kinds() -> str:
    """The closed set of error kinds."""
    return " ".join(f"`{kind}`" for kind in ErrorKind)


GENERATED = {"options": options, "columns": columns, "exit-codes": exit_codes, "error-kinds": error_kinds}


def demo_outcomes() -> list[Outcome]:
    """What ``--demo`` brings, with fixed times."""
    reader = RowReader(())
    rows = [reader.row(f"http://127.0.0.1:8080{path}") for path in DEMO_PATHS]
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
    outcomes.append(Outcome(reader.row("http://127.0.0.1:8081/refused"), Verdict.FAILED, (refused,)))
    return outcomes


def picture() -> str:
    """An SVG of the demo's last screen, made by the report itself."""
    console = Console(
        record=True,
        width=92,
        file=io.StringIO(),
        force_terminal=True,
        markup=False,
        highlight=False,
        legacy_windows=False,
    )
    console.print("$ fetchcli --demo")
    report, summary = Report(console, rows=True), Summary()
    for outcome in demo_outcomes():
        summary.add(outcome)
        report.handle(outcome)
    summary.elapsed = 2.02
    report.close(summary)
    return console.export_svg(title="fetchcli", unique_id="fetchcli")


def replace(text: str, name: str, content: str) -> str:
    """Put content between the markers of that name."""
    start, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    assert tail, f"no markers for {name}"
    return f"{head}{start}{content}{end}{tail}"
