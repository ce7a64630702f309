"""Read the results of an earlier run as a baseline."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fetchcli.core.baseline.compare import Baseline, Sample, row_signature
from fetchcli.core.errors import InputError
from fetchcli.core.settings import Reading, Selection
from fetchcli.inputs.base import File
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat, Record
from fetchcli.inputs.results import NO_RESULT, TornRow, is_result

_COLUMNS = ("verdict", "status", "error", "sha256", "time_total", "method")


def read_baseline(name: str, warn: Callable[[str], None]) -> Baseline:
    """Read a results file: JSON Lines, JSON or CSV, plain or compressed.

    Args:
        name: the file.
        warn: is told that the last row is torn.

    Raises:
        InputError: it cannot be read, or is not a results file.
    """
    source, baseline = File(name), Baseline()
    if not name:
        raise InputError("--baseline: an empty name is not a file")
    if not Path(name).exists():
        raise InputError(f"--baseline {name}: no such file; make one with -o jsonl:FILE")
    source.check()
    reading = Reading(keep=_COLUMNS, selection=Selection(only_failed=True))
    try:
        for records in read_records(source.blocks(), name, reading)[1]:
            for record in records:
                if not is_result(record):
                    raise BadFormat(NO_RESULT, record.line)
                verdict, *rest = record.carried
                _add(baseline, record, str(verdict), rest)
    except TornRow as torn:
        warn(f"--baseline {name}:{torn.line}: {torn.reason}; the rows before it are compared")
    except BadFormat as error:
        where = f"{name}:{error.line}" if error.line else name
        reason = NO_RESULT if "--keep" in error.reason else error.reason  # the user did not name its columns
        raise InputError(f"--baseline {where}: {reason}") from None
    if not baseline.rows:
        raise InputError(f"--baseline {name}: it contains no finished row")
    return baseline


def _add(baseline: Baseline, record: Record, verdict: str, rest: list[Any]) -> None:
    # In a file of somebody else they may be anything.
    scalars = (str(value) if isinstance(value, dict | list) else value for value in rest)
    status, error, sha256, seconds, method = (None if value == "" else value for value in scalars)
    try:
        time = None if seconds is None else float(seconds)
    except ValueError:
        time = None
    result = str(error if status is None else status)
    signature = row_signature(record.row_request, record.expect)
    baseline.add(
        method,
        record.tag,
        Sample(
            url=record.url, verdict=verdict, result=result, sha256=str(sha256 or ""), seconds=time, signature=signature
        ),
    )
