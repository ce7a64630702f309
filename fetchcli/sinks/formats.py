"""The output formats: one table, from which ``-o``, help, completion and messages are made."""

from importlib import import_module
from typing import Any, NamedTuple

from fetchcli.core.compression import EXTENSIONS, inner_extension
from fetchcli.core.errors import UsageError

STDOUT = "-"


class OutputFormat(NamedTuple):
    """One output format.

    Attributes:
        name: as ``-o`` takes it.
        meaning: one line for help and documentation.
        loader: ``module:name`` of the sink class, or of the function that renders a report; imported on use.
        extensions: file extensions that name the format.
        streamed: rows are written as they finish; otherwise the file is written once, at the end of the run.
    """

    name: str
    meaning: str
    loader: str
    extensions: tuple[str, ...] = ()
    streamed: bool = False

    def load(self) -> Any:
        """Import and return the sink class or the render function."""
        module, _, name = self.loader.partition(":")
        return getattr(import_module(f"fetchcli.sinks.{module}"), name)


OUTPUT_FORMATS = (
    OutputFormat(
        "text", "STATUS SECONDS BYTES URL ERROR, tab-separated", "text:TextSink", (".txt", ".tsv"), streamed=True
    ),
    OutputFormat("jsonl", "one JSON object per row", "jsonl:JsonLinesSink", (".jsonl", ".ndjson"), streamed=True),
    OutputFormat("csv", "a header, then one line per row", "csv:CsvSink", (".csv",), streamed=True),
    OutputFormat("json", "one JSON array of rows", "json:JsonSink", (".json",), streamed=True),
    OutputFormat("junit", "JUnit XML", "reports.junit:junit", (".xml",)),
    OutputFormat("tap", "Test Anything Protocol, version 14", "reports.tap:tap", (".tap",)),
    OutputFormat("sarif", "SARIF 2.1.0", "reports.sarif:sarif", (".sarif",)),
    OutputFormat("markdown", "Markdown, for pull requests and wikis", "reports.markdown:markdown", (".md",)),
    OutputFormat("github", "annotations for a GitHub workflow", "reports.github:github"),
    OutputFormat("gitlab", "GitLab code quality report", "reports.gitlab:gitlab"),
    OutputFormat("prometheus", "Prometheus text format", "reports.prometheus:prometheus", (".prom",)),
    OutputFormat("summary", "one JSON object for the whole run", "reports.summary:summary"),
)
BY_NAME = {known.name: known for known in OUTPUT_FORMATS}
_BY_EXTENSION = {extension: known for known in OUTPUT_FORMATS for extension in known.extensions}


class OutputSpec(NamedTuple):
    """A format and its destination: a path, or ``-`` for stdout."""

    format: OutputFormat
    path: str = STDOUT


def parse_output(text: str) -> OutputSpec:
    """Parse ``FORMAT``, ``FORMAT:PATH``, or a path whose extension names the format.

    Raises:
        UsageError: the text is neither a format nor a path with a known extension.
    """
    name, colon, path = text.partition(":")
    if name in BY_NAME:
        if colon and not path:
            raise UsageError(f"-o {text}: expected a path after the colon")
        return OutputSpec(BY_NAME[name], path or STDOUT)
    known = _BY_EXTENSION.get(inner_extension(text))
    if known is None:
        raise UsageError(
            f"-o {text}: expected a format ({', '.join(BY_NAME)}) or a path that ends in {', '.join(_BY_EXTENSION)}, "
            f"perhaps followed by {', '.join(EXTENSIONS)}"
        )
    return OutputSpec(known, text)
