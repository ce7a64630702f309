"""``${NAME}``: secrets that stand in the environment and nowhere else."""

import re
from collections.abc import Mapping

from fetchcli.core.errors import UsageError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Expander:
    """Fills in values, and remembers which, so that nobody prints them.

    Attributes:
        used: values by name.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.used: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Replace every ``${NAME}``.

        Raises:
            UsageError: there is no such variable.
        """
        return _REFERENCE.sub(self._value, text) if "${" in text else text

    def _value(self, reference: re.Match[str]) -> str:
        name = reference[1]
        if name not in self._environment:
            raise UsageError(f"${{{name}}} is not set in the environment")
        self.used[name] = self._environment[name]
        return self.used[name]
