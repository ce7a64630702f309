"""The hosts that the user named: credentials and headers go to no others that only a fetched sitemap names."""

from collections.abc import Iterable

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.model.policy import Policy
from fetchcli.core.request.request import Request, for_unnamed_host
from fetchcli.core.settings import Reading
from fetchcli.core.url.parse import HttpUrl, parse_url
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.formats import SITEMAP, format_by_extension

HTTPS_PORT = 443


class NamedHosts:
    """Origins (scheme, host, port) from the arguments, and from the lists of the user that were read so far.

    Args:
        inputs: the inputs of the run.
        reading: how they are read.
        policy: the request of the run, and whether every host is trusted with it.

    Attributes:
        tracked: lists may be fetched, so the hosts in all lists count; most runs need not remember them.
        unnamed_request: the request for other hosts.
    """

    def __init__(self, inputs: Iterable[Input], reading: Reading, policy: Policy) -> None:
        inputs = list(inputs)
        self._trusts_all = policy.redirects.trusted
        self.unnamed_request = for_unnamed_host(policy.request)
        self._origins: set[tuple[str, str, int]] = set()
        for source in inputs:
            if isinstance(source, Argument):
                self._add_text(source.text)
        self.tracked = reading.format == SITEMAP.name or any(
            isinstance(source, File) and format_by_extension(source.name) is SITEMAP for source in inputs
        )

    def _add_text(self, text: str) -> None:
        try:
            self.add(parse_url(text.strip(" \t")))
        except InvalidUrl:
            return  # it becomes a row that says so

    def add(self, url: HttpUrl) -> None:
        """The user named this URL."""
        self._origins.add((url.scheme, url.host, url.port))

    def request(self, request: Request, url: HttpUrl, *, fetched: bool) -> Request:
        """The request for a URL.

        Args:
            request: the request of the run.
            url: the URL.
            fetched: a fetched sitemap names it, not the user.
        """
        if not fetched:
            self.add(url)
        elif not self._trusts_all and not self._knows(url):
            return self.unnamed_request
        return request

    def _knows(self, url: HttpUrl) -> bool:
        """Whether the user named the origin of a URL, or the same host before it moved to https."""
        return (url.scheme, url.host, url.port) in self._origins or (
            (url.scheme, url.port) == ("https", HTTPS_PORT) and ("http", url.host, 80) in self._origins
        )
