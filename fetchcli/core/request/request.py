"""Method, headers and content of a request, and what a redirect keeps of them."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110 section 9.2.2
ACCEPT_ENCODING = "gzip, deflate, br, zstd"  # what transport/decode.py decodes
IDENTITY = "identity"
AUTO_REFERER = ";auto"  # at the end of a Referer, as in curl's -e
FORM = "application/x-www-form-urlencoded"

_TOKEN = lazy_pattern(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = lazy_pattern(r"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING_HEADERS = {"content-length", "transfer-encoding"}  # fetchcli does the framing itself
# Headers that say who asks, for what form and for which part: they are no secrets, and hold for every hop.
KEPT_ACROSS_ORIGINS = frozenset({"user-agent", "accept", "accept-language", "accept-encoding", "range"})
EXPECTS_CONTENT = {"POST", "PUT", "PATCH"}  # RFC 9110 section 8.6


class RequestOptions(msgspec.Struct, frozen=True):
    """What is sent besides the URL.

    Attributes:
        method: the method.
        headers: names and values of the user's headers. They replace the default of the same name; an empty
            value removes it. The value ``";"`` stands for an empty value.
        content: the content, or None.
        content_file: path of a file to send instead; it is read when the request is made.
        form: values of ``--form`` to send instead; their files are read when the request is made.
        named: the user named the host; otherwise no credentials are sent, those of netrc for this host apart.
        auto_referer: after a redirect, the Referer is the URL that answered with it.
    """

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    content_file: str | None = None
    auto_referer: bool = False
    form: tuple[str, ...] = ()
    named: bool = True

    def __post_init__(self) -> None:
        """Validate the values (RFC 9112 section 3, RFC 9110 section 5)."""
        if not is_token(self.method):
            raise UsageError(f"{self.method!r} is not an HTTP method")
        if self.method == "CONNECT":
            raise UsageError("the method CONNECT is not supported; -x uses a proxy")
        for name, value in self.headers:
            check_header(name, value)

    @property
    def idempotent(self) -> bool:
        """Whether the method is idempotent."""
        return self.method in IDEMPOTENT


def default_headers(user_agent: str, *, identity: bool = False) -> dict[str, str]:
    """The headers that are sent unless the user replaces them; ``identity`` asks for bodies without a coding."""
    return {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": IDENTITY if identity else ACCEPT_ENCODING}


def asks_to_close(request: RequestOptions) -> bool:
    """Whether the user asks to close the connection after the response (RFC 9112 section 9.6)."""
    values = [value for name, value in request.headers if name.lower() == "connection"]
    return any(token.strip().lower() == "close" for value in values for token in value.split(","))


def has_conditions(request: RequestOptions) -> bool:
    """Whether the user asks for a range, or for a body on a condition (RFC 9110 sections 13.1 and 14.2)."""
    return any(name.lower() == "range" or name.lower().startswith("if-") for name, _ in request.headers)


def parse_header(text: str) -> tuple[str, str]:
    """Parse a header like curl's ``-H``: ``Name: value``, ``Name:`` (send none) or ``Name;`` (send it empty).

    Raises:
        UsageError: the text is not a well-formed header, or fetchcli sets this header itself.
    """
    name, colon, value = text.partition(":")
    if not colon and text.endswith(";"):
        name, colon, value = text[:-1], ":", ";"
    if not colon:
        shown = repr(text.split(maxsplit=1)[0] + " ..." if " " in text.strip() else text)  # the rest may be a secret
        raise UsageError(f"header {shown} has no colon; expected 'Name: value'")
    value = value.strip(" \t")
    check_header(name, value)
    return name, value


def is_token(text: str) -> bool:
    """Whether a text is a token (RFC 9110 section 5.6.2), as methods and header names are."""
    return _TOKEN.fullmatch(text) is not None


def check_header(name: str, value: str) -> None:
    """Validate a header of the user.

    Raises:
        UsageError: it is invalid; the message does not contain the value, which may be a secret.
    """
    if not is_token(name):
        raise UsageError(f"{name!r} is not a header name")
    if control := CONTROL.search(value):  # the value may be a secret and is not shown
        raise UsageError(f"header '{name}: ...' contains a control character (U+{ord(control[0]):04X})")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError(f"header '{name}: ...' contains a lone surrogate") from None
    if name.lower() in _FRAMING_HEADERS:
        raise UsageError(f"{name} is set by fetchcli itself")
    if name.lower() == "proxy-authorization":
        raise UsageError("put the credentials of a proxy into its URL: -x http://user:password@host")


def header_fields(request: RequestOptions, defaults: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The header fields without Host: the defaults, overridden and followed by the user's headers."""
    user_names = {name.lower() for name, _ in request.headers}
    fields = default_fields(request, defaults)
    if request.content is not None:
        if "content-type" not in user_names:
            fields.append(("Content-Type", FORM))
        fields.append(("Content-Length", str(len(request.content))))
    elif request.method in EXPECTS_CONTENT:
        fields.append(("Content-Length", "0"))
    fields += [(name, "" if value == ";" else value) for name, value in request.headers if value]
    return tuple((name, value) for name, value in fields if name.lower() != "host")


def default_fields(request: RequestOptions, defaults: dict[str, str]) -> list[tuple[str, str]]:
    """The defaults that the user does not override; part of a compressed body is of no use (RFC 9110 section 14.4)."""
    given = {name.lower(): value for name, value in request.headers}
    if given.get("range"):
        defaults = {**defaults, "Accept-Encoding": IDENTITY}
    return [(name, value) for name, value in defaults.items() if name.lower() not in given]


def user_host(request: RequestOptions) -> str | None:
    """The Host field that the user asks for, or None."""
    return next((value for name, value in request.headers if name.lower() == "host" and value not in ("", ";")), None)


def _is_for_all(name: str, *, has_content: bool) -> bool:
    """Accept a header of the user for any host: it is no secret, or says what the content is."""
    return name in KEPT_ACROSS_ORIGINS or (name == "content-type" and has_content)


def for_unnamed_host(request: RequestOptions) -> RequestOptions:
    """The request for a host that the user did not name: without headers that may be secrets, and credentials."""
    has_content = request.content is not None or request.content_file is not None or bool(request.form)
    headers = tuple(field for field in request.headers if _is_for_all(field[0].lower(), has_content=has_content))
    return msgspec.structs.replace(request, headers=headers, named=False)


def redirected(
    request: RequestOptions, status: int, *, same_origin: bool, same_host: bool = True, referer: str = ""
) -> RequestOptions:
    """The request after a redirect (RFC 9110 section 15.4).

    The method changes as in curl without ``-X``: POST to GET at 301 and 302, everything except HEAD to GET at
    303, nothing at 307 and 308. What describes the content goes with it. Another origin gets of the user's
    headers only those of `KEPT_ACROSS_ORIGINS`, and the Content-Type of what it is sent: any other may be a secret.

    Args:
        request: the request that was answered.
        status: the status of the answer.
        same_origin: scheme, host and port stay the same, or every host is trusted.
        same_host: the user's Host field still names the host.
        referer: the URL that answered, for ``auto_referer``.
    """
    method, content, content_file = request.method, request.content, request.content_file
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in {"GET", "HEAD"}):
        method, content, content_file = "GET", None, None
    has_content = content is not None or content_file is not None
    changed = method != request.method

    def stays(name: str) -> bool:
        if changed and name.startswith("content-"):
            return False
        return (same_origin and (name != "host" or same_host)) or _is_for_all(name, has_content=has_content)

    headers = tuple((name, value) for name, value in request.headers if stays(name.lower()))
    if request.auto_referer:
        headers = (*(field for field in headers if field[0].lower() != "referer"), ("Referer", referer))
    return msgspec.structs.replace(request, method=method, headers=headers, content=content, content_file=content_file)
