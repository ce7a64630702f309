"""A single URL at a terminal: what a person wants to see of it."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.save import Save, SaveOn
from fetchcli.core.settings import Settings
from fetchcli.sinks.formats import STDOUT

EXCERPT = 4 * 1024  # bytes of the body
WHOLE = 64 * 1024 * 1024  # bytes of the body that --body shows


def is_single(settings: Settings, *, stdout_is_terminal: bool) -> bool:
    """Whether the details of one URL are shown."""
    return (
        stdout_is_terminal
        and _is_one_url(settings)
        and not (settings.outputs or settings.quiet or settings.save is not None or settings.rounds.several)
        and settings.write_out is None
        and settings.by is None
    )


def with_body(settings: Settings, *, stdout_is_terminal: bool) -> Settings:
    """The settings with which the body of a single URL is kept, as far as it is shown.

    Where stdout is no terminal, ``--body`` is ``--save -``.

    Raises:
        UsageError: ``--body``, and more than one URL.
    """
    if settings.body and not _is_one_url(settings):
        raise UsageError("--body prints the body of a single URL; --save FOLDER/ saves the bodies of a list")
    if settings.body and not stdout_is_terminal:
        return msgspec.structs.replace(settings, save=Save(to=STDOUT, on=SaveOn.ALL))
    if not is_single(settings, stdout_is_terminal=stdout_is_terminal):
        return settings
    limits = settings.policy.limits
    limits = msgspec.structs.replace(limits, keep=max(limits.keep, WHOLE if settings.body else EXCERPT))
    return msgspec.structs.replace(settings, policy=msgspec.structs.replace(settings.policy, limits=limits))


def _is_one_url(settings: Settings) -> bool:
    return (
        len(settings.inputs) == 1
        and "://" in settings.inputs[0]
        and not (settings.reading.glob or settings.demo or settings.from_results or settings.dask)
        and settings.reading.query is None
    )
