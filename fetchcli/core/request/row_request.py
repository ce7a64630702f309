"""What a row says about its request, and how it is merged with the request of the run."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.request.multipart import MULTIPART, form_files
from fetchcli.core.request.request import RequestOptions, check_header, is_token
from fetchcli.core.request.secrets import MASK, is_secret, masked
from fetchcli.core.url.parse import mask_credentials

JSON = "application/json"
JSON_LABELS = (("Content-Type", JSON), ("Accept", JSON))  # headers of ``--json``, unless the user sets them


class RowProblem(UsageError):  # noqa: N818 - it is a reason for a REJECTED outcome
    """A row that cannot be fetched as it is: ``COLUMN: what was expected``."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}" if column else reason)


class RowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a request that a row brings; the rest comes from the run.

    Attributes:
        method: as written, or None.
        headers: names and values as written, with ``${NAME}`` not expanded.
        body: text to send.
        body_file: path of a file to send instead.
        form: values of ``--form`` to send instead.
        proxy: value of ``--proxy``, or None; empty for no proxy.
        resolve: values of ``--resolve``.
        family: 4 or 6 for ``--ipv4`` or ``--ipv6``, else 0.
    """

    method: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    body_file: str | None = None
    form: tuple[str, ...] = ()
    proxy: str | None = None
    resolve: tuple[str, ...] = ()
    family: int = 0

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            RowProblem: a value is invalid; the message names the column.
        """
        if self.method is not None and not is_token(self.method):
            raise RowProblem("method", f"expected a token, got {self.method!r}")
        if self.body is not None and self.body_file is not None:
            raise RowProblem("body_file", "body and body_file cannot be combined")
        try:
            form_files(self.form)
        except UsageError as error:
            raise RowProblem("", str(error)) from None
        for name, value in self.headers:
            try:
                check_header(name, value)
            except UsageError as error:
                raise RowProblem("headers", str(error)) from None

    def written(self) -> dict[str, object]:
        """The row request as results contain it, with secrets masked."""
        shown = {
            "method": self.method,
            "headers": [[name, _result_value(name, value)] for name, value in self.headers] or None,
            "body": self.body,
            "body_file": self.body_file,
            "form": self.form or None,
            "proxy": None if self.proxy is None else mask_credentials(self.proxy),
            "resolve": self.resolve or None,
            "family": self.family or None,
        }
        return {name: value for name, value in shown.items() if value is not None}

    @property
    def has_content(self) -> bool:
        """True if the row brings content."""
        return self.body is not None or self.body_file is not None or bool(self.form)


def _result_value(name: str, value: str) -> str | None:
    """A value for results: null for a removed header, secrets masked."""
    if value == ";":
        return ""
    return (masked(value) if is_secret(name) else value) or None


class RequestMerger(NamedTuple):
    """Merges the requests of rows into the request of the run; ``expand`` replaces ``${NAME}``."""

    base: RequestOptions
    expand: Callable[[str], str]

    def __call__(self, row_request: RowRequest) -> RequestOptions:
        """The request of a row: its method, headers and content override those of the run.

        A row with content and without a method uses POST if the run would use GET or HEAD. A row with the
        method GET or HEAD does not send the content of the run.

        Raises:
            RowProblem: the row is invalid.
        """
        base = self.base
        content, content_file, headers = base.content, base.content_file, base.headers
        method = row_request.method or base.method
        if row_request.has_content:
            content = None if row_request.body is None else _encoded(row_request.body)
            content_file = row_request.body_file
            headers = tuple(
                field for field in headers if not (_is_multipart(field) or (row_request.form and _is_type(field)))
            )
            if row_request.method is None and method in ("GET", "HEAD"):
                method = "POST"
        elif row_request.method in ("GET", "HEAD"):
            content = content_file = None  # the content of the run is for rows that send something
        row_headers = tuple((name, self._expanded(name, value)) for name, value in row_request.headers)
        names = {name.lower() for name, _ in row_headers}
        run_headers = tuple((name, value) for name, value in headers if name.lower() not in names)
        try:
            return RequestOptions(
                method, run_headers + row_headers, content, content_file, base.auto_referer, row_request.form
            )
        except UsageError as error:
            raise RowProblem("", str(error)) from None

    def _expanded(self, name: str, value: str) -> str:
        if value == MASK:
            raise RowProblem("headers", f"{name} is masked; expected the real value")
        try:
            return self.expand(value)
        except UsageError as error:
            raise RowProblem("headers", f"{name}: {error}") from None


def _encoded(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise RowProblem("body", "expected UTF-8 text; body_file sends any bytes") from None


def _is_type(field: tuple[str, str]) -> bool:
    return field[0].lower() == "content-type"


def _is_multipart(field: tuple[str, str]) -> bool:
    return _is_type(field) and field[1].startswith(f"{MULTIPART}; boundary=")


def json_request(method: str | None, headers: tuple[tuple[str, str], ...], body: str) -> RowRequest:
    """A row with JSON content, labelled as such unless its headers say otherwise (like ``--json``)."""
    given = {name.lower() for name, _ in headers}
    labels = tuple(label for label in JSON_LABELS if label[0].lower() not in given)
    return RowRequest(method=method, headers=headers + labels, body=body)
