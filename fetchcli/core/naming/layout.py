"""Names from URLs: the folder of a host, its pages, and the last part of a path."""

from urllib.parse import unquote_to_bytes

from fetchcli.core.url.parse import DEFAULT_PORT, HttpUrl

INDEX = "index.html"
MAX_DEPTH = 32  # folders below that of the host; what is deeper is one name


def host_name(url: HttpUrl) -> str:
    """``example.com``, or ``example.com+8080`` where the port is not the default, as wget writes it."""
    return url.host if url.port == DEFAULT_PORT[url.scheme] else f"{url.host}+{url.port}"


def query(url: HttpUrl) -> str:
    """The query, decoded; empty if there is none."""
    return decoded(url.target.partition("?")[2])


def plain_path(url: HttpUrl) -> str:
    """The path as it stands in the URL, if its components need no decoding; else empty. Most paths are plain."""
    target = url.target
    if "%" in target or "?" in target or "//" in target or target[-1] == "/" or target.count("/") > MAX_DEPTH + 1:
        return ""
    return target[1:]


def path_names(url: HttpUrl) -> list[str]:
    """The components of the path, decoded; the last is ``index.html`` for the page of a folder."""
    names = [decoded(name) for name in url.target.partition("?")[0].split("/")]
    last = names.pop() or INDEX
    names = [name for name in names if name]
    if len(names) > MAX_DEPTH:
        names, last = names[:MAX_DEPTH], "/".join((*names[MAX_DEPTH:], last))
    return [*names, last]


def page_names(url: HttpUrl) -> list[str]:
    """The components of the path, the query with the last one: ``index.html@page=2``."""
    names = path_names(url)
    if "?" in url.target:
        names[-1] += f"@{query(url)}"
    return names


def decoded(text: str) -> str:
    """Percent-encoded text, decoded as UTF-8 (RFC 3986 section 2.1); other bytes become surrogates."""
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape") if "%" in text else text
