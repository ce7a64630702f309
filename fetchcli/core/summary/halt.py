"""End a run that goes wrong before its list ends (GNU parallel's ``--halt``)."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

MIN_FAILED = 3  # failed rows before a share counts (as in parallel)
_FORM = lazy_pattern(r"(?P<when>soon|now),fail=(?P<number>\d{1,9})(?P<percent>%?)")


class Halt(msgspec.Struct, frozen=True):
    """A condition to end the run.

    Attributes:
        text: the option as given.
        now: cancel requests in flight, too.
        failed: number of failed or rejected rows, or None.
        share: share (0-1) of the finished rows, at least `MIN_FAILED`; or None.
    """

    text: str
    now: bool
    failed: int | None = None
    share: float | None = None

    def reason(self, failed: int, ended: int) -> str:
        """Why to end the run after this many finished and failed rows, or empty."""
        if self.failed is not None and failed >= self.failed:
            return f"{failed:,} {'row' if failed == 1 else 'rows'} failed ({self.text})"
        if self.share is not None and failed >= max(MIN_FAILED, self.share * ended):
            return f"{failed:,} of {ended:,} rows failed ({self.text})"
        return ""


def parse_halt(text: str) -> Halt | None:
    """Parse ``soon,fail=3``, ``now,fail=10%`` or ``never``.

    Raises:
        UsageError: the text has another form.
    """
    if text == "never":
        return None
    form = _FORM.fullmatch(text.strip())
    number = int(form["number"]) if form else 0
    if form is None or number < 1 or (form["percent"] and number > 100):
        raise UsageError(f"{text!r}: expected soon,fail=3, now,fail=10% or never")
    now, option = form["when"] == "now", f"--halt {text.strip()}"
    return Halt(option, now, None, number / 100) if form["percent"] else Halt(option, now, number)


FAIL_FAST = Halt("--fail-fast", now=True, failed=1)
