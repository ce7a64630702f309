"""The command that continues this one, for the message of an interrupted run."""

import sys

import click

from fetchcli.cli.config import key_of
from fetchcli.cli.print_config import is_secret_value
from fetchcli.core.curl.shell import quote
from fetchcli.core.url.parse import mask_credentials

OPTION = "--resume"


def continuing_command(ctx: click.Context) -> str:
    """This command with ``--resume``; empty if a secret stands in it, because messages show none."""
    words = sys.argv[1:]
    if any("://" in word and mask_credentials(word) != word for word in words):
        return ""
    for parameter in ctx.command.params:
        given = ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        value = ctx.params.get(parameter.name or "")
        if isinstance(parameter, click.Option) and given and is_secret_value(key_of(parameter), value):
            return ""
    more = [] if ctx.params.get("resume") else [OPTION]
    return " ".join(map(quote, ("fetchcli", *words, *more)))
