"""``${NAME}`` references to environment variables, and which values are secret."""

import re
from collections.abc import Callable, Mapping

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

MASK = "***"
_REFERENCE = lazy_pattern(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ONLY_REFERENCES = lazy_pattern(r"(?:(?:Basic|Bearer|Token) +)?(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+", re.IGNORECASE)
_SECRET_NAME = lazy_pattern(
    r"auth|cookie|token|key|secret|pass|pwd|otp|jwt|dpop|session|credential|signature", re.IGNORECASE
)
# Marks around the name of a variable that the shell is to fill in: characters for private use, and a
# number that differs between processes, so that no text from outside is taken for a mark.
_OPEN, _CLOSE = f"\uf8f0{hash('mark') & 0xFFFFFFFF:x}.", "\uf8f1"
_MARKED_NAME = lazy_pattern(f"{_OPEN}([A-Za-z0-9_]+){_CLOSE}".replace(".", r"\."))


class Expander:
    """Replaces references, or leaves marks for the shell.

    Args:
        environment: values by name; None leaves marks, which `core.curl.shell.quote` turns into references.
        on_value: called with every value that replaces a reference.
    """

    def __init__(self, environment: Mapping[str, str] | None, on_value: Callable[[str], None] = lambda _: None) -> None:
        self._environment = environment
        self._on_value = on_value

    def __call__(self, text: str) -> str:
        """Replace every ``${NAME}``.

        Raises:
            UsageError: a variable is not set or is empty, as in a job without access to a secret.
        """
        return _REFERENCE.sub(self._value, text) if "${" in text else text

    def _value(self, reference: re.Match[str]) -> str:
        name = reference[1]
        if self._environment is None:
            return f"{_OPEN}{name}{_CLOSE}"
        value = self._environment.get(name, "")
        if not value:
            raise UsageError(f"${{{name}}} is {'empty' if name in self._environment else 'not set'} in the environment")
        self._on_value(value)
        return value


def split_marks(text: str) -> list[str]:
    """Text and variable names in turn, starting with text."""
    return _MARKED_NAME.split(text)


def is_secret(name: str) -> bool:
    """Whether a header of that name may contain a secret."""
    return _SECRET_NAME.search(name) is not None


def secret_parts(name: str, value: str) -> list[str]:
    """The secrets in a header whose name may contain one: the credentials, the values of cookies, or all of it."""
    if not is_secret(name):
        return []
    if name.lower() == "cookie":
        return [pair.partition("=")[2].strip() for pair in value.split(";")]
    scheme, _, credentials = value.strip().partition(" ")
    return [credentials.strip() or scheme] if name.lower().endswith("authorization") else [value]


def masked(value: str) -> str:
    """A secret, safe to show: a value that consists only of references is kept."""
    return value if not value or _ONLY_REFERENCES.fullmatch(value) else MASK
