"""Values of the request and credential options -> `RequestOptions` and `Credentials`."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fetchcli.cli.cookies import cookie_settings
from fetchcli.cli.option import Values, parsed
from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.form_data import urlencoded
from fetchcli.core.request.multipart import boundary_of, encode_form, label_form, parse_part
from fetchcli.core.request.ranges import parse_ranges
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.request import AUTO_REFERER, RequestOptions, check_header, parse_header
from fetchcli.core.request.row_request import JSON_LABELS
from fetchcli.core.request.secrets import Expander, secret_parts
from fetchcli.core.url.host import canonical_host

DATA = ("data", "data_raw", "data_binary", "data_urlencode")
EXPANDABLE = ("header", "user", "bearer", "rows")
Expand = Callable[[str, str], str]


class RequestSpec(NamedTuple):
    """The options that describe the request, as they were given.

    Attributes:
        stdin_is_free: no list is read from stdin.
        order: the options as they were written, by parameter name.
        leave_to_shell: keep ``${NAME}`` for the shell that runs the printed curl command.
        files: the files that were read so far.
    """

    request: str | None
    head: bool
    header: list[str] | None
    data: list[str] | None
    data_raw: list[str] | None
    data_binary: list[str] | None
    data_urlencode: list[str] | None
    get: bool
    json: list[str] | None
    form: list[str] | None
    cookie: list[str] | None
    user_agent: str | None
    referer: str | None
    range: str | None
    compressed: bool
    user: str | None
    digest: bool
    bearer: str | None
    netrc: bool
    netrc_file: str | None
    expand_env: str | None
    order: tuple[str, ...]
    stdin_is_free: bool
    leave_to_shell: bool
    files: list[str]


def build_request(values: Values) -> dict[str, Any]:
    """The request, the credentials, and what expands the headers of rows, by path in `Settings`.

    Raises:
        UsageError: a file cannot be read, a variable is not set, or a value is malformed.
    """
    inputs = values["inputs"]
    option_values = {name: values[name] for name in RequestSpec._fields if name in values}
    stdin_is_unused = values["demo"] or bool(inputs and "-" not in inputs)
    spec = RequestSpec(**option_values, stdin_is_free=stdin_is_unused, leave_to_shell=values["print_curl"], files=[])
    redactor = None if values["show_secrets"] else Redactor()
    add_secret = (lambda _: None) if redactor is None else redactor.add
    expander = Expander(None if spec.leave_to_shell else os.environ, add_secret)
    expandable = _expandable(spec.expand_env)

    def expand(option: str, text: str) -> str:
        return parsed(option, expander, text) if option.lstrip("-") in expandable else text

    login = _login(spec, expand)
    credentials = _credentials(spec, login)
    content, labels, boundary = _content(spec)
    query, content = _divided(spec, content)
    implied = "HEAD" if spec.head else "GET" if content is None else "POST"
    method = implied if spec.request is None else spec.request
    fields = _fields(spec, login, labels, expand)
    if redactor is not None:
        redactor.update(_secrets(fields, login, credentials))
    return {
        "policy.request": RequestOptions(
            method,
            label_form(fields, boundary) if boundary else fields,
            content,
            auto_referer=(spec.referer or "").endswith(AUTO_REFERER),
        ),
        "policy.credentials": msgspec.structs.replace(credentials, redactor=redactor),
        **cookie_settings(spec.cookie, values["cookie_jar"]),
        "files": (*spec.files, *values["config_files"]),
        "reading.url_query": query,
        "reading.expand": expander if "rows" in expandable else None,
    }


def _fields(
    spec: RequestSpec, login: Login | None, labels: list[tuple[str, str]], expand: Expand
) -> tuple[tuple[str, str], ...]:
    """The headers; --header takes precedence over the options that stand for a header, as in curl."""
    lines = [line for text in spec.header or () for line in _header_lines(text, spec)]
    fields = [_field(line, expand) for line in lines]
    given = {name.lower() for name, _ in fields}
    implied = [*_named_headers(spec, login, expand), *labels]
    return (*fields, *(field for field in implied if field[0].lower() not in given))


def _expandable(text: str | None) -> set[str]:
    names = {name.strip() for name in (text or "").split(",") if name.strip()}
    if unknown := sorted(names - set(EXPANDABLE)):
        raise UsageError(f"--expand-env: {unknown[0]!r} is not one of {', '.join(EXPANDABLE)}")
    return names


def _field(line: str, expand: Expand) -> tuple[str, str]:
    """A header. Its value is expanded after it was parsed, so that error messages show no secret."""
    name, value = parsed("--header", parse_header, line)
    value = expand("--header", value).strip(" \t")
    parsed("--header", lambda _: check_header(name, value), line)
    return name, value


def _header_lines(text: str, spec: RequestSpec) -> list[str]:
    if not text.startswith("@"):
        return [text]
    lines = _file("--header", text[1:], spec).decode("utf-8", "surrogateescape").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _login(spec: RequestSpec, expand: Expand) -> Login | None:
    if spec.user is None:
        return None
    name, colon, password = spec.user.partition(":")
    if not colon and "${" not in name:
        raise UsageError("--user: expected NAME:PASSWORD (fetchcli does not prompt)")
    # One variable may hold the name, the password, or both.
    name, _, password = expand("--user", spec.user).partition(":")
    return Login(name=name, password=password)


def _named_headers(spec: RequestSpec, login: Login | None, expand: Expand) -> list[tuple[str, str]]:
    """The headers that options other than --header set."""
    bearer = None if spec.bearer is None else f"Bearer {expand('--bearer', spec.bearer)}"
    headers = {
        "Authorization": login.basic if login is not None and not spec.digest else bearer,
        "Cookie": "; ".join(text for text in spec.cookie or () if "=" in text) or None,
        "User-Agent": spec.user_agent,
        "Referer": None if spec.referer is None else spec.referer.removesuffix(AUTO_REFERER),
        "Range": None if spec.range is None else parsed("--range", parse_ranges, spec.range),
        "Accept-Encoding": None if spec.compressed else "",
    }
    return [(name, value) for name, value in headers.items() if value is not None]


def _content(spec: RequestSpec) -> tuple[bytes | None, list[tuple[str, str]], str]:
    """The content of --data, --json or --form, the headers that describe it, and the boundary of a form."""
    if spec.json:
        pieces = [_content_part("--json", text, spec) for text in spec.json]
        return b"".join(pieces), list(JSON_LABELS), ""
    if spec.form:
        import secrets  # few runs need it

        parts = [parse_part(text, lambda path: _file("--form", path, spec)) for text in spec.form]
        boundary = boundary_of(secrets.token_hex(11))
        return encode_form(parts, boundary), [], boundary
    pieces = list(_data(spec))
    return (b"&".join(pieces) if pieces else None), [], ""


def _data_options(spec: RequestSpec) -> list[str]:
    """The --data options that were given."""
    return [f"--{name.replace('_', '-')}" for name in DATA if getattr(spec, name)]


def _data(spec: RequestSpec) -> Iterator[bytes]:
    """The pieces of the --data options: those of files and variables by option, then the others as written."""
    left = {name: deque(getattr(spec, name) or ()) for name in DATA}
    written = [name for name in spec.order if name in left]
    others = [name for name in DATA if name not in written for _ in left[name]]
    for name in (*others, *written):
        yield _data_piece(name, left[name].popleft(), spec)


def _data_piece(name: str, text: str, spec: RequestSpec) -> bytes:
    if name == "data_raw":
        return os.fsencode(text)
    if name == "data_urlencode":
        return urlencoded(os.fsencode(text), lambda path: _file("--data-urlencode", path, spec))
    part = _content_part(f"--{name.replace('_', '-')}", text, spec)
    # curl, too, removes the line ends of a file
    return part.translate(None, b"\r\n\0") if name == "data" and text.startswith("@") else part


def _divided(spec: RequestSpec, content: bytes | None) -> tuple[str, bytes | None]:
    """What becomes a part of URLs (--get), and what is sent."""
    if not spec.get:
        if spec.head and (options := _data_options(spec)):
            raise UsageError(f"--head and {options[0]} cannot be combined; with --get, the content goes into the URL")
        return "", content
    try:
        return (content or b"").decode(), None
    except UnicodeDecodeError:
        raise UsageError("--get: expected content in UTF-8, because it becomes a part of URLs") from None


def _content_part(option: str, text: str, spec: RequestSpec) -> bytes:
    return _file(option, text[1:], spec) if text.startswith("@") else os.fsencode(text)


def _file(option: str, path: str, spec: RequestSpec) -> bytes:
    if path == "-":
        if not spec.stdin_is_free or sys.stdin is None:
            raise UsageError(f"{option} @-: stdin is the list of URLs; read the content or the list from a file")
        return sys.stdin.buffer.read()
    spec.files.append(path)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{option} @{path}: {error.strerror}") from None


def _credentials(spec: RequestSpec, login: Login | None) -> Credentials:
    digest = login if spec.digest else None
    if not (spec.netrc or spec.netrc_file):
        return Credentials(digest=digest)
    from netrc import NetrcParseError, netrc  # few runs need it

    path = Path(spec.netrc_file or os.environ.get("NETRC") or "~/.netrc").expanduser()
    try:
        hosts = netrc(path).hosts
    except NetrcParseError as error:  # its message may contain a password
        raise UsageError(f"{path}:{error.lineno}: not a valid line of a netrc file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    logins = {
        _machine(host): Login(name=name or "", password=password or "") for host, (name, _, password) in hosts.items()
    }
    default = logins.pop("default", None)
    return Credentials(machines=logins, default=default, digest=digest, netrc=str(path))


def _secrets(fields: tuple[tuple[str, str], ...], login: Login | None, credentials: Credentials) -> Iterator[str]:
    """The secrets in headers, --bearer among them, and in logins."""
    for name, value in fields:
        yield from secret_parts(name, value)
    for one in (login, credentials.default, *credentials.machines.values()):
        yield from one.secrets if one is not None else ()


def _machine(host: str) -> str:
    """A host of a netrc file as in URLs."""
    try:
        return canonical_host(host)
    except InvalidUrl:
        return host.lower()
