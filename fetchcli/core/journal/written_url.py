"""URLs of results: they were checked when the row was written, and parsing them again would take half the time."""

from functools import lru_cache

from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.parse import DEFAULT_PORT, HttpUrl

Origin = tuple[str, str, int]  # scheme, host, port
_ORIGIN = lazy_pattern(r"(https?)://(?:[^/?#]*@)?(?:\[([^\]/?#]*)\]|([^:/?#]*))(?::(\d{1,5}))?")


def written_url(text: str) -> HttpUrl:
    """The parts of a URL."""
    end = _end_of_origin(text)
    scheme, host, port = _origin(text[:end])
    return HttpUrl(scheme, host, port, text[end:], text)


def origin_of(text: str) -> Origin:
    """Scheme, host and port of a URL."""
    return _origin(text[: _end_of_origin(text)])


def host_of(text: str) -> str:
    """Host, and the port if it is not the default of the scheme."""
    return _host(text[: _end_of_origin(text)])


def _end_of_origin(text: str) -> int:
    end = text.find("/", len("https://"))
    return len(text) if end < 0 else end


@lru_cache(maxsize=4096)
def _origin(text: str) -> Origin:
    match = _ORIGIN.match(text)
    if match is None:  # a file of somebody else
        return "http", "", DEFAULT_PORT["http"]
    scheme = match[1]
    return scheme, match[2] or match[3] or "", int(match[4]) if match[4] else DEFAULT_PORT[scheme]


@lru_cache(maxsize=4096)
def _host(text: str) -> str:
    return HttpUrl(*_origin(text), "", "").authority
