"""Compare a body with that of an earlier run."""

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.target import Rejected


def has_changed(response: Response | None, earlier: Earlier | None) -> bool | None:
    """Whether a body differs from the earlier one; None if there is none to compare."""
    if response is None or earlier is None or not earlier.sha256:
        return None
    return not (response.not_modified or response.from_cache) and response.sha256 != earlier.sha256


def is_unchanged(outcome: Outcome) -> bool:
    """Whether the body of a row is known to be the earlier one."""
    row = outcome.row
    return not isinstance(row, Rejected) and has_changed(outcome.response, row.earlier) is False
