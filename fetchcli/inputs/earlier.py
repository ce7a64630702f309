"""Read the responses of an earlier run from its results file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fetchcli.core.errors import InputError
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.save import Saved
from fetchcli.core.revalidation.conditions import NOT_MODIFIED
from fetchcli.core.revalidation.table import EarlierResponses
from fetchcli.core.settings import Reading, Selection
from fetchcli.inputs.base import File
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat
from fetchcli.inputs.results import TornRow

OPTION = "--revalidate"
_COLUMNS = (
    "verdict",
    "method",
    "status",
    "url_effective",
    "header:etag",
    "header:last-modified",
    "content_type",
    "size_decoded",
    "sha256",
    "started_at",
)
_SAVED = ("saved_as", "size_saved")


def read_earlier(name: str, warn: Callable[[str], None]) -> EarlierResponses:
    """Read a results file: JSON Lines, JSON or CSV, plain or compressed. One that does not exist has no rows.

    Args:
        name: the file.
        warn: is told that the last row is torn.

    Raises:
        InputError: it cannot be read, or lacks the columns that are needed.
    """
    found = EarlierResponses()
    if not name:
        raise InputError(f"{OPTION}: an empty name is not a file")
    if not Path(name).exists() or not Path(name).stat().st_size:
        return found
    source = File(name)
    source.check()
    try:
        _read(source, name, (*_COLUMNS, *_SAVED), found)
    except TornRow as torn:
        warn(f"{OPTION} {name}:{torn.line}: {torn.reason}; the rows before it are used")
    except BadFormat as error:
        if any(column in error.reason for column in _SAVED):  # a CSV of a run that saved nothing
            return _without_saved(source, name, warn)
        raise _refused(name, error) from None
    return found


def _without_saved(source: File, name: str, warn: Callable[[str], None]) -> EarlierResponses:
    found = EarlierResponses()
    try:
        _read(source, name, _COLUMNS, found)
    except TornRow as torn:
        warn(f"{OPTION} {name}:{torn.line}: {torn.reason}; the rows before it are used")
    except BadFormat as error:
        raise _refused(name, error) from None
    return found


def _refused(name: str, error: BadFormat) -> InputError:
    where = f"{name}:{error.line}" if error.line else name
    reason = error.reason
    if "--keep" in reason:
        reason = (
            "it lacks columns; make it with --revalidate or --save, or --columns +header:etag,+header:last-modified"
        )
    return InputError(f"{OPTION} {where}: {reason}")


def _read(source: File, name: str, columns: tuple[str, ...], found: EarlierResponses) -> None:
    reading = Reading(keep=columns, selection=Selection(only_failed=True))
    for records in read_records(source.blocks(), name, reading)[1]:
        for record in records:
            verdict, method, *rest = (*record.carried, *[None] * (len(columns) + 2))[: len(_COLUMNS) + len(_SAVED)]
            earlier = _earlier(rest) if verdict == Verdict.OK else None
            if earlier is not None:
                found.add(record.url, str(method or "GET"), record.row_request, earlier)


def _earlier(values: list[Any]) -> Earlier | None:
    """The response of a row; None if it has no body to compare with. In a file of somebody else anything may stand."""
    texts = ["" if value is None or isinstance(value, dict | list) else str(value) for value in values]
    status, url, etag, modified, content_type, size, sha256, started, saved_as, size_saved = texts
    if not sha256 or not status.isdecimal() or len(status) != 3:
        return None
    try:
        seconds = datetime.fromisoformat(started).replace(tzinfo=UTC).timestamp() if started else 0.0
        saved = Saved(saved_as, int(size_saved)) if saved_as and size_saved else None
        return Earlier(
            sha256,
            url,
            200 if int(status) == NOT_MODIFIED else int(status),
            etag,
            modified,
            content_type,
            int(size or 0),
            saved,
            seconds,
        )
    except ValueError:
        return None
