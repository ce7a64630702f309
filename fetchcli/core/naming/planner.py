"""Give every row of a run the name of its file."""

from contextlib import AbstractContextManager
from functools import partial

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.redacted import redactor_of
from fetchcli.core.model.target import Target
from fetchcli.core.naming.claims import Claims
from fetchcli.core.naming.clean import with_suffix
from fetchcli.core.naming.layout import INDEX
from fetchcli.core.naming.template import Context, Redact, Template
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.secrets import MASK
from fetchcli.core.rows.key import row_key

_MASK_IN_NAMES = "xxx"  # the mask has characters that names must not have


class NamePlanner:
    """Gives names to rows.

    Args:
        template: makes the names.
        date: the date of the run.
        redactor: replaces the secrets of the run; None to show them.
        lock: held while names are given away, where several threads ask.
        raw: bodies are saved as they came, so their hash says nothing about the files.

    Attributes:
        late: names are known only with the response.
        addressed: equal names mean equal files.
    """

    def __init__(
        self,
        template: Template,
        date: str,
        redactor: Redactor | None = None,
        lock: AbstractContextManager[object] | None = None,
        *,
        raw: bool = False,
    ) -> None:
        self._template, self._date, self._redactor = template, date, redactor
        self.late, self.addressed = template.late, template.addressed and not raw
        self.numbered = template.numbered
        self.claims = Claims(lock)

    def wanted(self, row: Target, response: Response | None = None) -> str:
        """The name that the template makes; where a field is not known yet, its name stands in brackets."""
        return self._template.name(Context(row, response, self._redact(row), self._date))

    def planned(self, row: Target) -> str:
        """Claim the name of a row when it is read; empty if only the response will tell."""
        return "" if self.late else self.claims.claim(self.wanted(row), partial(row_key, row))

    def settled(self, row: Target) -> str:
        """The name that was claimed, as the rows that were read since have changed it."""
        return self.claims.settled(row.file_name)

    def final(self, row: Target, response: Response) -> str:
        """The name of the file of a response."""
        if row.file_name:
            return self.settled(row)
        wanted = self.wanted(row, response)
        return wanted if self.addressed else self.claims.claim(wanted, partial(row_key, row))

    def inside(self, row: Target, name: str) -> str:
        """Another name, because there is a folder of this name."""
        return self.claims.claim(f"{name}/{INDEX}", partial(row_key, row))

    def another(self, row: Target, name: str, number: int) -> str:
        """Another name, because files of earlier runs have this one and those with smaller numbers."""
        suffix = row_key(row) if number == 1 else f"{row_key(row)}-{number}"
        return self.claims.claim(with_suffix(name, suffix), partial(row_key, row))

    def beside(self, row: Target, name: str, taken: str) -> str:
        """Another name, because what would be its folder is a file of this run.

        Args:
            row: the row.
            name: the name.
            taken: the file.
        """
        folder = with_suffix(taken, row_key(row))
        return self.claims.claim(folder + name[len(taken) :], partial(row_key, row))

    def _redact(self, row: Target) -> Redact:
        redactor = redactor_of(row, self._redactor)
        return str if redactor is None else lambda text: redactor(text).replace(MASK, _MASK_IN_NAMES)
