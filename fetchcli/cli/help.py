"""``--help``: the short help, a topic, or all options; and the option that asks for them."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from textwrap import wrap
from typing import Any

import click

from fetchcli.cli.definitions import PANELS
from fetchcli.cli.option import Option

WIDTH = 79
_COLUMN = 26  # where the meaning of an option starts
_SHORT_COLUMN = 28
ALL = "all"
USAGE = "fetchcli [INPUT]... [OPTIONS]"
SUMMARY = "Fetch a list of URLs concurrently. Every row ends as exactly one true outcome."
EXAMPLES = (
    "fetchcli urls.txt --concurrency 50",
    "cut -f1 sites.tsv | fetchcli - -o jsonl | jq .status",
    "fetchcli smoke.csv --accept 200..299 -o junit:report.xml",
    "fetchcli rows.jsonl --only-failed",
)


@cache
def topics() -> Mapping[str, str]:
    """The pages in Markdown, by topic."""
    pages = (page for page in (files("fetchcli") / "help").iterdir() if page.name.endswith(".md"))
    return {
        page.name.removesuffix(".md"): page.read_text("utf-8") for page in sorted(pages, key=lambda page: page.name)
    }


def help_option(names: list[str]) -> click.Option:
    """``--help [TOPIC]``: the topic is optional, and a value that is no topic gets the short help."""
    return click.Option(
        names,
        is_flag=False,
        flag_value="",
        expose_value=False,
        is_eager=True,
        metavar="[TOPIC]",
        help="Show help: the most used options, a topic, or all options.",
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
    return note + short_help()


def short_help() -> str:
    """Usage, examples, the most used options, and the topics."""
    common = [option for panel in PANELS for option in panel.options if option.common]
    rows = [(flags_text(option), option.help.partition(". ")[0].rstrip(".")) for option in common]
    lines = [f"Usage: {USAGE}", "", SUMMARY, "", "Examples:", *(f"    {example}" for example in EXAMPLES), ""]
    lines += [
        "Most used options (`fetchcli --help all` shows all):",
        definitions(rows, _SHORT_COLUMN, indent="    "),
        "",
    ]
    lines += ["Topics (`fetchcli --help TOPIC`):", *_indented(wrap(" ".join(topics()), WIDTH - 4))]
    return "\n".join(lines) + "\n"


def all_options() -> str:
    """All options, panel by panel."""
    parts = [f"Usage: {USAGE}\n"]
    for panel in PANELS:
        block = "\n".join(_indented(options_block(panel.options).splitlines()))
        parts.append(f"# {panel.title} (topic: {panel.topic})\n\n{block}\n")
    return "\n".join(parts)


def options_block(options: Iterable[Option]) -> str:
    """Flags and meaning of options, in two columns."""
    return definitions([(flags_text(option), _meaning(option)) for option in options if not option.hidden], _COLUMN)


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


def definitions(rows: Iterable[tuple[str, str]], column: int, indent: str = "") -> str:
    """Terms and their meanings in two columns; a long term gets a line of its own."""
    lines: list[str] = []
    for term, meaning in rows:
        texts: list[Any] = wrap(meaning, WIDTH - len(indent) - column, break_on_hyphens=False) or [""]
        if len(term) > column - 2:
            lines.append(f"{indent}{term}")
            term = ""  # noqa: PLW2901 - its line is written
        lines += [f"{indent}{term:<{column}}{texts[0]}", *(f"{indent}{'':<{column}}{text}" for text in texts[1:])]
    return "\n".join(lines)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
