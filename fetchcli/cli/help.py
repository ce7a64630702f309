"""``--help``: the short help, a topic, or all options; and the option that asks for them."""

from collections.abc import Iterable, Mapping
from functools import cache
from textwrap import wrap
from typing import Any

import click

from fetchcli.cli.completion import words
from fetchcli.cli.definitions import PANELS
from fetchcli.cli.option import Option
from fetchcli.cli.quick import HELP

WIDTH = 79
BLOCK = WIDTH - 4  # a block of a page is indented by four columns
_COLUMN = 26  # where the meaning of an option starts
ALL = "all"
SHORT = HELP / "usage.txt"
USAGE = "fetchcli [INPUT]... [OPTIONS]"
INPUTS_HELP = "files with lists of URLs, - for stdin, or URLs. Default: a piped stdin."
ABOUT_ITSELF = (  # made by click and typer, not by a definition
    ("-h, --help [TOPIC]", "Show help: the most used options, a topic, or all options."),
    ("--install-completion", "Install completion for the current shell."),
    ("--show-completion", "Print the completion script of the current shell."),
)


@cache
def topics() -> Mapping[str, str]:
    """The pages in Markdown, by topic."""
    return {page.stem: page.read_text("utf-8") for page in sorted(HELP.glob("*.md"))}


def help_option(names: list[str]) -> click.Option:
    """``--help [TOPIC]``: the topic is optional, and a value that is no topic gets the short help."""
    return click.Option(
        names,
        is_flag=False,
        flag_value="",
        expose_value=False,
        is_eager=True,
        metavar="[TOPIC]",
        shell_complete=lambda _ctx, _parameter, written: words(lambda: [*topics(), ALL])(written),
        help=ABOUT_ITSELF[0][1],
        callback=_show,
    )


def _show(ctx: click.Context, _: click.Parameter, topic: str | None) -> None:
    if topic is None or ctx.resilient_parsing:
        return
    from fetchcli.run.help import show_page

    show_page(page(topic.lower()))
    ctx.exit()


def page(topic: str) -> str:
    """The page of a topic in Markdown; the short help if there is no such topic."""
    if topic == ALL:
        return all_options()
    if topic in topics():
        return topics()[topic]
    note = f"There is no help topic {topic!r}.\n\n" if topic else ""
    return note + SHORT.read_text("utf-8")


def all_options() -> str:
    """All options, panel by panel."""
    parts = [f"Usage: {USAGE}\n\nINPUT: {INPUTS_HELP}\n"]
    sections = [(f"{panel.title} (topic: {panel.topic})", options_block(panel.options)) for panel in PANELS]
    for title, block in [*sections, ("Help and completion", definitions(ABOUT_ITSELF, _COLUMN))]:
        lines = "\n".join(indented(block.splitlines()))
        parts.append(f"# {title}\n\n{lines}\n")
    return "\n".join(parts)


def options_block(options: Iterable[Option]) -> str:
    """Flags and meaning of options, in two columns."""
    return definitions([(flags_text(option), _meaning(option)) for option in options], _COLUMN)


def flags_text(option: Option) -> str:
    """``-c, --concurrency N``; a flag that is off by default is shown without its negation."""
    flags = ", ".join(flag.replace("/", ", ") for flag in option.flags.split())
    metavar = option.metavar or "|".join(_choices(option))
    return f"{flags} {metavar}".rstrip()


def _choices(option: Option) -> tuple[str, ...]:
    return option.choices or tuple(
        str(getattr(word, "value", word)) for word in getattr(option.type, "__members__", {}).values()
    )


def _meaning(option: Option) -> str:
    initial = option.initial
    if initial in (None, False, ""):
        return option.help
    shown = "on" if initial is True else getattr(initial, "value", initial)
    return f"{option.help} [{shown}]"


def definitions(rows: Iterable[tuple[str, str]], column: int) -> str:
    """Terms and their meanings in two columns, as a block of a page; a long term gets a line of its own."""
    lines: list[str] = []
    for term, meaning in rows:
        texts: list[Any] = wrap(meaning, BLOCK - column, break_on_hyphens=False) or [""]
        if len(term) > column - 2:
            lines.append(term)
            term = ""  # noqa: PLW2901 - its line is written
        lines += [f"{term:<{column}}{texts[0]}", *(f"{'':<{column}}{text}" for text in texts[1:])]
    return "\n".join(lines)


def described_formats(table: Iterable[Any]) -> list[tuple[str, str]]:
    """The names of formats, and their meanings with their extensions."""
    return [(known.name, f"{known.meaning} ({' '.join(known.extensions) or 'no extension'})") for known in table]


def indented(lines: Iterable[str]) -> list[str]:
    """The lines of a block of a page."""
    return [f"    {line}" for line in lines]
