"""What a row of the input says of its own request, and how that and the request of the run become one."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.request import Request, check_header, is_token
from fetchcli.core.secrets import MASK, is_secret, masked

JSON = "application/json"
JSON_LABELS = (("Content-Type", JSON), ("Accept", JSON))  # of ``--json``, unless headers say otherwise


class RowProblem(UsageError):  # noqa: N818 - it is a reason for a REJECTED outcome
    """A row that cannot be fetched as it stands: ``COLUMN: what was expected``."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}" if column else reason)


class RowRequest(msgspec.Struct, frozen=True):
    """The part of a request that a row brings along; what is absent comes from the run.

    Attributes:
        method: as written, or None.
        headers: name and value, as written: ``${NAME}`` is still in there.
        body: text to send.
        body_file: path of a file to send instead.
    """

    method: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    body_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would not be one well-formed request.

        Raises:
            RowProblem: it names the column.
        """
        if self.method is not None and not is_token(self.method):
            raise RowProblem("method", f"expected a token, got {self.method!r}")
        if self.body is not None and self.body_file is not None:
            raise RowProblem("body_file", "body and body_file are two contents; expected one of them")
        for name, value in self.headers:
            try:
                check_header(name, value)
            except UsageError as error:
                raise RowProblem("headers", str(error)) from None

    def written(self) -> dict[str, object]:
        """As it is written into results, and read from there: without the secret that says who asks."""
        shown = {
            "method": self.method,
            "headers": [[name, _shown(name, value)] for name, value in self.headers] or None,
            "body": self.body,
            "body_file": self.body_file,
        }
        return {name: value for name, value in shown.items() if value is not None}


def _shown(name: str, value: str) -> str | None:
    """A value as JSON has it: null for none at all; what comes from the environment says where from, and no more."""
    if value == ";":
        return ""
    return (masked(value) if is_secret(name) else value) or None


class Combined(NamedTuple):
    """A request of the run, and what makes a row's out of it; ``expand`` fills in ``${NAME}``."""

    base: Request
    expand: Callable[[str], str]

    def __call__(self, own: RowRequest) -> Request:
        """Rows override the run: its method, its headers of the same name, its content.

        A row with a content and no method asks with POST, where the run would ask with GET or HEAD; one that
        says GET or HEAD sends no content of the run.

        Raises:
            RowProblem: the row is not well-formed.
        """
        base = self.base
        content, content_file, headers = base.content, base.content_file, base.headers
        method = own.method or base.method
        if own.body is not None or own.body_file is not None:
            content = None if own.body is None else _encoded(own.body)
            content_file = own.body_file
            headers = tuple(field for field in headers if not _is_multipart(field))
            if own.method is None and method in ("GET", "HEAD"):
                method = "POST"
        elif own.method in ("GET", "HEAD"):
            content = content_file = None  # those of the run are for rows that send something
        mine = tuple((name, self._expanded(name, value)) for name, value in own.headers)
        names = {name.lower() for name, _ in mine}
        kept = tuple((name, value) for name, value in headers if name.lower() not in names)
        try:
            return Request(method, kept + mine, content, content_file)
        except UsageError as error:
            raise RowProblem("", str(error)) from None

    def _expanded(self, name: str, value: str) -> str:
        if value == MASK:
            raise RowProblem("headers", f"{name} was masked when it was written; expected its true value")
        try:
            return self.expand(value)
        except UsageError as error:
            raise RowProblem("headers", f"{name}: {error}") from None


def _encoded(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise RowProblem("body", "expected text in UTF-8; body_file sends any bytes") from None


def _is_multipart(field: tuple[str, str]) -> bool:
    name, value = field
    return name.lower() == "content-type" and value.startswith("multipart/form-data; boundary=")


def json_request(method: str | None, headers: tuple[tuple[str, str], ...], body: str) -> RowRequest:
    """A row whose content is JSON: labelled as that, unless its headers say otherwise, as with ``--json``."""
    given = {name.lower() for name, _ in headers}
    labels = tuple(label for label in JSON_LABELS if label[0].lower() not in given)
    return RowRequest(method, headers + labels, body)
