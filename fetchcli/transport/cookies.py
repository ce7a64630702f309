"""The cookies of rows: from files, along one chain of redirects, or in a jar that all rows share."""

import time
from collections.abc import Iterable

from fetchcli.core.model.policy import Cookies
from fetchcli.core.request.cookies import CookieJar
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.public_suffixes import is_public_suffix


class RowCookies:
    """Gives every row its jar.

    Args:
        cookies: what is asked for.

    Attributes:
        jar: the cookies of the run.
    """

    def __init__(self, cookies: Cookies) -> None:
        self._initial = cookies.initial
        self._each_its_own = cookies.redirects and cookies.jar is None
        self._stores = cookies.redirects or cookies.jar is not None
        self.jar = CookieJar(cookies.initial, is_public_suffix=is_public_suffix)

    def jar_of_row(self) -> CookieJar:
        """The jar of a new row."""
        return CookieJar(self._initial, is_public_suffix=is_public_suffix) if self._each_its_own else self.jar

    def header(self, jar: CookieJar, url: HttpUrl) -> str:
        """Value of the Cookie field for a request, or empty."""
        return jar.header(url.host, url.target, secure=url.scheme == "https", now=time.time())

    def store(self, jar: CookieJar, url: HttpUrl, lines: Iterable[bytes]) -> None:
        """Take the Set-Cookie fields of a response, if anything is to be kept."""
        if self._stores:
            jar.store(url.host, url.target, lines, secure=url.scheme == "https", now=time.time())
