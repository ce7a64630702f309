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
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat
from fetchcli.inputs.results import NO_RESULT, TornRow, is_result

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
    "variant",
    "saved_as",
    "size_saved",
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
    if name == STDIN:
        raise InputError(f"{OPTION} -: expected a file; stdin is for the list")
    if not Path(name).exists():
        warn(f"{OPTION} {name}: no such file yet, so every row is fetched")
        return found
    if not Path(name).stat().st_size:
        return found
    source = File(name)
    source.check()
    for columns in (_COLUMNS, _COLUMNS[: -len(_SAVED)]):  # a CSV of a run that saved nothing lacks the last ones
        try:
            _read(source, name, columns, found)
        except TornRow as torn:
            warn(f"{OPTION} {name}:{torn.line}: {torn.reason}; the rows before it are used")
        except BadFormat as error:
            if columns is _COLUMNS and any(column in error.reason for column in _SAVED):
                continue
            raise _refused(name, error) from None
        break
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
            if not is_result(record):
                raise BadFormat(NO_RESULT, record.line)
            values = dict(zip(_COLUMNS, (*record.carried, *[None] * len(_COLUMNS)), strict=False))
            earlier = _earlier(values) if values["verdict"] == Verdict.OK else None
            if earlier is not None:
                method, variant = str(values["method"] or "GET"), str(values["variant"] or "")
                found.add(record.url, method, variant, record.row_request, earlier)


def _earlier(values: dict[str, Any]) -> Earlier | None:
    """The response of a row; None if it has no body to compare with. In a file of somebody else anything may stand."""
    text = {
        name: "" if value is None or isinstance(value, dict | list) else str(value) for name, value in values.items()
    }
    if not text["sha256"] or not text["status"].isdecimal() or len(text["status"]) != 3:
        return None
    status, started = int(text["status"]), text["started_at"]
    try:
        return Earlier(
            text["sha256"],
            text["url_effective"],
            200 if status == NOT_MODIFIED else status,
            text["header:etag"],
            text["header:last-modified"],
            text["content_type"],
            int(text["size_decoded"] or 0),
            Saved(text["saved_as"], int(text["size_saved"])) if text["saved_as"] and text["size_saved"] else None,
            datetime.fromisoformat(started).replace(tzinfo=UTC).timestamp() if started else 0.0,
        )
    except ValueError:
        return None
