"""Write the curl command that sends the same request as a row (curl's man page)."""

from base64 import b64decode
from collections.abc import Iterator
from ipaddress import IPv6Address

from fetchcli.core.curl.shell import printf, quote
from fetchcli.core.model.policy import Cookies, Network, Policy, Timeouts, Tls
from fetchcli.core.model.target import Target
from fetchcli.core.network.overrides import Detour
from fetchcli.core.network.proxies import Proxy
from fetchcli.core.request.credentials import Login
from fetchcli.core.request.request import EXPECTS_CONTENT, IDENTITY, RequestOptions, default_fields
from fetchcli.core.request.secrets import split_marks
from fetchcli.core.url.parse import HttpUrl

MAX_ARGUMENT = 100_000  # bytes: Linux takes 128 KiB in one argument
EXPECTS_CONTINUE = 1024 * 1024  # bytes from which on curl would send Expect
_BASIC = "Basic "


def curl_command(row: Target, policy: Policy, defaults: dict[str, str]) -> str:
    """The command on one line, for a POSIX shell.

    Args:
        row: the row.
        policy: the settings of the run.
        defaults: the headers that fetchcli sends by default.
    """
    request = row.request or policy.request
    words = ["curl", "-sS", "--http1.1", "--globoff", "--path-as-is"]
    if policy.redirects.follow:
        words += ["-L", "--max-redirs", str(policy.redirects.limit)]
    words += [
        *_method(request),
        *_credentials(row.url, request, policy),
        *_headers(request, defaults, with_jar=policy.cookies.any),
    ]
    words += _cookies(policy.cookies)
    pipe, content = _content(request)
    if policy.limits.rate is not None:
        words += ["--limit-rate", f"{policy.limits.rate:.0f}"]
    words += [
        *content,
        *_timeouts(policy.timeouts),
        *_network(row.network or policy.network, row.url),
        *_tls(policy.tls),
    ]
    return pipe + " ".join(quote(word) for word in [*words, row.url.public])


def _method(request: RequestOptions) -> Iterator[str]:
    has_content = request.content is not None or request.content_file is not None or bool(request.form)
    if request.method == "HEAD" and not has_content:
        yield "-I"
    elif request.method != ("POST" if has_content else "GET"):
        yield from ("-X", request.method)
    if request.method in EXPECTS_CONTENT and not has_content:
        yield from ("-H", "Content-Length: 0")


def _credentials(url: HttpUrl, request: RequestOptions, policy: Policy) -> Iterator[str]:
    """Credentials that are not a header of the user."""
    if any(name.lower() == "authorization" for name, _ in request.headers):
        return
    if (login := policy.credentials.digest) is not None:
        yield from ("--digest", "-u", f"{login.name}:{login.password}")
        return
    if url.authorization:
        yield from ("-u", _login(url.authorization))
    elif policy.credentials.netrc is not None:
        yield from ("--netrc-file", policy.credentials.netrc)


def _cookies(cookies: Cookies) -> Iterator[str]:
    for name in cookies.files:
        yield from ("-b", name)
    if cookies.jar is not None:
        yield from ("-c", cookies.jar)
    elif cookies.redirects and not cookies.files:
        yield from ("-b", "")


def _login(authorization: str) -> str:
    text = b64decode(authorization.removeprefix(_BASIC)).decode("utf-8", "surrogateescape")
    name, _, password = text.partition(":")
    return name if not password and len(split_marks(name)) > 1 else text  # one variable may hold both


def _headers(request: RequestOptions, defaults: dict[str, str], *, with_jar: bool) -> Iterator[str]:
    for name, value in default_fields(request, defaults):
        yield from ("-H", f"{name}: {value}")
        if name == "Accept-Encoding" and value != IDENTITY:
            yield "--compressed"
    if request.auto_referer:
        referer = next((value for name, value in request.headers if name.lower() == "referer"), "")
        yield from ("-e", f"{referer};auto")
    for name, value in request.headers:
        if name.lower() == "referer" and request.auto_referer:
            continue
        if name.lower() == "cookie" and "=" in value and with_jar:
            yield from ("-b", value)  # curl joins it with the cookies of the files
        elif name.lower() == "authorization" and value.startswith(_BASIC) and _is_login(value):
            yield from ("-u", _login(value))  # where a mark for the shell is visible
        else:
            yield from ("-H", f"{name};" if value == ";" else f"{name}: {value}" if value else f"{name}:")


def _is_login(value: str) -> bool:
    """Whether curl would build the same header from name and password."""
    try:
        decoded = b64decode(value.removeprefix(_BASIC), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return False
    name, colon, password = decoded.partition(":")
    printable = "".join(split_marks(decoded)).isprintable()
    return bool(colon) and printable and Login(name=name, password=password).basic == value


def _content(request: RequestOptions) -> tuple[str, list[str]]:
    """The pipe that feeds the content (or empty), and the options."""
    if request.content_file is not None:
        return "", ["-H", "Expect:", "--data-binary", f"@{request.content_file}"]
    if request.form:
        return "", ["-H", "Expect:", *(word for value in request.form for word in ("-F", value))]
    content = request.content
    if content is None:
        return "", []
    no_expect = ["-H", "Expect:"] if len(content) > EXPECTS_CONTINUE else []
    text = content.decode("utf-8", "surrogateescape")
    # One line per row, and nothing in it that controls a terminal.
    if len(content) <= MAX_ARGUMENT and text.isprintable():
        return "", [*no_expect, "--data-raw", text]
    return f"{printf(content)} | ", [*no_expect, "--data-binary", "@-"]


def _timeouts(timeouts: Timeouts) -> Iterator[str]:
    if timeouts.total is not None:
        yield from ("-m", f"{timeouts.total:g}")
    if timeouts.connect is not None:
        yield from ("--connect-timeout", f"{timeouts.connect:g}")


def _network(network: Network, url: HttpUrl) -> Iterator[str]:
    if (proxy := network.proxies.proxy_for(url)) is not None:
        yield from ("-x", _proxy(proxy))
    else:
        yield from ("--noproxy", "*")  # ignore the environment
    for pin in network.pins:
        yield from ("--resolve", f"{pin.host}:{pin.port}:{','.join(pin.addresses)}")
    for detour in network.detours:
        yield from ("--connect-to", _detour(detour))
    if network.unix_socket is not None:
        yield from ("--unix-socket", network.unix_socket)
    if network.dns_servers:
        yield from ("--dns-servers", ",".join(network.dns_servers))
    if network.family:
        yield f"-{network.family}"


def _proxy(proxy: Proxy) -> str:
    user = f"{proxy.user}:{proxy.password}@" if proxy.user or proxy.password else ""
    return proxy.text.replace("://", f"://{user}", 1)


def _detour(detour: Detour) -> str:
    ports = ["" if port is None else str(port) for port in (detour.port, detour.to_port)]
    return f"{_bracketed(detour.host)}:{ports[0]}:{_bracketed(detour.to_host)}:{ports[1]}"


def _bracketed(host: str) -> str:
    try:
        return f"[{IPv6Address(host)}]"
    except ValueError:
        return host


def _tls(tls: Tls) -> Iterator[str]:
    if not tls.verify:
        yield "-k"
    for option, path in (("--cacert", tls.cacert), ("--cert", tls.cert), ("--key", tls.key)):
        if path is not None:
            yield from (option, path)
    yield f"--tlsv{tls.minimum.value}"
