"""The input formats: one table, and how the format of a list is detected."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from fetchcli.core.compression import inner_extension
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.settings import AUTO, Reading
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.foreign import refuse_foreign
from fetchcli.inputs.html import is_html
from fetchcli.inputs.lines import BOM, read_lines
from fetchcli.inputs.record import BadFormat, Records
from fetchcli.inputs.utf16 import in_utf8

_SNIFFED_BYTES = 1024
_SITEMAP_START = lazy_pattern(rb"<(?!https?:)")
_UNFINISHED_JSON = (b"{", b"[", b",", b":")  # ends of a first line that more lines must follow


class InputFormat(NamedTuple):
    """One input format.

    Attributes:
        name: as ``--input-format`` takes it.
        meaning: one line for help and documentation.
        read: turns blocks of bytes into records; imports its reader on use, because most runs need one.
        extensions: file extensions that name the format.
        signature: whether a list without a known extension starts like this format; None for never.
        has_columns: rows have named columns or keys.
        has_header: the columns are named once, at the beginning.
        remote: a list in this format may be fetched from the web.
    """

    name: str
    meaning: str
    read: Callable[[Iterator[bytes], Reading], Records]
    extensions: tuple[str, ...]
    signature: Callable[[bytes, Reading], bool] | None = None
    has_columns: bool = False
    has_header: bool = False
    remote: bool = False


def _read_csv(blocks: Iterator[bytes], reading: Reading) -> Records:
    from fetchcli.inputs.csv import read_csv

    return read_csv(blocks, reading.url_column, reading.keep, results=reading.of_results)


def _read_tsv(blocks: Iterator[bytes], reading: Reading) -> Records:
    from fetchcli.inputs.csv import read_csv

    return read_csv(blocks, reading.url_column, reading.keep, "\t", results=reading.of_results)


def _read_jsonl(blocks: Iterator[bytes], reading: Reading) -> Records:
    from fetchcli.inputs.jsonl import read_jsonl

    return read_jsonl(blocks, reading.url_column, reading.keep, results=reading.of_results)


def _read_json(blocks: Iterator[bytes], reading: Reading) -> Records:
    from fetchcli.inputs.json import read_json

    return read_json(blocks, reading.url_column, reading.keep, results=reading.of_results)


def _read_sitemap(blocks: Iterator[bytes], _: Reading) -> Records:
    from fetchcli.inputs.sitemap import read_sitemap

    return read_sitemap(blocks)


def _read_curl(blocks: Iterator[bytes], _: Reading) -> Records:
    from fetchcli.inputs.curl import read_curl

    return read_curl(blocks)


def _starts_with(*prefixes: bytes) -> Callable[[bytes, Reading], bool]:
    return lambda text, _: text.startswith(prefixes)


def _has_header(text: bytes, reading: Reading) -> bool:
    """Whether the first line is a header with a URL column, or the user named a column."""
    header = text.splitlines()[0] if text else b""
    if reading.keep or reading.url_column != Reading().url_column:
        return True
    if b"://" in header:
        return False
    for delimiter in (b",", b";", b"\t", b"|"):
        if delimiter in header and b"url" in [cell.strip(b' "') for cell in header.split(delimiter)]:
            return True
    return header.startswith(b"sep=")


SITEMAP = InputFormat(
    "sitemap",
    "a sitemap or a sitemap index (XML or text)",
    _read_sitemap,
    (".xml",),
    lambda text, _: _SITEMAP_START.match(text) is not None,
    remote=True,
)
JSONL = InputFormat(
    "jsonl",
    "one JSON string or object per line",
    _read_jsonl,
    (".jsonl", ".ndjson"),
    _starts_with(b"{", b'"http'),
    has_columns=True,
)
JSON = InputFormat(
    "json", "one JSON array of strings or objects", _read_json, (".json",), _starts_with(b"["), has_columns=True
)
LINES = InputFormat("lines", "one URL per line, # starts a comment", lambda blocks, _: read_lines(blocks), (".txt",))
# Signatures are tried in this order.
INPUT_FORMATS = (
    LINES,
    SITEMAP,
    JSONL,
    JSON,
    InputFormat("curl", "curl command lines", _read_curl, (".curl",), _starts_with(b"curl ", b"curl\t")),
    InputFormat("csv", "CSV with a header", _read_csv, (".csv",), _has_header, True, True),
    InputFormat("tsv", "tab-separated values with a header", _read_tsv, (".tsv", ".tab"), None, True, True),
)
BY_NAME = {known.name: known for known in INPUT_FORMATS}
_BY_EXTENSION = {extension: known for known in INPUT_FORMATS for extension in known.extensions}


def read_records(blocks: Iterator[bytes], name: str, reading: Reading) -> tuple[InputFormat, Records]:
    """Detect the format of a list and return it with the records.

    Raises:
        BadFormat: the list does not have the format it should have; also raised while the records are read.
    """
    input_format, plain = open_list(blocks, name, reading)
    if reading.keep and not input_format.has_columns:
        raise BadFormat(f"--keep requires named columns, and the format {input_format.name} has none")
    return input_format, input_format.read(plain, reading)


def open_list(blocks: Iterator[bytes], name: str, reading: Reading) -> tuple[InputFormat, Iterator[bytes]]:
    """Detect the format of a list and return it with the decompressed blocks; little of the list is read for that.

    Raises:
        BadFormat: the list has none of the formats.
    """
    plain = in_utf8(decompressed(blocks))
    first = _first_line(plain)
    refuse_foreign(first[:_SNIFFED_BYTES])
    input_format = detect_format(name, first, reading) if reading.format == AUTO else BY_NAME[reading.format]
    return input_format, chain((first,), plain)


def _first_line(blocks: Iterator[bytes]) -> bytes:
    """Return blocks up to the first line with content, so that detection does not depend on block boundaries."""
    head = b""
    for block in blocks:
        head += block
        text = head.removeprefix(BOM).lstrip()
        if len(head) > _SNIFFED_BYTES or text[:1] == b"[" or text.find(b"\n") >= 0 or text.find(b"\r", 0, -1) >= 0:
            break
    return head


def format_by_extension(name: str) -> InputFormat | None:
    """The format that a file name stands for, its compression extension ignored; None if it stands for none."""
    return _BY_EXTENSION.get(inner_extension(name))


def detect_format(name: str, first: bytes, reading: Reading) -> InputFormat:
    """Detect the format of a list from its name, then from its first bytes; these alone decide about a ``.txt``.

    Raises:
        BadFormat: the list is an HTML page, or one JSON document.
    """
    text = first.removeprefix(BOM).lstrip()[:_SNIFFED_BYTES]
    known = format_by_extension(name)
    if text[:1] == b"{" and known in {JSON, JSONL, LINES, None}:
        line = text.splitlines()[0]
        if len(line) < len(text) and line.rstrip().endswith(_UNFINISHED_JSON):
            raise BadFormat("one JSON object over several lines; expected an array, or one object per line")
        return JSONL
    if known is not None and known is not LINES:
        return known
    start = text.lower()
    if is_html(start):
        raise BadFormat("an HTML page, not a list of URLs")
    if known is LINES:  # options about columns do not make a table of it
        reading = Reading()
    matching = (known for known in INPUT_FORMATS if known.signature and known.signature(start, reading))
    return next(matching, LINES)
