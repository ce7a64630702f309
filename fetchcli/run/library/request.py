"""What a program fetches: URLs as text, as `yarl.URL`, with their requests, or as rows of a list."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import yarl

from fetchcli.core.errors import UsageError
from fetchcli.core.request.request import check_header, is_token
from fetchcli.core.request.row_request import RowRequest, json_request
from fetchcli.inputs.expect import expectation_key
from fetchcli.inputs.lines import argument_record
from fetchcli.inputs.names import OURS
from fetchcli.inputs.objects import object_record
from fetchcli.inputs.record import Record

URL = "url"


class Request(msgspec.Struct, frozen=True):
    """One URL, and what is sent to it; what it does not say comes from the policy.

    Attributes:
        url: an absolute http(s) URL; it is text from then on.
        method: the method; without one it is POST if there is content, otherwise that of the policy.
        headers: names and values; they replace those of the policy with the same name.
        body: text to send.
        json: a value to send as JSON, with the Content-Type of JSON.
        tag: comes back with the outcome.

    Raises:
        TypeError: a value has another type, or there are both body and json.
        UsageError: a method or a header cannot be sent.
    """

    url: str | yarl.URL
    method: str | None = None
    headers: Mapping[str, str] = {}
    body: str | None = None
    json: Any = msgspec.UNSET
    tag: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        self._check_types()
        for name, value in self.headers.items():
            check_header(name, value)
        if self.method is not None and not is_token(self.method):
            raise UsageError(f"Request: {self.method!r} is not an HTTP method")
        if self.json is not msgspec.UNSET:
            try:
                json.dumps(self.json, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise TypeError(f"Request: json: {error}") from None

    def _check_types(self) -> None:
        if isinstance(self.url, yarl.URL):
            msgspec.structs.force_setattr(self, URL, str(self.url))
        if self.body is not None and self.json is not msgspec.UNSET:
            raise TypeError("Request: body and json cannot be combined")
        if not isinstance(self.headers, Mapping):
            raise TypeError(f"Request: headers must be a mapping, not {type(self.headers).__name__}")
        for name, value in self.headers.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise TypeError(f"Request: the header {name!r} must be text, not {type(value).__name__}")
        for field, types in (("url", str), ("method", str | None), ("body", str | None), ("tag", str)):
            if not isinstance(value := getattr(self, field), types):
                raise TypeError(f"Request: {field} must be text, not {type(value).__name__}")


Fetchable = str | yarl.URL | Request | Mapping[str, Any]


def record_of(wanted: object) -> Record:
    """The record of something to fetch.

    Raises:
        TypeError: it is none of `Fetchable`.
    """
    if isinstance(wanted, str):
        return argument_record(wanted.rstrip("\r\n"))  # as it is read from a file
    if isinstance(wanted, Request):
        record = argument_record(str(wanted.url))
        record.tag, record.row_request = wanted.tag, _row_request(wanted)
        return record
    if isinstance(wanted, Mapping):
        _check_keys(wanted)
        value = {name: str(item) if name == URL else item for name, item in wanted.items()}
        return object_record(value, 0, URL, (), lambda: msgspec.json.encode(value))
    if isinstance(wanted, yarl.URL):
        return argument_record(str(wanted))
    raise TypeError(f"a URL must be a text, a yarl.URL, a Request or a dict, not {type(wanted).__name__}")


def _check_keys(row: Mapping[str, Any]) -> None:
    """Refuse what would be ignored: a list may have other columns, a program has written each of these."""
    for name in row:
        if name not in OURS and expectation_key(name) is None:
            raise TypeError(
                f"a dict must have no key {name!r}; there are {', '.join(OURS)} and the expectations of a list"
            )


def _row_request(request: Request) -> RowRequest | None:
    headers = tuple(request.headers.items())
    if request.json is not msgspec.UNSET:
        return json_request(request.method, headers, json.dumps(request.json))
    if request.method is None and not headers and request.body is None:
        return None
    return RowRequest(method=request.method, headers=headers, body=request.body)
