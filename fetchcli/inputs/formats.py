"""The input formats by name; which one a list is written in, by its extension and then by its content."""

from collections.abc import Iterator
from itertools import chain
from pathlib import PurePath

from fetchcli.core.settings import InputFormat, Reading
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.html import is_html
from fetchcli.inputs.lines import BOM, read_lines
from fetchcli.inputs.record import BadFormat, Records

EXTENSIONS = {
    ".txt": InputFormat.LINES,
    ".csv": InputFormat.CSV,
    ".tsv": InputFormat.TSV,
    ".tab": InputFormat.TSV,
    ".jsonl": InputFormat.JSONL,
    ".ndjson": InputFormat.JSONL,
    ".json": InputFormat.JSON,
    ".xml": InputFormat.SITEMAP,
    ".curl": InputFormat.CURL,
}
COMPRESSED = {".gz", ".zst", ".bz2", ".xz"}
COLUMNS = {InputFormat.CSV, InputFormat.TSV, InputFormat.JSONL, InputFormat.JSON}  # formats whose parts have names
# Files that people take for lists, and what to do with them instead.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a workbook; save it as CSV",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a picture",
    b"\x7fELF": "a program",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"\xd0\xcf\x11\xe0": "a workbook; save it as CSV",
    b"SQLite format": "a database",
}
_MOST_CONTROLS = 0.1  # of the first bytes: with more it is no text
_LOOKED_AT = 1024


def read_records(blocks: Iterator[bytes], name: str, reading: Reading) -> tuple[InputFormat, Records]:
    """What a list is, and its records.

    Raises:
        BadFormat: it is not what it should be; also while the records are read.
    """
    plain = decompressed(blocks)
    first = _first_line(plain)
    _refuse_foreign(first)
    chosen = reading.format if reading.format is not InputFormat.AUTO else guess(name, first, reading)
    plain = chain((first,), plain)
    if reading.keep and chosen not in COLUMNS:
        raise BadFormat(f"--keep names columns, and a list of the format {chosen} has none")
    return chosen, _records(chosen, plain, reading)


def _records(chosen: InputFormat, blocks: Iterator[bytes], reading: Reading) -> Records:
    """A format is imported when a list is written in it: most runs need one."""
    url, keep = reading.url_column, reading.keep
    match chosen:
        case InputFormat.CSV | InputFormat.TSV:
            from fetchcli.inputs.csv import read_csv

            return read_csv(blocks, url, keep, "\t" if chosen is InputFormat.TSV else "")
        case InputFormat.JSONL:
            from fetchcli.inputs.jsonl import read_jsonl

            return read_jsonl(blocks, url, keep)
        case InputFormat.JSON:
            from fetchcli.inputs.json import read_json

            return read_json(blocks, url, keep)
        case InputFormat.SITEMAP:
            from fetchcli.inputs.sitemap import read_sitemap

            return read_sitemap(blocks)
        case InputFormat.CURL:
            from fetchcli.inputs.curl import read_curl

            return read_curl(blocks)
        case _:
            return read_lines(blocks)


def _first_line(blocks: Iterator[bytes]) -> bytes:
    """Blocks, until the first line with something in it has come: what a list is must not hang on how it is cut."""
    head = b""
    for block in blocks:
        head += block
        text = head.removeprefix(BOM).lstrip()
        if len(head) > _LOOKED_AT or text[:1] == b"[" or text.find(b"\n") >= 0 or text.find(b"\r", 0, -1) >= 0:
            break
    return head


def guess(name: str, first: bytes, reading: Reading) -> InputFormat:
    """The format of a list, by its name and its first bytes.

    Raises:
        BadFormat: an HTML page.
    """
    path = PurePath(name)
    if path.suffix.lower() in COMPRESSED:
        path = path.with_suffix("")
    text = first.removeprefix(BOM).lstrip()[:_LOOKED_AT]
    known = EXTENSIONS.get(path.suffix.lower())
    if known is InputFormat.JSON and text[:1] == b"{":
        return InputFormat.JSONL
    if known is not None:
        return known
    start = text[:200].lower()
    if is_html(start):
        raise BadFormat("an HTML page, not a list of URLs")
    if start.startswith(b"<"):
        return InputFormat.SITEMAP
    if start.startswith((b"{", b'"http')):
        return InputFormat.JSONL
    if start.startswith(b"["):
        return InputFormat.JSON
    if start.startswith((b"curl ", b"curl\t")):
        return InputFormat.CURL
    return _by_header(text, reading)


def _by_header(text: bytes, reading: Reading) -> InputFormat:
    """CSV where the first line is a header with the column of the URL, and no URL; or where columns are asked for."""
    header = text.splitlines()[0].lower() if text else b""
    if reading.keep or reading.url_column != Reading().url_column:
        return InputFormat.CSV
    if b"://" in header:
        return InputFormat.LINES
    for delimiter in (b",", b";", b"\t", b"|"):
        if delimiter in header and b"url" in [cell.strip(b' "') for cell in header.split(delimiter)]:
            return InputFormat.CSV
    return InputFormat.CSV if header.startswith(b"sep=") else InputFormat.LINES


def _refuse_foreign(first: bytes) -> None:
    what = next((what for magic, what in _FOREIGN.items() if first.startswith(magic)), "")
    head = (first.splitlines() or [b""])[0][:_LOOKED_AT]
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if not what and controls > max(8, _MOST_CONTROLS * len(head)):
        what = "binary data"
    if what:
        raise BadFormat(f"not a list of URLs but {what}")
