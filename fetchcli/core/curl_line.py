"""A curl command line as a row: what it asks for is understood, how curl would run is not its business.

Source: curl's man page. What would change the request and is not understood makes the row a problem.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote_plus

from fetchcli.core.credentials import Login
from fetchcli.core.errors import UsageError
from fetchcli.core.request import parse_header
from fetchcli.core.row_request import JSON, RowProblem, RowRequest
from fetchcli.core.shell import PIPE

_LONG = {
    "-X": "--request",
    "-H": "--header",
    "-d": "--data",
    "-b": "--cookie",
    "-A": "--user-agent",
    "-e": "--referer",
    "-u": "--user",
    "-r": "--range",
    "-I": "--head",
    "-G": "--get",
    "-m": "--max-time",
    "-o": "--output",
    "-w": "--write-out",
    "-c": "--cookie-jar",
    "--data-ascii": "--data",
}
# How curl runs, prints and waits: fetchcli has its own options for that.
_IGNORED = {
    "-s", "-S", "-i", "-v", "-L", "-k", "-f", "-g", "-q", "-N", "-O", "-J", "-Z", "-#", "--silent", "--show-error",
    "--include", "--verbose", "--location", "--insecure", "--fail", "--fail-with-body", "--globoff", "--disable",
    "--no-buffer", "--compressed", "--path-as-is", "--http1.1", "--http2", "--http3", "--tlsv1.2", "--tlsv1.3",
    "--remote-name", "--no-progress-meter", "--progress-bar", "--parallel", "--show-headers",
}  # fmt: skip
_IGNORED_WITH_VALUE = {
    "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time", "--max-redirs", "--output",
    "--write-out", "--cookie-jar", "--output-dir",
}  # fmt: skip
_TAKES_VALUE = {
    "--request", "--header", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "--cookie",
    "--user-agent", "--referer", "--user", "--range", "--oauth2-bearer", "--url",
}  # fmt: skip
_FLAGS = {"--head", "--get"}


class CurlRow(NamedTuple):
    """The URL and the request of a command line."""

    url: str
    own: RowRequest


def read_curl_line(words: list[str]) -> CurlRow:
    """Read the words of a command.

    Raises:
        RowProblem: it is not a curl command for one URL, or holds an option that is not understood.
    """
    if not words or words[0].rpartition("/")[2] != "curl":
        raise RowProblem("", f"expected a curl command, got {words[0] if words else ''!r}")
    if PIPE in words:
        raise RowProblem("", "expected one curl command, got a pipe")
    reading = _Reading()
    for option, value in _options(words[1:]):
        reading.take(option, value)
    return reading.row()


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Options that matter, with their values; URLs come as ``--url``."""
    queue = deque(words)
    while queue:
        word = queue.popleft()
        if not word.startswith("-") or word == "-":
            yield "--url", word
            continue
        name, rest = (word, "") if word.startswith("--") else (word[:2], word[2:])  # a cluster: -sSL, -XPOST
        option = _LONG.get(name, name)
        if option in _TAKES_VALUE or option in _IGNORED_WITH_VALUE:
            if not rest and not queue:
                raise RowProblem(name, "expected a value after it")
            yield option, rest or queue.popleft()
        elif option in _FLAGS or option in _IGNORED:
            yield option, ""
            if rest:
                queue.appendleft(f"-{rest}")
        else:
            raise RowProblem("", f"curl's option {name} is not understood in a row")


class _Reading:
    """What the options said so far."""

    def __init__(self) -> None:
        self.url = ""
        self.method: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.data: list[str] = []
        self.file: str | None = None
        self.get = self.json = False

    def take(self, option: str, value: str) -> None:
        """Take one option in."""
        if option in _IGNORED or option in _IGNORED_WITH_VALUE:
            return
        if option in _HEADERS:
            self.headers.append(_HEADERS[option](value))
        elif option == "--url":
            if self.url:
                raise RowProblem("url", "expected one URL, got two")
            self.url = value
        elif option == "--request" or (option == "--head" and self.method is None):
            self.method = value or "HEAD"
        elif option == "--get":
            self.get = True
        elif option != "--head":
            self._content(option, value)

    def _content(self, option: str, value: str) -> None:
        if option == "--json":
            self.json = True
        if option == "--data-urlencode":
            name, equals, text = value.partition("=")
            value = f"{name}{equals if name else ''}{quote_plus(text)}" if equals else quote_plus(value)
        elif value.startswith("@") and option != "--data-raw":
            if option != "--data-binary" or self.data or self.file is not None:
                raise RowProblem(option, "expected text; only a single --data-binary may be a @FILE")
            self.file = value[1:]
            return
        self.data.append(value)

    def row(self) -> CurlRow:
        """What all of them ask for."""
        if not self.url:
            raise RowProblem("url", "expected a URL, and there is none")
        url = self.url if "://" in self.url else f"http://{self.url}"
        if self.file is not None and self.data:
            raise RowProblem("--data-binary", "a @FILE cannot be joined with other data")
        body = ("" if self.json else "&").join(self.data) if self.data else None
        if self.get and body is not None:
            before, mark, fragment = url.partition("#")
            url, body = f"{before}{'&' if '?' in before else '?'}{body}{mark}{fragment}", None
        if self.json:
            given = {name.lower() for name, _ in self.headers}
            self.headers += [(name, JSON) for name in ("Content-Type", "Accept") if name.lower() not in given]
        method = self.method or ("POST" if body is not None or self.file is not None else "GET")
        return CurlRow(url, RowRequest(method, tuple(self.headers), body, self.file))


def _header(value: str) -> tuple[str, str]:
    """``-H``."""
    try:
        return parse_header(value)
    except UsageError as error:
        raise RowProblem("-H", str(error)) from None


def _cookie(value: str) -> tuple[str, str]:
    if "=" not in value:
        raise RowProblem("--cookie", "expected NAME=VALUE; a cookie file is not read")
    return "Cookie", value


def _user(value: str) -> tuple[str, str]:
    name, _, password = value.partition(":")
    return "Authorization", Login(name, password).basic


_HEADERS: dict[str, Callable[[str], tuple[str, str]]] = {
    "--header": _header,
    "--user": _user,
    "--cookie": _cookie,
    "--user-agent": lambda value: ("User-Agent", value),
    "--referer": lambda value: ("Referer", value),
    "--oauth2-bearer": lambda value: ("Authorization", f"Bearer {value}"),
    "--range": lambda value: ("Range", f"bytes={value}"),
}
