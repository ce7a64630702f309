"""Rows by host or by tag: how many failed, how long they took, and how much they brought."""

from enum import StrEnum

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.distribution import Distribution
from fetchcli.core.summary.failure_groups import BAD

MAX_GROUPS = 10_000
MAX_EXACT = 1_000  # of the times of a group
OTHERS = "(others)"


class By(StrEnum):
    """What rows are grouped by."""

    HOST = "host"
    TAG = "tag"


class Share:
    """The rows of one host, or of one tag.

    Attributes:
        name: the host, or the tag.
        rows: how many rows there are.
        failed: those that failed or were rejected.
        latency: seconds of their responses.
        size_download: body bytes on the wire.
        retries: attempts beyond the first of each row.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = self.failed = self.size_download = self.retries = 0
        self.latency = Distribution(MAX_EXACT)
        self._began, self._ended = float("inf"), float("-inf")

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.rows += 1
        self.failed += outcome.verdict in BAD
        if not outcome.attempts:
            return
        last = outcome.attempts[-1]
        self.retries += max(outcome.attempt_count - 1, 0)
        self._began = min(self._began, outcome.attempts[0].started_at)
        self._ended = max(self._ended, last.started_at + last.elapsed)
        if (response := outcome.response) is not None and not response.from_cache:
            self.latency.add(last.elapsed)
            self.size_download += response.size_download

    @property
    def rate(self) -> float:
        """Rows a second, from the first request to the last answer; 0 if there was none."""
        return self.rows / (self._ended - self._began) if self._ended > self._began else 0.0


class Breakdown:
    """Groups outcomes, in bounded memory.

    Args:
        by: what they are grouped by.
    """

    def __init__(self, by: By) -> None:
        self.by = by
        self._shares: dict[str, Share] = {}

    def add(self, outcome: Outcome) -> None:
        """Count an outcome; skipped rows were not asked for, and do not count."""
        if outcome.verdict is Verdict.SKIPPED:
            return
        name = outcome.row.host if self.by is By.HOST else outcome.row.tag
        if name not in self._shares and len(self._shares) >= MAX_GROUPS:
            name = OTHERS
        share = self._shares.get(name)
        if share is None:
            share = self._shares[name] = Share(name)
        share.add(outcome)

    def listed(self) -> list[Share]:
        """Those with the most failures first, then those with the most rows."""
        return sorted(self._shares.values(), key=lambda share: (-share.failed, -share.rows, share.name))
