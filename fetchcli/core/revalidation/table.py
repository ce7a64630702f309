"""The responses of an earlier run, by what was asked."""

from hashlib import blake2b

from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.target import Rejected, Row
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.text import visible


class EarlierResponses:
    """Looks up rows by URL, method, variant and what the row says of its request; the later of two rows counts."""

    def __init__(self) -> None:
        self._responses: dict[bytes, Earlier] = {}

    def __len__(self) -> int:
        return len(self._responses)

    def add(self, url: str, method: str | None, variant: str, row_request: RowRequest | None, earlier: Earlier) -> None:
        """Add a row of a results file."""
        self._responses[_key(url, method, variant, row_request)] = earlier

    def find(self, row: Row) -> Earlier | None:
        """What was received for the same request, or None."""
        variant = "" if isinstance(row, Rejected) else row.variant
        return self._responses.get(_key(row.text, row.method, variant, row.row_request))


def _key(url: str, method: str | None, variant: str, row_request: RowRequest | None) -> bytes:
    # As results files have it: texts without a glyph are escaped there.
    request = "" if row_request is None else repr(sorted(row_request.written().items()))
    text = f"{method or 'GET'} {visible(url)} {variant} {visible(request)}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
