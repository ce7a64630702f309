"""What an earlier run has received for a row."""

import msgspec

from fetchcli.core.model.save import Saved


class Earlier(msgspec.Struct, frozen=True, gc=False):
    """The response of an earlier run to the same request, as a results file has it.

    Attributes:
        sha256: of the decoded body.
        url: the URL of the last request.
        status: its status.
        etag: the ETag field, or empty.
        last_modified: the Last-Modified field, or empty.
        content_type: the Content-Type field, or empty.
        size: decoded bytes of the body.
        saved: where the body was saved, or None.
        seconds: when it was asked for, since the epoch.
        lost: the body was saved, but is not where it was.
    """

    sha256: str
    url: str = ""
    status: int = 200
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    size: int = 0
    saved: Saved | None = None
    seconds: float = 0.0
    lost: bool = False
