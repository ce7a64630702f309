"""Failures that are alike, counted together, in bounded memory."""

from heapq import nlargest

from fetchcli.core.model.outcome import NOT_RETRIED, Outcome, Verdict
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.summary.reasons import reason_of, what_of

MAX_GROUPS = 1_000
ALIKE = 3  # from this number on, failures that are alike are said once
_VARYING = lazy_pattern(r'"[^"]*"|[^\s"(]*\d[^\s",;:)]*')  # what differs between failures of one kind
BAD = frozenset({Verdict.FAILED, Verdict.REJECTED})


class FailureGroup:
    """Failures that are alike.

    Attributes:
        what: what they came to, in a word.
        count: how many there are.
        outcomes: those that come first in the input, fewer than `ALIKE`.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what, self._reason, self._same = what, reason, True
        self.count = 0
        self.outcomes: list[Outcome] = []

    def add(self, outcome: Outcome, reason: str) -> None:
        """Add a failure."""
        self.count += 1
        self._same = self._same and reason == self._reason
        self.outcomes = sorted([*self.outcomes, outcome], key=lambda kept: (kept.row.seq, kept.row.round))[: ALIKE - 1]

    @property
    def reason(self) -> str:
        """What all of them have in common."""
        return self._reason if self._same else _VARYING.sub("…", self._reason).removeprefix("…: ")


class FailureGroups:
    """All failures of a run.

    Attributes:
        count: all failures, also those beyond `MAX_GROUPS` kinds, which are in no group.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], FailureGroup] = {}
        self.count = 0

    def add(self, outcome: Outcome) -> FailureGroup | None:
        """Add an outcome; return its group if it is a failure that is counted."""
        if outcome.verdict not in BAD:
            return None
        self.count += 1
        what, reason = what_of(outcome), reason_of(outcome).partition(f"; {NOT_RETRIED}")[0]
        key = (what, _VARYING.sub("…", reason.replace(outcome.row.host, "…") if outcome.row.host else reason))
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= MAX_GROUPS:
                return None
            group = self._groups[key] = FailureGroup(what, reason)
        group.add(outcome, reason)
        return group

    def listed(self) -> list[FailureGroup]:
        """The groups, in the order of the rows that come first in the input."""
        return sorted(self._groups.values(), key=lambda group: group.outcomes[0].row.seq)

    def largest(self, number: int) -> list[FailureGroup]:
        """The groups with the most failures; may be called from another thread than `add`."""
        return nlargest(number, list(self._groups.values()), key=lambda group: group.count)
