"""Results that are uploaded while the run goes on, and stand under their name at its end."""

from fetchcli.core.object_url import parse_object_url
from fetchcli.object_stores.client import Bucket
from fetchcli.sinks.output import Output


class ObjectOutput(Output):
    """An object; one that was there stays as it is until this one is whole, or if this one cannot be written."""

    def _open(self, name: str) -> int | None:
        """Make sure that the object can be written; nothing is under its name."""
        url = parse_object_url(name)
        bucket = Bucket(url)
        bucket.check_writable(url.key)
        self._upload = bucket.upload(url.key)
        return None

    def lock(self) -> None:
        """An object that appears as a whole does not grow."""

    def begin(self) -> None:
        """Start writing."""
        self._thread.start()

    @property
    def identity(self) -> object:
        """What two outputs must not share."""
        return self.name

    def _write_all(self, block: bytes) -> None:
        if self._error is None and block:
            try:
                self._upload.write(block)
            except OSError as error:
                self._fail(error)

    def _release(self) -> None:
        """Give the object its name; drop what was uploaded if something failed."""
        if self._error is None and not self.crashed:
            try:
                self._upload.complete()
            except OSError as error:
                self._fail(error)
        else:
            self._upload.abort()
