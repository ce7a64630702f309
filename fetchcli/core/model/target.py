"""Rows of the input: `Target`, `Rejected`, `Skipped`."""

from enum import StrEnum

import msgspec

from fetchcli.core.errors import ErrorKind
from fetchcli.core.expect.expectations import Expected
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.policy import Network
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.url.parse import HttpUrl

CarriedValue = bool | int | float | str | list[object] | dict[str, object] | None


class Target(msgspec.Struct, frozen=True):
    """A row of the input that can be fetched.

    Attributes:
        seq: number of the selected row over all inputs, from 1.
        url: what to fetch.
        source: the file of the row, ``-`` for stdin, empty for an argument.
        line: line number in the source, from 1; 0 if there are no lines.
        request: what to send; None for the request of the run.
        row_request: what the row says about its request.
        tag: the tag of the row, or empty.
        carried: values of the ``--keep`` columns.
        expect: the expectations of the row, if it has its own.
        round: number of the round, from 1.
        network: how its hosts are reached; None for the network of the run.
        file_name: the name of its saved body, if it is known before the response.
        earlier: what an earlier run has received, or None.
        variant: tells apart requests for one URL whose answers may differ; see `revalidation.variant`.
        key: the key of a row that comes from results; empty if it is to be computed (`rows.key`).
    """

    seq: int
    url: HttpUrl
    source: str = ""
    line: int = 0
    request: RequestOptions | None = None
    row_request: RowRequest | None = None
    tag: str = ""
    carried: tuple[CarriedValue, ...] = ()
    expect: Expected | None = None
    round: int = 1
    network: Network | None = None
    file_name: str = ""
    earlier: Earlier | None = None
    variant: str = ""
    key: str = ""

    def named(self, file_name: str) -> "Target":
        """The same row, with the name of its file."""
        return msgspec.structs.replace(self, file_name=file_name)

    @property
    def text(self) -> str:
        """The URL, safe to show: credentials are masked."""
        return self.url.text

    @property
    def method(self) -> str | None:
        """The request method, if known."""
        return self.request.method if self.request is not None else None

    @property
    def host(self) -> str:
        """Host, and the port if it is not the default of the scheme."""
        return self.url.authority


class Rejected(msgspec.Struct, frozen=True):
    """A row of the input that cannot be fetched; other fields as in `Target`.

    Attributes:
        text: the URL as written, credentials masked.
        reason: why it is invalid.
        kind: whether the URL or another column is invalid.
    """

    seq: int
    text: str
    reason: str
    source: str = ""
    line: int = 0
    row_request: RowRequest | None = None
    tag: str = ""
    carried: tuple[CarriedValue, ...] = ()
    expect: Expected | None = None
    round: int = 1
    kind: ErrorKind = ErrorKind.INVALID_URL
    key: str = ""

    @property
    def host(self) -> str:
        """A rejected row has no host."""
        return ""

    @property
    def method(self) -> str | None:
        """The method in the row; it may be the invalid part."""
        return self.row_request.method if self.row_request is not None else None

    @property
    def message(self) -> str:
        """File, line and reason: ``urls.txt:17: no scheme``."""
        source = "stdin" if self.source == "-" else self.source
        return f"{source}:{self.line}: {self.reason}" if source else self.reason


class SkipCause(StrEnum):
    """Why a row is skipped; see `journal.final` for which of them are final."""

    DUPLICATE = "duplicate"
    EXISTS = "exists"
    HALT = "halt"
    HOST = "host"


class Skipped(Target, frozen=True):
    """A row of the input that could be fetched but is not.

    Attributes:
        reason: why, for people; not because of the row or its host.
        cause: why.
    """

    reason: str = ""
    cause: SkipCause = SkipCause.HALT

    @classmethod
    def from_target(cls, row: Target, reason: str, cause: SkipCause = SkipCause.HALT) -> "Skipped":
        """The same row, skipped."""
        return cls(**{name: getattr(row, name) for name in row.__struct_fields__}, reason=reason, cause=cause)


class Known(Target, frozen=True):
    """A row whose earlier response is young enough; it is not fetched."""

    @classmethod
    def from_target(cls, row: Target) -> "Known":
        """The same row, answered by what an earlier run has received."""
        return cls(**{name: getattr(row, name) for name in row.__struct_fields__})


Row = Target | Rejected
