"""One bucket of an object store: the only module that imports obstore."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fetchcli.core.errors import missing_extra
from fetchcli.core.object_url import ObjectUrl
from fetchcli.object_stores.problems import HOPELESS, NO_CREDENTIALS, translated

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import RetryConfig

PART = 8 * 1024 * 1024  # bytes of a part of an upload; a store takes 10,000 of them
PARTS_AT_ONCE = 2  # that are on their way
FIRST_RANGE, MAX_RANGE = 256 * 1024, 4 * 1024 * 1024  # bytes that are asked for at once
BLOCK = 64 * 1024
REQUEST_TIMEOUT = "300s"  # a part over a slow line takes its time
_RETRIES, _RETRY_SECONDS, _MAX_PAUSE = 6, 60, 3
_PREFIXES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
_KEYS = (
    *("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
_CLIENT_OPTIONS = (
    *("allow_http", "allow_invalid_certificates", "connect_timeout", "pool_idle_timeout", "pool_max_idle_per_host"),
    *("proxy_url", "proxy_ca_certificate", "proxy_excludes", "read_timeout", "timeout", "user_agent"),
)


class Bucket:
    """A bucket. Methods block, may be called by any thread, and raise OSError.

    Args:
        url: an address in it; credentials and endpoint come from the environment.

    Raises:
        UsageError: obstore is not installed.
        OSError: there are no credentials, or the environment makes no sense.
    """

    def __init__(self, url: ObjectUrl) -> None:
        try:
            import obstore
            from obstore.store import from_url
        except ImportError:
            raise missing_extra("An object store", "obstore", "s3") from None
        self._library, self._scheme = obstore, url.scheme
        if url.scheme == "s3":
            _require_credentials()
        pause = {"max_backoff": timedelta(seconds=_MAX_PAUSE)}
        retry: Any = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_SECONDS), "backoff": pause}
        self._retry: RetryConfig = retry
        with translated(self._scheme):
            self._store: Any = from_url(url.root, retry_config=retry, client_options=_client_options(url.scheme))

    def size(self, key: str) -> int:
        """The bytes of an object."""
        return int(self._about(key)["size"])

    def read(self, key: str) -> Iterator[bytes]:
        """The content of an object, asked for piece by piece: a slow reader keeps no connection open.

        Every piece is of the version that the first one is of.
        """
        about = self._about(key)
        start, length = 0, FIRST_RANGE
        while start < about["size"]:
            options: Any = {"range": (start, min(start + length, about["size"])), "if_match": about["e_tag"]}
            with translated(self._scheme):
                data = bytes(self._library.get(self._store, key, options=options).bytes())
            for at in range(0, len(data), BLOCK):
                yield data[at : at + BLOCK]
            start, length = start + len(data), min(2 * length, MAX_RANGE)

    def put(self, key: str, data: bytes, *, create: bool) -> None:
        """Write an object in one piece.

        Args:
            key: its name.
            data: its content.
            create: raise FileExistsError if there is one of this name.
        """
        with translated(self._scheme):
            self._library.put(self._store, key, data, mode="create" if create else "overwrite", use_multipart=False)

    def put_blocks(self, key: str, blocks: Iterable[bytes]) -> None:
        """Write an object in parts, whatever there is of this name; an exception of ``blocks`` aborts it."""
        with translated(self._scheme):
            self._library.put(
                self._store, key, iter(blocks), use_multipart=True, chunk_size=PART, max_concurrency=PARTS_AT_ONCE
            )

    def upload(self, key: str) -> "Upload":
        """Write an object whose content comes bit by bit."""
        with translated(self._scheme):
            writer = self._library.open_writer(self._store, key, buffer_size=PART, max_concurrency=PARTS_AT_ONCE)
        return Upload(writer, self._scheme)

    def check_writable(self, key: str) -> None:
        """Make sure that an object can be written: begin an upload, and abort it."""
        try:
            self._library.put(self._store, key, _Nothing(), use_multipart=True)
        except _NothingWrittenError:
            return
        except Exception as error:
            if "Error performing DELETE" not in str(error):  # some may write, and not abort
                with translated(self._scheme):
                    raise

    def keys(self, prefix: str) -> Iterator[str]:
        """The names of the objects below a folder; empty for the whole bucket."""
        with translated(self._scheme):
            for batch in self._library.list(self._store, prefix or None):
                for about in batch:
                    yield about["path"]

    def _about(self, key: str) -> Any:
        with translated(self._scheme):
            try:
                return self._library.head(self._store, key)
            except Exception as error:
                if "status code: 4" in str(error):  # why is said only to GET
                    self._library.get(self._store, key)
                raise


class Upload:
    """An object that is being written: it stands under its name once it is completed. Methods raise OSError."""

    def __init__(self, writer: "WritableFile", scheme: str) -> None:
        self._writer, self._scheme = writer, scheme

    def write(self, data: bytes) -> None:
        """Add bytes; waits while too many parts are on their way."""
        with translated(self._scheme):
            self._writer.write(data)

    def complete(self) -> None:
        """Write what is left, and give the object its name."""
        with translated(self._scheme):
            self._writer.close()

    def abort(self) -> None:
        """Remove what was uploaded, as far as the store answers."""
        with suppress(OSError), translated(self._scheme):
            self._writer.__exit__(OSError, OSError(), None)


class _NothingWrittenError(BaseException):
    """Aborts an upload; `translated` lets it pass."""


class _Nothing:
    """Aborts the upload that asks for its content."""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        raise _NothingWrittenError


def _require_credentials() -> None:
    """Ask no metadata service if the user forbids that; the library does not know the variable."""
    disabled = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
    if disabled and not any(os.environ.get(name) for name in _KEYS):
        raise OSError(HOPELESS, NO_CREDENTIALS)


def _client_options(scheme: str) -> Any:
    """The library takes these from the environment only if no other is given."""
    prefix = _PREFIXES[scheme]
    given = {name: os.environ[prefix + name.upper()] for name in _CLIENT_OPTIONS if prefix + name.upper() in os.environ}
    return {"timeout": REQUEST_TIMEOUT, **given}
