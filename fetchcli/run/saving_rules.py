"""Which settings of ``--save`` make no sense together."""

import os
import sys

from fetchcli.core.errors import UsageError
from fetchcli.core.model.save import Existing, Save
from fetchcli.core.naming.destination import Destination, Kind


def check_save(save: Save, destination: Destination, *, late: bool) -> None:
    """Refuse settings that make no sense for this destination.

    Args:
        save: the settings.
        destination: where bodies go.
        late: names are known only with the response.

    Raises:
        UsageError: they make none.
    """
    if not hasattr(os, "O_NOFOLLOW") or os.open not in os.supports_dir_fd:
        raise UsageError(f"--save is not available on {sys.platform}")
    if save.existing is Existing.SKIP and late:
        raise UsageError("--skip-existing requires names that are known before the response: without ext, sha256, -J")
    if save.existing is Existing.KEEP and destination.kind not in (Kind.FILES, Kind.OBJECTS):
        raise UsageError("--no-clobber requires files, not a container or stdout")
    if save.existing is Existing.SKIP and destination.kind in (Kind.WARC, Kind.STDOUT):
        raise UsageError("--skip-existing requires files, a zip or a tar")
    in_container = destination.kind in (Kind.ZIP, Kind.TAR)
    if save.existing is Existing.SKIP and in_container and not save.resume:
        raise UsageError(f"--skip-existing: without -C - {save.to} is written anew; add -C -")
    if destination.kind is Kind.WARC and (save.remote_time or save.raw):
        raise UsageError("--remote-time and --save-raw make no difference to a WARC file; leave them out")
    if destination.kind is not Kind.WARC and save.warc_size is not None:
        raise UsageError("--warc-size requires --save FILE.warc or FILE.warc.gz")
    if destination.kind is Kind.OBJECTS and (save.remote_time or save.resume):
        raise UsageError("--remote-time and --continue-at require files or a container, not an object store")
    if destination.kind is Kind.STDOUT and (save.remote_time or save.resume):
        raise UsageError("--remote-time and --continue-at require files or a container, not stdout")
