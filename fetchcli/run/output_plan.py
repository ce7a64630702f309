"""What is written where: decided before anything is opened."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.report.data import OutcomeBuffer
from fetchcli.core.rows.schema import Schema
from fetchcli.core.rows.template import compile_template
from fetchcli.core.settings import Settings
from fetchcli.inputs.locate import columns_of
from fetchcli.run.file_status import is_same
from fetchcli.sinks.base import DataOutput, Sink
from fetchcli.sinks.formats import BY_NAME, STDOUT, OutputFormat, OutputSpec, parse_output
from fetchcli.sinks.template import TemplateSink

OnFailure = Callable[[DataOutput], None]
MakeSink = Callable[[Any], Sink]


class OutputPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is written where.

    Attributes:
        data: makes each data sink, by the name of its destination.
        reports: destinations that are written once, at the end.
        report: where the summary goes: ``stdout``, ``stderr``, or empty for nowhere.
        data_on_terminal: rows go to a terminal, where a bar would be in their way.
        annotate: write annotations to stderr, because a GitHub workflow runs and no output does it.
        rows: the outcome buffer that all reports share.
        tables: opens each table, by the name of its destination.
        replaced: a file that was read whole before; an output may take its place. Or empty.
        only_changed: rows whose body is the earlier one are left out.
    """

    data: dict[str, MakeSink]
    reports: frozenset[str]
    report: str
    data_on_terminal: bool
    annotate: bool
    rows: OutcomeBuffer
    tables: dict[str, Callable[[OnFailure], DataOutput]]
    replaced: str = ""
    only_changed: bool = False


def plan_outputs(settings: Settings, *, stdout_is_terminal: bool, bodies: MakeSink | None = None) -> OutputPlan:
    """Decide what is written where, without opening anything.

    Args:
        settings: the settings of the run.
        stdout_is_terminal: stdout is a terminal.
        bodies: makes the sink of bodies that go to stdout, or None.

    Raises:
        UsageError: a format or a template is wrong, or two outputs have the same destination.
    """
    schema = _schema(settings)
    rows = OutcomeBuffer(columns_of)
    specs = [parse_output(text) for text in settings.outputs]
    _refuse_partial(settings, [spec.path for spec in specs])
    wanted: list[tuple[str, MakeSink]] = [(spec.path, _sink_factory(spec.format, schema, rows)) for spec in specs]
    if settings.write_out is not None:
        wanted.append((STDOUT, partial(TemplateSink, render=compile_template(settings.write_out, schema))))
    if bodies is not None:
        wanted.append((STDOUT, bodies))
    if not wanted and (settings.quiet or not stdout_is_terminal):
        wanted.append((STDOUT, _sink_factory(BY_NAME["text"], schema, rows)))
    _refuse_shared([name for name, _ in wanted])
    data = dict(wanted)
    to_stdout = stdout_is_terminal and STDOUT not in data
    report = "" if settings.quiet else "stdout" if to_stdout else "stderr"
    annotate = os.environ.get("GITHUB_ACTIONS") == "true" and not any(spec.format.name == "github" for spec in specs)
    reports = frozenset(spec.path for spec in specs if not spec.format.streamed)
    return OutputPlan(
        data=data,
        reports=reports,
        report=report,
        data_on_terminal=stdout_is_terminal and STDOUT in data,
        annotate=annotate,
        rows=rows,
        tables={spec.path: partial(_open_table, spec, schema) for spec in specs if spec.format.stored},
        replaced=settings.revalidate or "",
        only_changed=settings.only_changed,
    )


def _refuse_partial(settings: Settings, paths: list[str]) -> None:
    """Refuse to replace a results file by a part of it."""
    if settings.only_changed and any(is_same(path, settings.revalidate or "") for path in paths):
        raise UsageError(
            f"--only-changed would drop the other rows of {settings.revalidate}, which the next --revalidate needs; "
            "write to another file"
        )


def _refuse_shared(names: list[str]) -> None:
    """Refuse two outputs with one destination."""
    places = [name if name == STDOUT else str(Path(name).absolute()) for name in names]
    shared = next((name for name, place in zip(names, places, strict=True) if places.count(place) > 1), None)
    if shared is not None:
        where, remedy = ("stdout", "a path") if shared == STDOUT else (shared, "another path")
        raise UsageError(f"two outputs (-o, -w, --save) write to {where}; give one of them {remedy}")


def _schema(settings: Settings) -> Schema:
    return Schema(
        settings.reading.keep_as or settings.reading.keep,
        more=settings.more_columns,
        columns=settings.columns,
        csv_raw=settings.csv_raw,
    )


def _open_table(spec: OutputSpec, schema: Schema, on_failure: OnFailure) -> DataOutput:
    from fetchcli.stores.base import TableOutput

    return TableOutput(spec.path, spec.format.load()(spec.path, spec.table, schema.columns), on_failure)


def _sink_factory(wanted: OutputFormat, schema: Schema, rows: OutcomeBuffer) -> MakeSink:
    if wanted.stored:
        from fetchcli.stores.table_sink import TableSink

        return partial(TableSink, schema=schema)
    if wanted.streamed:
        return lambda output: wanted.load()(output, schema)
    from fetchcli.sinks.reports.sink import ReportSink

    return partial(ReportSink, render=wanted.load(), rows=rows)
