"""The man page, made of the help topics."""

import re

from fetchcli.cli.definitions import PANELS
from fetchcli.cli.help import ABOUT_ITSELF, INPUTS_HELP, flags_text, topics
from fetchcli.cli.option import Option
from fetchcli.core.errors import ExitCode
from fetchcli.run.help import page_lines
from tests.meta.docs import EXAMPLES, SUMMARY

OPENING = """.\\" Made from the help topics and the options: pytest tests/meta --regenerate
.TH FETCHCLI 1 "" "fetchcli" "User Commands"
.SH NAME
fetchcli \\- fetch many URLs at once and check the responses
.SH SYNOPSIS
.B fetchcli
.RI [ INPUT ]...
.RI [ OPTIONS ]"""


def man_page() -> str:
    """The page in the language of man(7)."""
    lines = [OPENING, ".SH DESCRIPTION", _text(SUMMARY), ".PP", _text(f"INPUT: {INPUTS_HELP}")]
    lines += [".SH EXAMPLES", ".nf", *map(_text, EXAMPLES), ".fi"]
    for panel in PANELS:
        lines.append(f".SH {panel.title.upper()} OPTIONS")
        lines += [line for option in panel.options for line in _option(option)]
    lines.append(".SH HELP AND COMPLETION")
    for flags, meaning in ABOUT_ITSELF:
        lines += [".TP", f".B {_text(flags)}", _text(meaning)]
    for topic, page in topics().items():
        lines += [f".SH {topic.upper()}", *_topic(page)]
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", f".B {int(code)}", _text(code.meaning)]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR curl (1)"]) + "\n"


def _topic(page: str) -> list[str]:
    """The text, the examples and the tables of a topic; options and exit codes have sections of their own."""
    page = re.sub(r"<!-- (options|exit-codes) -->.*?<!-- /\1 -->", "", page, flags=re.DOTALL)
    lines: list[str] = []
    before = "text"
    for kind, text in page_lines(page):
        if kind == "heading":
            continue
        if kind != before:
            lines.append(".nf" if kind == "code" else ".fi")
            before = kind
        lines.append(_code(text) if kind == "code" else _text(text) or ".PP")
    if before == "code":
        lines.append(".fi")
    return [
        line for line, following in zip(lines, [*lines[1:], ""], strict=True) if (line, following) != (".PP", ".PP")
    ]


def _option(option: Option) -> list[str]:
    initial = option.initial
    default = "" if initial in (None, True, False) else f" Default: {getattr(initial, 'value', initial)}."
    return [".TP", f".B {_text(flags_text(option))}", _text(f"{option.help}{default}")]


def _text(text: str) -> str:
    """Text in which nothing is a request to roff, with single blanks."""
    return _code(re.sub(r"[ \n]+", " ", text.replace("`", "")).strip())


def _code(text: str) -> str:
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"))
