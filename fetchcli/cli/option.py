"""What an option is: one definition, from which parsing, help, configuration and documentation are made."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from fetchcli.cli.completion import Complete
from fetchcli.core.errors import UsageError
from fetchcli.core.settings import Settings

T = TypeVar("T")
Values = Mapping[str, Any]
DEFAULTS = Settings()


class Found(StrEnum):
    """Rights of a configuration file that was found, not named, over an option.

    It may come from somebody else: a repository that was cloned, an archive that was unpacked.
    """

    YES = "yes"
    BELOW = "below"  # its paths must be relative and stay inside the folder of the file
    NO = "no"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option.

    Attributes:
        flags: its names, short ones first: ``-c --concurrency``; ``--x/--no-x`` names both states of a flag.
        help: one line that starts with a verb or a noun.
        found: what a configuration file that was found may do with it; every option of such files says it.
        paths: the paths in a value, for `Found.BELOW`.
        protects: a file that was found must not change what the user's own file says.
        to: path of the value in `Settings`, such as ``policy.pace.rate``; empty where the panel's ``build`` sets it.
        type: ``bool`` for a flag, ``int``, ``str``, or an enum of the accepted words.
        choices: the accepted words where they are known only at run time.
        metavar: name of the value in help texts.
        parse: turns the value into the one in `Settings`; raises UsageError.
        default: as on the command line; by default the value at ``to``, written by ``show``.
        show: writes the value at ``to`` as the command line would.
        multiple: may be given several times.
        lines: a value may contain spaces, so an environment variable holds one value per line.
        minimum: smallest accepted number.
        alternatives: names of options that settle the same thing. From one source they cannot be combined; a
            flag replaces those of the environment, and the environment those of files.
        conflicts: names of options that cannot be combined with this one, wherever they come from.
        sets_aside: names of options of which values of a weaker source are dropped: a flag that protects is not
            weakened by a file.
        off: the value that stands for no value.
        requires: names of options of which at least one must be given, too.
        requires_for: the value that ``requires`` is about; None for any.
        config: may stand in a configuration file.
        environment: may stand in an environment variable.
        complete: completes the value in a shell.
        eager: evaluated before the others.
        common: shown in the short help.
    """

    flags: str
    help: str
    found: Found | None = None
    paths: Callable[[str], Iterable[str]] = lambda text: (text,)
    protects: bool = False
    to: str = ""
    type: type = str
    choices: tuple[str, ...] = ()
    metavar: str = ""
    parse: Callable[[Any], Any] | None = None
    default: Any = None
    show: Callable[[Any], str] | None = None
    multiple: bool = False
    lines: bool = False
    minimum: int | None = None
    alternatives: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    sets_aside: tuple[str, ...] = ()
    off: Any = None
    requires: tuple[str, ...] = ()
    requires_for: str | None = None
    config: bool = True
    environment: bool = True
    complete: Complete | None = None
    eager: bool = False
    common: bool = False

    @property
    def long(self) -> str:
        """The long flag that switches it on: ``--concurrency``."""
        return max((flag.partition("/")[0] for flag in self.flags.split()), key=len)

    @property
    def name(self) -> str:
        """The parameter name: ``concurrency``; Python keywords get an underscore."""
        name = self.long.lstrip("-").replace("-", "_")
        return f"{name}_" if name == "for" else name

    @property
    def initial(self) -> Any:
        """The default, as the command line would write it."""
        if self.default is not None or not self.to:
            return False if self.default is None and self.type is bool else self.default
        value: Any = DEFAULTS
        for part in self.to.split("."):
            value = getattr(value, part)
        if self.show is not None:
            return self.show(value)
        return None if self.multiple else value

    def value(self, given: Any) -> Any:
        """The value for `Settings`.

        Raises:
            UsageError: the text cannot be parsed; the message starts with the option.
        """
        if self.multiple:
            return tuple(self.parsed(item) for item in given or ())
        return self.parsed(given)

    def parsed(self, item: Any) -> Any:
        """One value, parsed; a UsageError starts with the option."""
        if self.parse is None or item is None:
            return item
        return parsed(self.long, self.parse, item)


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A group of options.

    Attributes:
        title: heading in help texts.
        topic: the help topic that lists the options.
        options: in the order of help texts.
        build: computes the values, by path in `Settings`, that depend on several options.
    """

    title: str
    topic: str
    options: tuple[Option, ...]
    build: Callable[[Values], dict[str, Any]] = lambda _: {}


def parsed(option: str, parse: Callable[[Any], T], text: Any) -> T:
    """Parse a value; a UsageError starts with the option."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None


def is_given(value: Any) -> bool:
    """Whether an option was given; flags that are off and empty lists do not count, but 0 and "" do."""
    return value is not None and value is not False and value not in ((), [])
