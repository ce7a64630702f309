"""When a run that goes wrong is ended before its list is (GNU parallel's ``--halt``)."""

import re

import msgspec

from fetchcli.core.errors import UsageError

LEAST_FAILED = 3  # rows, before a share of them says anything (as with parallel)
_FORM = re.compile(r"(?P<when>soon|now),fail=(?P<number>\d{1,9})(?P<percent>%?)")


class Halt(msgspec.Struct, frozen=True):
    """A condition.

    Attributes:
        text: the option, as it was given.
        now: what is in flight is given up, too.
        failed: so many rows that failed or were rejected.
        share: or so many (0-1) of the rows that ended, and `LEAST_FAILED`.
    """

    text: str
    now: bool
    failed: int | None = None
    share: float | None = None

    def reason(self, failed: int, ended: int) -> str:
        """Why to halt after so many rows have ended, and so many of them failed; or nothing."""
        if self.failed is not None and failed >= self.failed:
            return f"{failed:,} {'row' if failed == 1 else 'rows'} failed ({self.text})"
        if self.share is not None and failed >= max(LEAST_FAILED, self.share * ended):
            return f"{failed:,} of {ended:,} rows failed ({self.text})"
        return ""


def parse_halt(text: str) -> Halt | None:
    """Read ``soon,fail=3``, ``now,fail=10%`` or ``never``.

    Raises:
        UsageError: anything else.
    """
    if text == "never":
        return None
    form = _FORM.fullmatch(text.strip())
    number = int(form["number"]) if form else 0
    if form is None or number < 1 or (form["percent"] and number > 100):
        raise UsageError(f"{text!r}: write soon,fail=3 or now,fail=10%; or never")
    now, option = form["when"] == "now", f"--halt {text.strip()}"
    return Halt(option, now, None, number / 100) if form["percent"] else Halt(option, now, number)


FAIL_FAST = Halt("--fail-fast", now=True, failed=1)
