"""The URL of a row."""

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.pattern import lazy_pattern
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
