"""The click command that reads configuration files, and errors that say where a value came from."""

import os
import re
from typing import Any

import click
from typer.core import TyperCommand

from fetchcli.cli.config import (
    Loaded,
    check_environment,
    contradicted,
    drop_contradicted,
    key_of,
    load,
    settings_of,
    variable_of,
)
from fetchcli.core.errors import UsageError

_ALONE = ("help", "version")
_YES = ("1", "true", "yes", "on", "t", "y")  # as click reads it
_NO = ("", "0", "false", "no", "off", "f", "n")
_OPTION = re.compile(r"(--?[A-Za-z0-9][A-Za-z0-9-]*)(?=[: ])")


class ConfiguredCommand(TyperCommand):
    """Looks for configuration before the options are read."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the files that the arguments ask for, then the arguments."""
        if not ctx.resilient_parsing:
            given, _, _ = self.make_parser(ctx).parse_args(list(args))
            if not any(given.get(name) for name in _ALONE):
                check_environment(self, os.environ)
                ctx.obj = self._load(given)
                flags = {name for name, value in given.items() if value not in (None, False, (), [])}
                variables = self._from_environment()
                for name in contradicted(flags, variables):
                    os.environ.pop(variable_of(name))
                drop_contradicted(ctx.obj, flags | variables)
                ctx.default_map = ctx.obj.values
        return super().parse_args(ctx, args)

    def _from_environment(self) -> set[str]:
        names = {option.name or "" for option in self.params}
        return {name for name in names if os.environ.get(variable_of(name), "").lower() not in _NO}

    def make_parser(self, ctx: click.Context) -> Any:
        """What a file switched on, the command line can switch off: ``--no-X`` for every flag."""
        parser = super().make_parser(ctx)
        for key, option in settings_of(self).items():
            if option.is_flag and not option.secondary_opts:
                parser.add_option(option, [f"--no-{key}"], dest=option.name, action="store_const", const=False)
        return parser

    def _load(self, given: dict[str, Any]) -> Loaded:
        if given.get("config") and given.get("no_config"):
            raise UsageError("-K and --no-config contradict each other; give one of them")
        path = given.get("config") or os.environ.get("FETCHCLI_CONFIG") or None
        told = not given.get("config") and os.environ.get("FETCHCLI_NO_CONFIG", "").lower() in _YES
        none = given.get("no_config") or told
        return Loaded({}, {}) if none else load(self, path)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what is wrong with a value is said of where it stands."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise UsageError(located(ctx, str(error))) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """All of them; what typer and click add is asked for by nobody's variable, and stands with our own."""
        parameters = super().get_params(ctx)
        for parameter in parameters:
            if isinstance(parameter, click.Option) and getattr(parameter, "rich_help_panel", None) is None:
                vars(parameter).update(rich_help_panel="Run", allow_from_autoenv=False)
        return parameters


def origin(ctx: click.Context, parameter: click.Parameter) -> str:
    """Where the value of a parameter came from: a variable, a file, or nothing for the command line and the default."""
    name = parameter.name or ""
    source = ctx.get_parameter_source(name)
    if source is click.core.ParameterSource.ENVIRONMENT:
        return variable_of(name)
    if source is click.core.ParameterSource.DEFAULT_MAP and isinstance(ctx.obj, Loaded):
        return f"{ctx.obj.origins.get(name, '')}: {key_of(parameter) if isinstance(parameter, click.Option) else name}"
    return ""


def located(ctx: click.Context | None, message: str) -> str:
    """A message that begins with an option, with the variable or the file that the value really came from."""
    match = _OPTION.match(message)
    if ctx is None or match is None:
        return message
    for parameter in ctx.command.params:
        if match[1] in (*parameter.opts, *parameter.secondary_opts) and (where := origin(ctx, parameter)):
            return f"{where}{message[match.end() :]}"
    return message
