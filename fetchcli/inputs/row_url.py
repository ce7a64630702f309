"""The URL of a row."""

from collections.abc import Callable
from urllib.parse import urljoin

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.added_query import with_query
from fetchcli.core.url.parse import HttpUrl, parse_url
from fetchcli.inputs.lines import MAX_LINE

_MASKED = lazy_pattern(r"[a-zA-Z]+://[^/?#]*\*\*\*@")


def row_url(text: str) -> HttpUrl:
    """Parse the URL of a row; raises InvalidUrl, also for one that results have masked."""
    if len(text) > MAX_LINE:
        raise InvalidUrl(f"a URL of more than {MAX_LINE} bytes")
    if "***@" in text and _MASKED.match(text):
        raise InvalidUrl("the password is masked; expected the real one")
    return parse_url(text)


def url_parser(base: str, query: str) -> Callable[[str], HttpUrl]:
    """What parses the URLs of rows.

    Args:
        base: relative URLs are resolved against it (RFC 3986 section 5); empty to refuse them.
        query: what is added to the query of every URL, or empty.
    """
    if not (base or query):
        return row_url

    def parse(text: str) -> HttpUrl:
        url = _resolved(text, base) if base else text
        return row_url(with_query(url, query) if query else url)

    return parse


def _resolved(text: str, base: str) -> str:
    try:
        return urljoin(base, text)
    except ValueError:  # brackets without an address between them
        return text
