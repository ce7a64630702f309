"""Read a curl command line as a row.

Source: curl's man page. Options that only affect how curl runs are ignored. An option that would
change the request and is not supported makes the row invalid.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.credentials import Login
from fetchcli.core.request.form_data import urlencoded
from fetchcli.core.request.multipart import form_string
from fetchcli.core.request.ranges import parse_ranges
from fetchcli.core.request.request import AUTO_REFERER, parse_header
from fetchcli.core.request.row_request import JSON_LABELS, RowProblem, RowRequest
from fetchcli.core.url.added_query import with_query
from fetchcli.core.url.globbing import count, expand, parse_glob

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
    "-g": "--globoff",
    "-F": "--form",
    "-x": "--proxy",
    "-4": "--ipv4",
    "-6": "--ipv6",
    "-m": "--max-time",
    "-o": "--output",
    "-w": "--write-out",
    "-c": "--cookie-jar",
    "--data-ascii": "--data",
}
# Options for how curl runs, prints and waits: fetchcli has its own.
_IGNORED = {
    "-s", "-S", "-i", "-v", "-L", "-k", "-f", "-q", "-N", "-O", "-J", "-Z", "-#", "--silent", "--show-error",
    "--include", "--verbose", "--location", "--insecure", "--fail", "--fail-with-body", "--disable",
    "--no-buffer", "--compressed", "--path-as-is", "--http1.1", "--http2", "--http3", "--tlsv1.2", "--tlsv1.3",
    "--remote-name", "--no-progress-meter", "--progress-bar", "--parallel", "--show-headers",
}  # fmt: skip
_IGNORED_WITH_VALUE = {
    "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time", "--max-redirs", "--output",
    "--write-out", "--cookie-jar", "--output-dir",
}  # fmt: skip
_TAKES_VALUE = {
    "--request", "--header", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "--cookie",
    "--user-agent", "--referer", "--user", "--range", "--oauth2-bearer", "--url", "--form", "--form-string",
    "--proxy", "--resolve",
}  # fmt: skip
_FAMILIES = {"--ipv4": 4, "--ipv6": 6}
_NETWORK = {"--proxy", "--resolve", *_FAMILIES}
_FLAGS = {"--head", "--get", "--globoff", *_FAMILIES}
_MAX_CLUSTER = 40
_SCHEME = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")


class CurlRow(NamedTuple):
    """The URL and the request of a command line."""

    url: str
    row_request: RowRequest


def read_curl_line(words: list[str]) -> CurlRow:
    """Read the words of a command.

    Raises:
        RowProblem: the words are not a curl command for one URL, or contain an unsupported option.
    """
    if not is_curl(words):
        raise RowProblem("", f"expected a curl command, got {words[0][:20] if words else ''!r}")
    curl_options = _CurlOptions()
    for option, value in _options(words[2:] if words[0] == "$" else words[1:]):
        curl_options.take(option, value)
    return curl_options.row()


def is_curl(words: list[str]) -> bool:
    """Recognise curl, perhaps behind a copied prompt."""
    command = words[1:] if words[:1] == ["$"] else words
    return bool(command) and command[0].rpartition("/")[2] in ("curl", "curl.exe")


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options that describe the request, and their values; URLs are given as ``--url``."""
    queue = deque(words)
    while queue:
        word = queue.popleft()
        if not word.startswith("-") or word == "-":
            yield "--url", word
            continue
        if len(word) > _MAX_CLUSTER and not word.startswith("--") and word[:2] in _IGNORED:
            raise RowProblem("", f"curl's options {word[:10]}... are too many at once")
        name, rest = (word, "") if word.startswith("--") else (word[:2], word[2:])  # a cluster: -sSL, -XPOST
        option = _LONG.get(name, name)
        if option in _TAKES_VALUE or option in _IGNORED_WITH_VALUE:
            if not rest and not queue:
                raise RowProblem(name, "expected a value after it")
            value = rest or queue.popleft()
            if option in _TAKES_VALUE:
                yield option, value
        elif option in _FLAGS or option in _IGNORED:
            if option in _FLAGS:
                yield option, ""
            if rest:
                queue.appendleft(f"-{rest}")
        else:
            raise RowProblem("", f"curl's option {name.partition('=')[0][:30]} is not supported in a row")


class _CurlOptions:
    """The request that the options of one command describe."""

    def __init__(self) -> None:
        self.url = ""
        self.method: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.named: dict[str, str] = {}
        self.data: list[str] = []
        self.file: str | None = None
        self.form: list[str] = []
        self.proxy: str | None = None
        self.resolve: list[str] = []
        self.family = 0
        self.get = self.json = self.globoff = False

    def take(self, option: str, value: str) -> None:
        """Take one option; of most options the last one counts."""
        if option == "--header":
            self.headers.append(_header(value))
        elif option == "--cookie":
            self.named["Cookie"] = "; ".join(filter(None, (self.named.get("Cookie"), _cookie(value))))
        elif option in _HEADERS:
            name, make = _HEADERS[option]
            self.named[name] = make(value)
        elif option == "--url":
            if self.url:
                raise RowProblem("url", "expected one URL, got two")
            self.url = value
        elif option == "--request" or (option == "--head" and self.method is None):
            self.method = "HEAD" if option == "--head" else value
        elif option in ("--get", "--globoff"):
            setattr(self, option[2:], True)
        elif option in _NETWORK:
            self._reach(option, value)
        elif option != "--head":
            self._content(option, value)

    def _reach(self, option: str, value: str) -> None:
        """Take an option for how the host is reached."""
        if option == "--proxy":
            self.proxy = value
        elif option == "--resolve":
            self.resolve.append(value)
        else:
            self.family = _FAMILIES[option]

    def _content(self, option: str, value: str) -> None:
        if option in ("--form", "--form-string"):
            self.form.append(value if option == "--form" else form_string(value))
            return
        if option == "--json":
            self.json = True
        if option == "--data-urlencode":
            self.data.append(_urlencoded(value))
        elif value.startswith("@") and option != "--data-raw":
            if option != "--data-binary" or self.data or self.file is not None:
                raise RowProblem(option, "expected text; only a single --data-binary may be a @FILE")
            self.file = value[1:]
        else:
            self.data.append(value)

    def row(self) -> CurlRow:
        """The row that the options describe."""
        if not self.url:
            raise RowProblem("url", "the URL is missing")
        if self.file is not None and (self.data or self.get):
            raise RowProblem("--data-binary", "a @FILE cannot be combined with other data or --get")
        if self.form and (self.data or self.file is not None or self.get):
            raise RowProblem("--form", "it cannot be combined with --data, --json or --get")
        url = self.url if self.globoff else _only_url(self.url)
        url = url if _SCHEME.match(url) else f"http://{url}"
        body = ("" if self.json else "&").join(self.data) if self.data else None
        if self.get and body is not None:
            url, body = with_query(url, body), None
        if self.json:
            self.named |= dict(JSON_LABELS)
        header_names = {
            name.lower() for name, _ in self.headers
        }  # -H takes precedence over the options that stand for a header
        headers = [
            *self.headers,
            *((name, value) for name, value in self.named.items() if name.lower() not in header_names),
        ]
        implied = "POST" if body is not None or self.file is not None or self.form else "GET"
        row_request = RowRequest(
            method=implied if self.method is None else self.method,
            headers=tuple(headers),
            body=body,
            body_file=self.file,
            form=tuple(self.form),
            proxy=self.proxy,
            resolve=tuple(self.resolve),
            family=self.family,
        )
        return CurlRow(url, row_request)


def _only_url(url: str) -> str:
    """The only URL that a glob stands for; browsers escape brackets that are not globs."""
    try:
        parts = parse_glob(url)
    except UsageError as error:
        raise RowProblem("url", str(error)) from None
    if count(parts) > 1:
        raise RowProblem("url", "expected one URL, got a glob; --globoff uses it literally")
    return next(expand(parts))


def _header(value: str) -> tuple[str, str]:
    try:
        return parse_header(value)
    except UsageError as error:
        raise RowProblem("-H", str(error)) from None


def _cookie(value: str) -> str:
    if "=" not in value:
        raise RowProblem("--cookie", "expected NAME=VALUE; cookie files are not supported")
    return value


def _referer(value: str) -> str:
    if value.endswith(AUTO_REFERER):
        raise RowProblem("--referer", f"{AUTO_REFERER!r} is for the whole run: use it on the command line of fetchcli")
    return value


def _range(value: str) -> str:
    try:
        return parse_ranges(value)
    except UsageError as error:
        raise RowProblem("--range", str(error)) from None


def _user(value: str) -> str:
    if "${" in value:
        raise RowProblem("-u", "variables are expanded only in headers: -H 'Authorization: ...'")
    name, _, password = value.partition(":")
    return Login(name=name, password=password).basic


def _urlencoded(value: str) -> str:
    def read(_: str) -> bytes:
        raise RowProblem("--data-urlencode", "expected text, got a @FILE")

    return urlencoded(value.encode("utf-8", "surrogateescape"), read).decode("utf-8", "surrogateescape")


_HEADERS: dict[str, tuple[str, Callable[[str], str]]] = {
    "--user": ("Authorization", _user),
    "--user-agent": ("User-Agent", str),
    "--referer": ("Referer", _referer),
    "--oauth2-bearer": ("Authorization", "Bearer {}".format),
    "--range": ("Range", _range),
}
