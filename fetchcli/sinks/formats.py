"""The output formats: one table, from which ``-o``, help, completion and messages are made."""

from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from fetchcli.core.compression import EXTENSIONS, compression_of, inner_extension
from fetchcli.core.errors import UsageError
from fetchcli.core.object_url import is_object_url, parse_object_url
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.parse import mask_credentials

STDOUT = "-"
RESULTS = "results"  # the table of a database
_TABLE = lazy_pattern(r"[A-Za-z_]\w*")


class OutputFormat(NamedTuple):
    """One output format.

    Attributes:
        name: as ``-o`` takes it.
        meaning: one line for help and documentation.
        loader: ``module:name`` of the sink class, or of the function that renders a report; imported on use.
        extensions: file extensions that name the format.
        streamed: rows are written as they finish; otherwise the file is written once, at the end of the run.
        lines: what is written of a row depends on no other row.
        stored: rows are written in batches, by a thread of its own.
        in_tables: the destination is a database with tables.
        journal: a run can be continued from it.
        schemes: schemes of addresses that name the format.
    """

    name: str
    meaning: str
    loader: str
    extensions: tuple[str, ...] = ()
    streamed: bool = False
    lines: bool = False
    stored: bool = False
    in_tables: bool = False
    journal: bool = False
    schemes: tuple[str, ...] = ()

    def load(self) -> Any:
        """Import and return the sink class, the render function, or the class of the table."""
        module, _, name = self.loader.partition(":")
        return getattr(import_module(f"fetchcli.{module}"), name)


OUTPUT_FORMATS = (
    OutputFormat(
        "text",
        "STATUS SECONDS BYTES URL ERROR, or those of --columns, tab-separated",
        "sinks.text:TextSink",
        (".txt", ".tsv"),
        streamed=True,
        lines=True,
    ),
    OutputFormat(
        "jsonl",
        "one JSON object per row",
        "sinks.jsonl:JsonLinesSink",
        (".jsonl", ".ndjson"),
        streamed=True,
        lines=True,
        journal=True,
    ),
    OutputFormat(
        "csv",
        "a header, then one line per row",
        "sinks.csv:CsvSink",
        (".csv",),
        streamed=True,
        lines=True,
        journal=True,
    ),
    OutputFormat("json", "one JSON array of rows", "sinks.json:JsonSink", (".json",), streamed=True),
    OutputFormat(
        "sqlite",
        "a table of an SQLite database: sqlite:run.db, sqlite:run.db:TABLE",
        "stores.sqlite:SqliteDatabase",
        (".db", ".sqlite", ".sqlite3"),
        streamed=True,
        stored=True,
        in_tables=True,
        journal=True,
    ),
    OutputFormat(
        "postgresql",
        "a table of PostgreSQL: postgresql://user@host/db?table=results",
        "stores.postgres:PostgresDatabase",
        streamed=True,
        stored=True,
        in_tables=True,
        journal=True,
        schemes=("postgresql", "postgres"),
    ),
    OutputFormat(
        "mysql",
        "a table of MySQL or MariaDB: mysql://user@host/db?table=results",
        "stores.mysql:MysqlDatabase",
        streamed=True,
        stored=True,
        in_tables=True,
        journal=True,
        schemes=("mysql", "mariadb"),
    ),
    OutputFormat(
        "parquet",
        "a Parquet file with typed columns",
        "stores.parquet:ParquetTable",
        (".parquet",),
        streamed=True,
        stored=True,
    ),
    OutputFormat("junit", "JUnit XML", "sinks.reports.junit:junit", (".xml",)),
    OutputFormat("tap", "Test Anything Protocol, version 14", "sinks.reports.tap:tap", (".tap",)),
    OutputFormat("sarif", "SARIF 2.1.0", "sinks.reports.sarif:sarif", (".sarif",)),
    OutputFormat("markdown", "Markdown, for pull requests and wikis", "sinks.reports.markdown:markdown", (".md",)),
    OutputFormat("github", "annotations for a GitHub workflow", "sinks.reports.github:github"),
    OutputFormat("gitlab", "GitLab code quality report", "sinks.reports.gitlab:gitlab"),
    OutputFormat("prometheus", "Prometheus text format", "sinks.reports.prometheus:prometheus", (".prom",)),
    OutputFormat("summary", "one JSON object for the whole run", "sinks.reports.summary:summary"),
)
BY_NAME = {known.name: known for known in OUTPUT_FORMATS}
_BY_SCHEME = {scheme: known for known in OUTPUT_FORMATS for scheme in known.schemes}
_BY_EXTENSION = {extension: known for known in OUTPUT_FORMATS for extension in known.extensions}


class OutputSpec(NamedTuple):
    """A format and its destination.

    Attributes:
        format: the format.
        path: a path, or ``-`` for stdout.
        table: the table, if the format has tables.
    """

    format: OutputFormat
    path: str = STDOUT
    table: str = ""


def parse_output(text: str) -> OutputSpec:
    """Parse ``FORMAT``, ``FORMAT:PATH``, or a path whose extension names the format.

    Raises:
        UsageError: the text is neither a format nor a path with a known extension.
    """
    name, colon, path = text.partition(":")
    if is_object_url(text) or (name in BY_NAME and is_object_url(path)):
        return _object(text)
    if "://" in text:
        return _address(text)
    if name in BY_NAME:
        if colon and not path:
            raise UsageError(f"-o {text}: expected a path after the colon")
        return _in_table(text, OutputSpec(BY_NAME[name], path or STDOUT))
    known = _BY_EXTENSION.get(inner_extension(text))
    if known is None:
        raise UsageError(
            f"-o {text}: expected a format ({', '.join(BY_NAME)}) or a path that ends in {', '.join(_BY_EXTENSION)}, "
            f"perhaps followed by {', '.join(EXTENSIONS)}; --save saves bodies"
        )
    return _in_table(text, OutputSpec(known, text))


def _object(text: str) -> OutputSpec:
    """The format and the address of an object: ``s3://bucket/rows.jsonl``, ``jsonl:s3://bucket/rows``."""
    path = text if is_object_url(text) else text.partition(":")[2]
    known = _BY_EXTENSION.get(inner_extension(path)) if path is text else BY_NAME[text.partition(":")[0]]
    if known is None:
        raise UsageError(f"-o {text}: its name does not end in the extension of a format; write jsonl:{text}")
    parse_object_url(path)
    if known.stored:
        raise UsageError(f"-o {text}: {known.name} is not written to an object store; write to a file and copy it")
    return OutputSpec(known, path)


def is_address(text: str) -> bool:
    """Whether a text is the address of a database."""
    return text.partition("://")[0] in _BY_SCHEME and "://" in text


def _address(text: str) -> OutputSpec:
    """The database of an address; raises UsageError if it is none."""
    shown = mask_credentials(text)
    if not is_address(text):
        raise UsageError(f"-o {shown}: expected an address that starts with {', '.join(f'{s}://' for s in _BY_SCHEME)}")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - it raises ValueError if it is none
    except ValueError as error:
        raise UsageError(f"{shown.partition('?')[0]}: not a valid address of a database: {_reason(error)}") from None
    options = parse_qs(parts.query)
    if secret := next((name for name in options if "password" in name), None):
        raise UsageError(f"-o {shown.partition('?')[0]}: {secret}= would be shown; use PGPASSFILE or a service file")
    tables = options.get("table", [RESULTS])
    if len(tables) != 1 or not _TABLE.fullmatch(tables[0]):
        raise UsageError(f"-o {shown}: expected one name of letters, digits and _ after table=")
    return OutputSpec(_BY_SCHEME[text.partition("://")[0]], text, tables[0])


def _reason(error: ValueError) -> str:
    return "the port must be a number" if "ort" in str(error) else str(error)


def _in_table(text: str, spec: OutputSpec) -> OutputSpec:
    """The file and the table of ``sqlite:run.db:TABLE``; other formats have none."""
    if not spec.format.stored:
        return spec
    if compression_of(spec.path):
        raise UsageError(f"-o {text}: {spec.format.name} cannot be compressed as a whole; drop the last extension")
    if not spec.format.in_tables and spec.path == STDOUT:
        raise UsageError(f"-o {text}: expected a file: {spec.format.name}:rows{spec.format.extensions[0]}")
    if not spec.format.in_tables:
        return spec
    if spec.format.schemes:
        raise UsageError(f"-o {text}: expected an address: {spec.format.schemes[0]}://user@host/database")
    path, _, table = spec.path.rpartition(":")
    if not path or not _TABLE.fullmatch(table):
        path, table = spec.path, RESULTS
    if path == STDOUT:
        raise UsageError(f"-o {text}: expected a file: {spec.format.name}:run{spec.format.extensions[0]}")
    return OutputSpec(spec.format, path, table)
