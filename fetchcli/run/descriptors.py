"""Before the first request: make sure that there are enough file descriptors."""

import os
from contextlib import suppress

import msgspec

from fetchcli.core.errors import FetchcliError
from fetchcli.core.model.save import max_open_folders
from fetchcli.core.settings import Settings
from fetchcli.messages import print_message

# Standard streams, event loop, resolver, outputs, and some spare.
RESERVED = 20
# One in flight and one idle in the pool.
PER_SLOT = 2
# The pool of idle connections grows to four for each request, but takes only a quarter of all descriptors.
ENOUGH_PER_SLOT = 16
# The saving itself, and the temporary file of a body.
RESERVED_TO_SAVE, PER_SLOT_TO_SAVE = 8, 3


def occupy_standard_descriptors() -> None:
    """Open the null device where stdin, stdout or stderr is closed (``>&-``).

    Otherwise the next file or socket would get that number, rows would be written into it, and libuv
    would abort the process when closing it. Python's ``sys.stdout`` stays None.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def fit_descriptors(settings: Settings) -> Settings:
    """Raise the soft limit of descriptors to what the concurrency needs, or lower the concurrency."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return settings
    wanted, reserved, per_slot = settings.policy.concurrency, RESERVED, PER_SLOT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if settings.save is not None:
        reserved, per_slot = RESERVED + RESERVED_TO_SAVE + max_open_folders(hard), PER_SLOT_TO_SAVE
    for need in (wanted * ENOUGH_PER_SLOT + reserved, wanted * per_slot + reserved):
        if soft != resource.RLIM_INFINITY and soft < need:
            raised = need if hard == resource.RLIM_INFINITY else min(need, hard)
            with suppress(OSError, ValueError):  # macOS has a lower limit besides
                resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
                soft = raised
    fitting = (soft - reserved) // per_slot
    if soft != resource.RLIM_INFINITY and fitting < 1:
        raise FetchcliError(
            f"only {soft} open files are allowed (ulimit -n); at least {reserved + per_slot} are needed"
        )
    if soft == resource.RLIM_INFINITY or fitting >= wanted:
        return settings
    print_message(f"concurrency lowered from {wanted} to {fitting}: the limit is {soft} open files (ulimit -n)")
    policy = msgspec.structs.replace(settings.policy, concurrency=fitting)
    return msgspec.structs.replace(settings, policy=policy)
