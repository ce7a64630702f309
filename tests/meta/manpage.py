"""The man page, made from the same definitions as ``--help``."""

import re
from typing import Any

import click
import typer

from fetchcli.cli.app import HELP, app
from fetchcli.core.errors import EXIT_MEANING

OPENING = """.\\" Made from the definitions of the options: pytest tests/meta --regenerate
.TH FETCHCLI 1 "" "fetchcli" "User Commands"
.SH NAME
fetchcli \\- fetch a list of URLs concurrently; every line ends as exactly one true outcome
.SH SYNOPSIS
.B fetchcli
.RI [ OPTIONS ]
.RI [ INPUT ]...
"""


def man_page() -> str:
    """The page in the language of man(7)."""
    command = typer.main.get_command(app)
    paragraphs, _, examples = HELP.partition("\b\n")
    examples, _, rest = examples.partition("\n\n")
    lines = [OPENING.rstrip(), ".SH DESCRIPTION", _text(paragraphs), ".PP", _text(rest)]
    lines += [".SH EXAMPLES", ".nf", *map(_text, examples.splitlines()), ".fi"]
    argument = next(item for item in command.params if isinstance(item, click.Argument))
    lines += [".SH INPUT", _text(str(vars(argument)["help"]))]
    panels: dict[str, list[click.Option]] = {}
    for option in command.get_params(click.Context(command)):
        if isinstance(option, click.Option) and not option.hidden:
            panels.setdefault(vars(option)["rich_help_panel"], []).append(option)
    for panel, found in panels.items():
        lines += [f".SH {panel.upper()} OPTIONS", *(line for option in found for line in _option(option))]
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_MEANING.items():
        lines += [".TP", f".B {int(code)}", _text(meaning)]
    lines += [
        ".SH ENVIRONMENT",
        _text("Every option can be set by FETCHCLI_ and its name, as FETCHCLI_CONCURRENCY=20."),
    ]
    lines += [_text("The variables of proxies, NO_COLOR, SSL_CERT_FILE, SSL_CERT_DIR and NETRC are read as well.")]
    lines += [".SH FILES", ".TP", ".I fetchcli.toml", _text("Options by their long names; so does [tool.fetchcli] in")]
    lines += [_text("pyproject.toml. The nearest is read, up to the top of the repository, and one in the user's")]
    lines += [_text("configuration folder."), ".SH SEE ALSO", ".BR curl (1)"]
    return "\n".join(lines) + "\n"


def _option(option: click.Option) -> list[str]:
    flags = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
    metavar = "" if option.is_flag else f" {option.metavar or _choices(option)}"
    default = "" if option.is_flag or option.default in (None, "") else f" Default: {_value(option.default)}."
    return [".TP", f".B {_text(flags + metavar)}", _text(f"{option.help}{default}")]


def _choices(option: click.Option) -> str:
    choices = getattr(option.type, "choices", ())
    return "|".join(str(_value(choice)) for choice in choices)


def _value(value: Any) -> Any:
    return getattr(value, "value", value)


def _text(text: str) -> str:
    """Text that is no request: what roff would obey is escaped, and blanks are single."""
    text = text.replace("\\", "\\e").replace("-", "\\-").strip()
    return re.sub(r"^([.'])", r"\\&\1", re.sub(r"[ \n]+", " ", text))
