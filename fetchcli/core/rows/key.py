"""The key of a row: two rows with one key ask the same."""

from hashlib import blake2b

import msgspec

from fetchcli.core.model.target import Row

BYTES = 8  # of the hash: 16 hexadecimal digits


def plain_key(method: str, url: str) -> int:
    """The key of a row that says nothing but its URL, as a number."""
    text = f"{method} {url}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=BYTES).digest())


def row_key(row: Row) -> str:
    """BLAKE2b-64 of method, URL, the row's own request and its expectations, secrets masked, hexadecimal.

    Headers and content of the whole run are not part of it, so a run with another User-Agent has the same keys.
    """
    if row.key:
        return row.key
    text = f"{row.method or ''} {row.text}"
    if row.row_request is not None or row.expect is not None:
        request = row.row_request and sorted(row.row_request.written().items())
        expect = row.expect and sorted(row.expect.as_written.items())
        text += f" {msgspec.json.encode(repr((request, expect))).decode()}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=BYTES).hexdigest()
