"""The hosts that the user named: credentials and headers go to no others that only a fetched sitemap names."""

from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from fetchcli.core.errors import InputError, InvalidUrl
from fetchcli.core.model.policy import Policy
from fetchcli.core.object_url import is_object_url
from fetchcli.core.request.request import RequestOptions, for_unnamed_host
from fetchcli.core.settings import Reading
from fetchcli.core.url.parse import HttpUrl, parse_url
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat, Record

HTTP_PORT, HTTPS_PORT = 80, 443


class NamedHosts:
    """Origins (scheme, host, port) of the arguments and of the lists of the user.

    Files are looked through when a fetched sitemap first names an origin that is not known; what comes through a
    pipe counts once it was read.

    Args:
        inputs: the inputs of the run.
        reading: how they are read.
        policy: the request of the run, and whether every host is trusted with it.

    Attributes:
        tracked: rows of a pipe may be followed by a sitemap, so `add` must be told them.
        unnamed_request: the request for other hosts.
        redact: replaces the secrets of the run in what a fetched sitemap names.
    """

    def __init__(self, inputs: Iterable[Input], reading: Reading, policy: Policy) -> None:
        inputs = list(inputs)
        self._reading = reading
        self._trusts_all = policy.redirects.trusted
        self.redact: Callable[[str], str] = policy.credentials.redactor or str
        self.unnamed_request = for_unnamed_host(policy.request)
        self._origins: set[tuple[str, str, int]] = set()
        for source in inputs:
            if isinstance(source, Argument):
                self._add_text(source.text)
        files = [source for source in inputs if isinstance(source, File)]
        self._unread = [source for source in files if source.is_regular]
        self.tracked = len(inputs) > 1 and len(self._unread) < len(files)

    def add(self, url: HttpUrl) -> None:
        """The user named this URL."""
        self._origins.add((url.scheme, url.host, url.port))

    def fetched(self, request: RequestOptions, url: HttpUrl) -> tuple[RequestOptions, HttpUrl]:
        """The request for a URL that a fetched sitemap names, and the URL without secrets that it shows.

        Args:
            request: the request of the run.
            url: the URL.
        """
        if not (self._trusts_all or self._knows(url)):
            request = self.unnamed_request
        return request, msgspec.structs.replace(url, text=self.redact(url.text))

    def _knows(self, url: HttpUrl) -> bool:
        """Look an origin up, in the lists as well if need be."""
        if not self._has(url):
            while self._unread:
                self._add_list(self._unread.pop())
        return self._has(url)

    def _has(self, url: HttpUrl) -> bool:
        """The user named the origin of a URL, or the same host before it moved to https."""
        return (url.scheme, url.host, url.port) in self._origins or (
            (url.scheme, url.port) == ("https", HTTPS_PORT) and ("http", url.host, HTTP_PORT) in self._origins
        )

    def _add_list(self, source: File) -> None:
        with suppress(BadFormat, InputError):  # reported when the list is read for real
            for records in read_records(source.blocks(), source.name, self._reading)[1]:
                for record in records:
                    if not (record.problem or came_from_web(record)):
                        self._add_text(record.url)

    def _add_text(self, text: str) -> None:
        with suppress(InvalidUrl):  # it becomes a row that says so
            self.add(parse_url(text.strip(" \t")))


def came_from_web(record: Record) -> bool:
    """A row of results whose URL a fetched sitemap had named."""
    return record.origin is not None and "://" in (source := record.origin.source) and not is_object_url(source)
