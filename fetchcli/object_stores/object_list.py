"""Lists in object stores."""

from collections.abc import Iterator

from fetchcli.core.errors import InputError
from fetchcli.core.object_url import parse_object_url
from fetchcli.inputs.base import File
from fetchcli.object_stores.client import Bucket


class ObjectFile(File, frozen=True):
    """An object; it is read as it is needed, and never held as a whole."""

    def blocks(self) -> Iterator[bytes]:
        """Yield bytes as they come; raises InputError."""
        url = parse_object_url(self.name)
        try:
            yield from Bucket(url).read(url.key)
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror or error}") from None

    @property
    def is_regular(self) -> bool:
        """It can be read again."""
        return True

    @property
    def is_quick(self) -> bool:
        """Reading it twice costs twice the transfer."""
        return False

    def check(self) -> None:
        """Refuse an object that cannot be read; raises InputError."""
        url = parse_object_url(self.name)
        try:
            Bucket(url).size(url.key)
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror or error}") from None
