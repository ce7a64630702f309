"""The output formats by name, and how ``-o FORMAT[:PATH]`` is read."""

from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.schema import Schema
from fetchcli.sinks.base import ByteSink, Sink
from fetchcli.sinks.csv import CsvSink
from fetchcli.sinks.json import JsonSink
from fetchcli.sinks.jsonl import JsonLinesSink
from fetchcli.sinks.output import STDOUT
from fetchcli.sinks.report import Render
from fetchcli.sinks.text import TextSink

FORMATS: dict[str, Callable[[ByteSink, Schema], Sink]] = {
    "text": TextSink,
    "jsonl": JsonLinesSink,
    "csv": CsvSink,
    "json": JsonSink,
}
# Formats that are written once, at the end; each is imported when it is asked for.
REPORTS = ("junit", "tap", "sarif", "markdown", "github", "gitlab", "prometheus", "summary")
EXTENSIONS = {
    ".txt": "text",
    ".tsv": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".json": "json",
    ".xml": "junit",
    ".tap": "tap",
    ".sarif": "sarif",
    ".md": "markdown",
    ".prom": "prometheus",
}


class OutputSpec(msgspec.Struct, frozen=True):
    """A format and where it goes; ``-`` is stdout."""

    format: str
    path: str = STDOUT


def renderer(name: str) -> Render:
    """The function that makes the report of that name."""
    render: Render = getattr(import_module(f"fetchcli.sinks.{name}"), name)
    return render


def parse_output(text: str) -> OutputSpec:
    """Read ``FORMAT``, ``FORMAT:PATH``, or a path whose extension names the format.

    Raises:
        UsageError: neither.
    """
    name, colon, path = text.partition(":")
    if name in FORMATS or name in REPORTS:
        if colon and not path:
            raise UsageError(f"-o {text}: no path after the colon")
        return OutputSpec(name, path or STDOUT)
    by_extension = EXTENSIONS.get(PurePath(text).suffix.lower())
    if by_extension is None:
        known = ", ".join((*FORMATS, *REPORTS))
        raise UsageError(f"-o {text}: neither a format ({known}) nor a path that ends in {', '.join(EXTENSIONS)}")
    return OutputSpec(by_extension, text)
