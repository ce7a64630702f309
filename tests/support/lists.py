"""Lists made for tests: rows written in every format, cut anywhere, and read again."""

import bz2
import csv
import gzip
import io
import json
import lzma
import shlex
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from backports import zstd

from fetchcli.core.errors import InputError
from fetchcli.core.model.target import Row
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import File
from fetchcli.inputs.reader import Load, RowReader

Plain = tuple[str, RowRequest | None, str]  # URL, request, tag

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstd.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


class Pieces(File, frozen=True):
    """A list that comes in blocks of these sizes, over and over."""

    data: bytes = b""
    sizes: tuple[int, ...] = (65536,)

    def blocks(self) -> Iterator[bytes]:
        position, turn = 0, 0
        while position < len(self.data):
            size = self.sizes[turn % len(self.sizes)]
            yield self.data[position : position + size]
            position, turn = position + size, turn + 1


def read(
    data: bytes, name: str, reading: Reading | None = None, sizes: tuple[int, ...] = (65536,), load: Load | None = None
) -> tuple[list[Row], list[InputError]]:
    """The rows of a list, and what was wrong with it."""
    reader = RowReader([Pieces(name, data, sizes)], reading, load=load)
    return [row for batch in reader.batches() for row in batch], reader.errors


def as_object(row: Plain) -> dict[str, object]:
    url, own, tag = row
    said: dict[str, object] = {"url": url, "tag": tag or None}
    if own is not None:
        values = {"": None, ";": ""}
        said |= {
            "method": own.method,
            "headers": [[name, values.get(value, value)] for name, value in own.headers],
            "body": own.body,
        }
    return said


def as_csv(rows: list[Plain], delimiter: str = ",", line_end: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["url", "Method", "headers", "body", "tag"])
    for url, own, tag in rows:
        said = as_object((url, own, tag))
        headers = json.dumps(dict(own.headers)) if own is not None and own.headers else ""
        writer.writerow([url, said.get("method") or "", headers, said.get("body") or "", tag])
    return out.getvalue().encode()


def as_jsonl(rows: list[Plain]) -> bytes:
    return b"".join(json.dumps(as_object(row), ensure_ascii=False).encode() + b"\n" for row in rows)


def as_json(rows: list[Plain]) -> bytes:
    return json.dumps([as_object(row) for row in rows], indent=1).encode()


def as_sitemap(rows: list[Plain]) -> bytes:
    urls = "".join(f"<url>\n<loc>{escape(url)}</loc><priority>1</priority></url>\n" for url, _, _ in rows)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{urls}</urlset>"
    ).encode()


def as_curl(rows: list[Plain]) -> bytes:
    lines = []
    for url, own, _ in rows:
        words = ["curl", "--url", url]
        if own is not None:
            words += ["-X", own.method or "GET"]
            for name, value in own.headers:
                words += ["-H", f"{name};" if value == ";" else f"{name}: {value}" if value else f"{name}:"]
            words += ["--data-raw", own.body] if own.body is not None else []
        lines.append(" \\\n  ".join(map(shlex.quote, words)) + "\n")
    return "".join(lines).encode()
