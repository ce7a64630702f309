"""The options of the request and of who asks -> `Request` and `Credentials`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fetchcli.cli.settings import read
from fetchcli.core.credentials import Credentials, Login
from fetchcli.core.errors import UsageError
from fetchcli.core.request import Request, check_header, parse_header
from fetchcli.core.row_request import JSON_LABELS
from fetchcli.core.secrets import Expander

EXPANDABLE = ("header", "user", "bearer", "rows")


class Flags(NamedTuple):
    """The options as they were given.

    Attributes:
        stdin_is_free: no list is read from it.
        leave_to_shell: what comes from the environment is to be filled in by somebody else.
    """

    method: str | None
    head: bool
    headers: list[str]
    data: list[str]
    json: list[str]
    form: list[str]
    cookie: str | None
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
    stdin_is_free: bool
    leave_to_shell: bool


class Asking(NamedTuple):
    """What the flags come to.

    Attributes:
        request: what is sent.
        credentials: who asks, where no header says so.
        expand_rows: fills in the headers of rows, or None.
    """

    request: Request
    credentials: Credentials
    expand_rows: Callable[[str], str] | None


def build(flags: Flags) -> Asking:
    """Put request and credentials together.

    Raises:
        UsageError: options that do not go together, a file that cannot be read, a variable that is not set.
    """
    expander = Expander(None if flags.leave_to_shell else os.environ)
    wanted = _expandable(flags.expand_env)

    def expanded(option: str, text: str) -> str:
        name = option.lstrip("-")
        return read(option, expander, text) if name in wanted else text

    lines = [line for text in flags.headers for line in _header_lines(text, flags)]
    fields = [_field(line, expanded) for line in lines]
    given = {name.lower() for name, _ in fields}
    login = _login(flags, expanded)
    # -H comes before the options that stand for a header, as with curl.
    fields += [field for field in _named(flags, login, expanded) if field[0].lower() not in given]
    content, labels = _content(flags)
    fields += [field for field in labels if field[0].lower() not in given]
    if flags.head and (flags.method is not None or content is not None):
        raise UsageError("-I asks with HEAD; leave out -I, or -X and the content")
    implied = "HEAD" if flags.head else "GET" if content is None else "POST"
    request = Request(implied if flags.method is None else flags.method, tuple(fields), content)
    return Asking(request, _credentials(flags, login), expander if "rows" in wanted else None)


def _expandable(text: str | None) -> set[str]:
    names = {name.strip() for name in (text or "").split(",") if name.strip()}
    if unknown := sorted(names - set(EXPANDABLE)):
        raise UsageError(f"--expand-env: {unknown[0]!r} is none of {', '.join(EXPANDABLE)}")
    return names


def _field(line: str, expanded: Callable[[str, str], str]) -> tuple[str, str]:
    """A header, its value filled in only now: what is wrong with the line is said without any secret."""
    name, value = read("-H", parse_header, line)
    value = expanded("--header", value).strip(" \t")
    read("-H", lambda _: check_header(name, value), line)
    return name, value


def _header_lines(text: str, flags: Flags) -> list[str]:
    if not text.startswith("@"):
        return [text]
    lines = _file("-H", text[1:], flags).decode("utf-8", "surrogateescape").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _login(flags: Flags, expanded: Callable[[str, str], str]) -> Login | None:
    if flags.user is None:
        if flags.digest:
            raise UsageError("--digest answers with the name and password of -u; give them")
        return None
    if flags.bearer is not None:
        raise UsageError("-u and --bearer are two ways to say who asks; give one of them")
    name, colon, password = flags.user.partition(":")
    if not colon and "${" not in name:
        raise UsageError("-u: write NAME:PASSWORD; nobody is there to be asked for a password")
    # A variable may hold the name, the password, or both.
    name, _, password = expanded("--user", flags.user).partition(":")
    return Login(name, password)


def _named(flags: Flags, login: Login | None, expanded: Callable[[str, str], str]) -> list[tuple[str, str]]:
    """The options that stand for a header."""
    if flags.cookie is not None and "=" not in flags.cookie:
        raise UsageError("-b: write NAME=VALUE; cookie files are not read")
    bearer = None if flags.bearer is None else f"Bearer {expanded('--bearer', flags.bearer)}"
    said = {
        "Authorization": login.basic if login is not None and not flags.digest else bearer,
        "Cookie": flags.cookie,
        "User-Agent": flags.user_agent,
        "Referer": flags.referer,
        "Range": None if flags.range is None else f"bytes={flags.range}",
        "Accept-Encoding": None if flags.compressed else "",
    }
    return [(name, value) for name, value in said.items() if value is not None]


def _content(flags: Flags) -> tuple[bytes | None, list[tuple[str, str]]]:
    """What ``-d``, ``--json`` or ``-F`` send, and the headers that say what it is."""
    if sum(map(bool, (flags.data, flags.json, flags.form))) > 1:
        raise UsageError("-d, --json and -F are three kinds of content; give one of them")
    if flags.json:
        pieces = [_piece("--json", text, flags) for text in flags.json]
        return b"".join(pieces), list(JSON_LABELS)
    if flags.form:
        import secrets  # what few runs need

        from fetchcli.core.multipart import encode_form, parse_part

        parts = [parse_part(text, lambda path: _file("-F", path, flags)) for text in flags.form]
        boundary = "-" * 24 + secrets.token_hex(11)
        return encode_form(parts, boundary), [("Content-Type", f"multipart/form-data; boundary={boundary}")]
    # A file loses its line ends, as with curl.
    pieces = [
        _piece("-d", text, flags).translate(None, b"\r\n\0") if text.startswith("@") else os.fsencode(text)
        for text in flags.data
    ]
    return (b"&".join(pieces) if flags.data else None), []


def _piece(option: str, text: str, flags: Flags) -> bytes:
    return _file(option, text[1:], flags) if text.startswith("@") else os.fsencode(text)


def _file(option: str, path: str, flags: Flags) -> bytes:
    if path == "-":
        if not flags.stdin_is_free or sys.stdin is None:
            raise UsageError(f"{option} @-: stdin is for the list; give a file, or the list as a file")
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{option} @{path}: {error.strerror}") from None


def _credentials(flags: Flags, login: Login | None) -> Credentials:
    digest = login if flags.digest else None
    if not (flags.netrc or flags.netrc_file):
        return Credentials(digest=digest)
    from netrc import NetrcParseError, netrc  # only who asks for it waits for it

    path = Path(flags.netrc_file or os.environ.get("NETRC") or "~/.netrc").expanduser()
    try:
        hosts = netrc(path).hosts
    except NetrcParseError as error:  # its message may hold a password
        raise UsageError(f"{path}:{error.lineno}: not a line of a netrc file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    logins = {host.lower(): Login(name or "", password or "") for host, (name, _, password) in hosts.items()}
    default = logins.pop("default", None)
    return Credentials(logins, default, digest, str(path))
