"""Cookie files in Netscape's format, as curl reads and writes them.

A line has seven fields, separated by tabs: domain, whether subdomains get it, path, whether it is for https
only, when it expires (0: with the session), name, value. ``#HttpOnly_`` before the domain is no comment.
"""

from collections.abc import Iterable

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.request import CONTROL
from fetchcli.core.request.set_cookie import Cookie

HEADER = "# Netscape HTTP Cookie File\n\n"
HTTP_ONLY = "#HttpOnly_"
_NUMBER = lazy_pattern(r"-?[0-9]{1,18}")


def read_cookies(text: str, now: float) -> list[Cookie]:
    """The cookies of a file that have not expired, with or without its first line.

    Raises:
        UsageError: a line is not one of a cookie file; the message shows no value.
    """
    cookies = [
        _read_line(line.removesuffix("\r"), number)
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)
        if line.strip() and (not line.startswith("#") or line.startswith(HTTP_ONLY))
    ]
    return [cookie for cookie in cookies if cookie.expires is None or cookie.expires > now]


def _read_line(line: str, number: int) -> Cookie:
    fields = line.removeprefix(HTTP_ONLY).split("\t")
    if len(fields) == 6:
        fields.append("")  # an empty value, whose tab an editor has removed
    if len(fields) != 7 or not fields[0].strip(".") or not _NUMBER.fullmatch(fields[4]):
        raise UsageError(f"line {number}: expected seven fields separated by tabs, as in a Netscape cookie file")
    domain, subdomains, path, secure, expires, name, value = fields
    if CONTROL.search(line):
        raise UsageError(f"line {number}: a cookie contains a control character")
    return Cookie(
        name=name,
        value=value,
        domain=domain.removeprefix(".").lower(),
        host_only=subdomains.upper() != "TRUE",
        path=path if path.startswith("/") else "/",
        secure=secure.upper() == "TRUE",
        http_only=line.startswith(HTTP_ONLY),
        expires=float(expires) if int(expires) else None,
    )


def write_cookies(cookies: Iterable[Cookie]) -> str:
    """The file of these cookies."""
    return HEADER + "".join(f"{_write_line(cookie)}\n" for cookie in cookies if _fits(cookie))


def _write_line(cookie: Cookie) -> str:
    return "\t".join(
        (
            (HTTP_ONLY if cookie.http_only else "") + ("" if cookie.host_only else ".") + cookie.domain,
            "FALSE" if cookie.host_only else "TRUE",
            cookie.path,
            "TRUE" if cookie.secure else "FALSE",
            "0" if cookie.expires is None else str(int(cookie.expires)),
            cookie.name,
            cookie.value,
        )
    )


def _fits(cookie: Cookie) -> bool:
    """Whether the format can hold a cookie: not if it contains a tab."""
    return not any("\t" in text for text in (cookie.name, cookie.value, cookie.path))
