"""What a program gets for each URL."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from fetchcli.core.http1.charset import charset_of
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.reasons import reason_of, what_of
from fetchcli.sinks.jsonl import RowEncoder


class BodyNotKept(LookupError):  # noqa: N818 - it says what is missing, as KeyError does
    """The body of a response was not kept: there is no response, or it was not asked for, or it was too large."""


class ResponseHeaders(Mapping[str, str]):
    """The header fields of a response; names are compared without regard to case.

    A field that came several times is one text, joined by commas (RFC 9110 section 5.3).
    """

    def __init__(self, fields: Mapping[bytes, list[bytes]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return ", ".join(self.get_list(name)) if name.lower().encode() in self._fields else self._missing(name)

    @staticmethod
    def _missing(name: str) -> str:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def get_list(self, name: str) -> list[str]:
        """All values of a field, in order; ``set-cookie`` is the one that must not be joined."""
        return [value.decode("utf-8", "surrogateescape") for value in self._fields.get(name.lower().encode(), [])]

    def __repr__(self) -> str:
        return f"ResponseHeaders({dict(self)!r})"


class FetchOutcome(Outcome, frozen=True):
    """The one outcome of a URL. Nothing here raises because a URL could not be fetched: that is a value, too.

    Besides the attributes of `Outcome`:
    """

    @classmethod
    def of(cls, outcome: Outcome) -> "FetchOutcome":
        """The same outcome, for programs."""
        return cls(*(getattr(outcome, name) for name in outcome.__struct_fields__))

    @property
    def ok(self) -> bool:
        """Whether it was accepted: a complete response, its status, and all checks."""
        return self.verdict is Verdict.OK

    @property
    def url(self) -> str:
        """The URL that was asked for; credentials are masked."""
        return self.row.text

    @property
    def url_effective(self) -> str:
        """The URL of the response, behind all redirects; without a response, the URL that was asked for."""
        return self.response.url if self.response is not None else self.row.text

    @property
    def tag(self) -> str:
        """The tag of the request, or empty."""
        return self.row.tag

    @property
    def status(self) -> int | None:
        """The status of the response, or None."""
        return self.response.status if self.response is not None else None

    @property
    def headers(self) -> ResponseHeaders:
        """The header fields of the response; empty without one."""
        return ResponseHeaders(self.response.headers if self.response is not None else {})

    @property
    def error(self) -> str | None:
        """Why it was not accepted, on one line: ``connect: connection refused``, ``status 404``; None if it was."""
        if self.ok:
            return None
        what, reason = what_of(self), reason_of(self)
        named = f"status {what}" if what.isdigit() else what
        return f"{named}: {reason}" if reason else named

    @property
    def elapsed(self) -> float:
        """Seconds of the last attempt, from its slot to the last byte; 0 without one."""
        return self.attempts[-1].elapsed if self.attempts else 0.0

    @property
    def body_complete(self) -> bool:
        """Whether the whole body was kept."""
        return self.response is not None and self.response.body_complete

    @property
    def content(self) -> bytes:
        """The decoded body.

        Raises:
            BodyNotKept: it was not kept, or not as a whole; `body_complete` tells before.
        """
        response = self.response
        if response is None:
            raise BodyNotKept(f"there is no response: {self.error}")
        if response.body is None:
            raise BodyNotKept('bodies are not kept; max_body="1M" keeps up to 1 MB of each')
        if not response.body_complete:
            kept, size = len(response.body), response.size_decoded
            raise BodyNotKept(f"only {kept:,} of {size:,} bytes were kept (max_body); response.body has them")
        return response.body

    def text(self, charset: str | None = None) -> str:
        """The body as text; bytes that are none are replaced by U+FFFD.

        Args:
            charset: the encoding; None for that of Content-Type, or else UTF-8.

        Raises:
            BodyNotKept: it was not kept as a whole.
            LookupError: Python does not know ``charset``.
        """
        content, own = self.content, self.response.content_type if self.response is not None else ""
        return content.decode(charset or charset_of(own), "replace").removeprefix("\ufeff")

    def json(self) -> Any:
        """The body as JSON (RFC 8259).

        Raises:
            BodyNotKept: it was not kept as a whole.
            ValueError: it is no JSON.
        """
        return json.loads(self.content)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as a row of results: the default columns, as ``-o jsonl`` writes them."""
        row: dict[str, Any] = msgspec.json.decode(_encoder()(self))
        return row

    def __repr__(self) -> str:
        status = "" if self.status is None else f" {self.status}"
        reason = "" if self.ok else f", {self.error}"
        return f"<FetchOutcome {self.verdict}{status} {self.url} in {self.elapsed:.3f} s{reason}>"


@lru_cache(maxsize=1)
def _encoder() -> RowEncoder:
    return RowEncoder(Schema())
