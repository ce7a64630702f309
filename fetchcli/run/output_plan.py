"""What is written where: decided before anything is opened."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.journal.stored_row import JOURNAL
from fetchcli.core.object_url import is_object_url
from fetchcli.core.report.data import OutcomeBuffer
from fetchcli.core.rows.schema import Schema
from fetchcli.core.rows.template import compile_template
from fetchcli.core.settings import SAVED_COLUMNS, Settings
from fetchcli.core.url.parse import mask_credentials
from fetchcli.inputs.locate import columns_of
from fetchcli.run.file_status import is_same
from fetchcli.sinks.base import DataOutput, Sink
from fetchcli.sinks.formats import BY_NAME, OUTPUT_FORMATS, STDOUT, OutputFormat, OutputSpec, parse_output
from fetchcli.sinks.template import TemplateSink

OnFailure = Callable[[DataOutput], None]
MakeSink = Callable[[Any], Sink]


class OutputPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is written where.

    Attributes:
        schema: the columns.
        data: makes each data sink, by the name of its destination.
        reports: destinations that are written once, at the end.
        report: where the summary goes: ``stdout``, ``stderr``, or empty for nowhere.
        data_on_terminal: rows go to a terminal, where a bar would be in their way.
        annotate: write annotations to stderr, because a GitHub workflow runs and no output does it.
        rows: the outcome buffer that all reports share.
        tables: opens each table, by the name of its destination.
        replaced: a file that was read whole before; an output may take its place. Or empty.
        only_changed: rows whose body is the earlier one are left out.
        resumes: the run goes on with an earlier one.
        journals: the outputs that a run can be continued from, and their formats.
        late: files that a resumed run writes at its end, of what the journals hold.
        lines: the format of the only data output, if it takes lines that somebody else has made; or None.
    """

    schema: Schema
    data: dict[str, MakeSink]
    reports: frozenset[str]
    report: str
    data_on_terminal: bool
    annotate: bool
    rows: OutcomeBuffer
    tables: dict[str, Callable[[OnFailure], DataOutput]]
    replaced: str = ""
    only_changed: bool = False
    resumes: bool
    journals: dict[str, OutputFormat]
    late: frozenset[str]
    lines: OutputFormat | None


def plan_outputs(
    settings: Settings, *, stdout_is_terminal: bool, bodies: MakeSink | None = None, schema: Schema | None = None
) -> OutputPlan:
    """Decide what is written where, without opening anything.

    Args:
        settings: the settings of the run.
        stdout_is_terminal: stdout is a terminal.
        bodies: makes the sink of bodies that go to stdout, or None.
        schema: the columns; None for those of the settings.

    Raises:
        UsageError: a format or a template is wrong, or two outputs have the same destination.
    """
    schema, rows = schema or schema_of(settings), OutcomeBuffer(columns_of)
    shows_rows = stdout_is_terminal and not (settings.quiet or schema.chosen)  # a table has its own
    specs = _specs(settings, has_others=shows_rows or settings.write_out is not None or bodies is not None)
    wanted: list[tuple[str, MakeSink]] = [(spec.path, _sink_factory(spec.format, schema, rows)) for spec in specs]
    if settings.write_out is not None:
        wanted.append((STDOUT, partial(TemplateSink, render=compile_template(settings.write_out, schema))))
    wanted += [(STDOUT, bodies)] if bodies is not None else []
    _refuse_shared([name for name, _ in wanted])
    data = dict(wanted)
    summary_place = "stdout" if stdout_is_terminal and STDOUT not in data else "stderr"
    return OutputPlan(
        schema=schema,
        data=data,
        reports=frozenset(spec.path for spec in specs if not spec.format.streamed),
        report="" if settings.quiet else summary_place,
        data_on_terminal=stdout_is_terminal and STDOUT in data,
        annotate=_annotates(specs),
        rows=rows,
        tables={spec.path: partial(_open_table, settings, spec, schema) for spec in specs if spec.format.stored},
        replaced=settings.revalidate or "",
        only_changed=settings.only_changed,
        resumes=settings.resume,
        journals=_journals(settings, specs),
        late=_late(specs),
        lines=specs[0].format if len(wanted) == len(specs) == 1 and specs[0].format.lines else None,
    )


def _annotates(specs: list[OutputSpec]) -> bool:
    """Whether a GitHub workflow runs, and no output writes its annotations."""
    return os.environ.get("GITHUB_ACTIONS") == "true" and not any(spec.format.name == "github" for spec in specs)


def _late(specs: list[OutputSpec]) -> frozenset[str]:
    """The files that a resumed run writes at its end."""
    return frozenset(
        spec.path for spec in specs if spec.format.streamed and not spec.format.journal and spec.path != STDOUT
    )


def _journals(settings: Settings, specs: list[OutputSpec]) -> dict[str, OutputFormat]:
    """The outputs that a run can be continued from."""
    growing = (spec for spec in specs if spec.path != STDOUT and not is_object_url(spec.path))
    journals = {spec.path: spec.format for spec in growing if spec.format.journal}
    if settings.resume and not journals:
        names = ", ".join(known.name for known in OUTPUT_FORMATS if known.journal)
        raise UsageError(
            f"--resume requires an output that a run can be continued from ({names}), such as -o rows.jsonl"
        )
    return journals


def _specs(settings: Settings, *, has_others: bool) -> list[OutputSpec]:
    """The outputs that were named, or text if there is none; a results file must not be replaced by a part of it."""
    specs = [parse_output(text) for text in settings.outputs]
    if not specs and not has_others:
        specs = [OutputSpec(BY_NAME["text"])]
    if settings.resume and (name := next((spec.path for spec in specs if is_object_url(spec.path)), "")):
        raise UsageError(f"--resume cannot continue {name}: an object does not grow; write to a file and copy it there")
    if settings.only_changed and any(is_same(spec.path, settings.revalidate or "") for spec in specs):
        raise UsageError(
            f"--only-changed would drop the other rows of {settings.revalidate}, which the next --revalidate needs; "
            "write to another file"
        )
    return specs


def _refuse_shared(names: list[str]) -> None:
    """Refuse two outputs with one destination."""
    places = [name if name == STDOUT else str(Path(name).absolute()) for name in names]
    shared = next((name for name, place in zip(names, places, strict=True) if places.count(place) > 1), None)
    if shared is not None:
        where, remedy = ("stdout", "a path") if shared == STDOUT else (mask_credentials(shared), "another path")
        raise UsageError(f"two outputs (-o, -w, --save) write to {where}; give one of them {remedy}")


def schema_of(settings: Settings, *, carried: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> Schema:
    """The columns of a run.

    Args:
        settings: the settings of the run.
        carried: more carried columns.
        more: more columns that are default ones.

    Raises:
        UsageError: a name is unknown, or used twice.
    """
    return Schema(
        (*(settings.reading.keep_as or settings.reading.keep), *carried),
        more=tuple(dict.fromkeys((*settings.more_columns, *more))),
        columns=settings.columns,
        always=_always(settings) if settings.resume else (),
        csv_raw=settings.csv_raw,
    )


def _always(settings: Settings) -> tuple[str, ...]:
    """The columns that a run cannot be continued without, and those that its thresholds measure."""
    measured = (threshold.column for threshold in settings.thresholds if threshold.column)
    saved = SAVED_COLUMNS if settings.save is not None else ()
    return tuple(dict.fromkeys((*JOURNAL, *saved, *measured)))


def _open_table(settings: Settings, spec: OutputSpec, schema: Schema, on_failure: OnFailure) -> DataOutput:
    from fetchcli.stores.base import TableOutput
    from fetchcli.stores.sql_table import SqlTable, TableAbout

    if not spec.format.in_tables:
        return TableOutput(spec.path, spec.format.load()(spec.path, schema.columns), on_failure)
    inputs = [mask_credentials(name) for name in settings.inputs]
    about = TableAbout(schema.columns, inputs, settings.resume)
    table = SqlTable(partial(spec.format.load(), spec.path), spec.table, about)
    return TableOutput(spec.path, table, on_failure, stays_open=settings.resume)


def _sink_factory(wanted: OutputFormat, schema: Schema, rows: OutcomeBuffer) -> MakeSink:
    if wanted.stored:
        from fetchcli.stores.table_sink import TableSink

        return partial(TableSink, schema=schema)
    if wanted.streamed:
        return lambda output: wanted.load()(output, schema)
    from fetchcli.sinks.reports.sink import ReportSink

    return partial(ReportSink, render=wanted.load(), rows=rows)
