"""The click command: it reads configuration files, answers --help, and names where a wrong value came from."""

import os
from typing import Any

import click
from typer.core import TyperCommand

from fetchcli.cli.config import Loaded, check_environment, drop_overridden, key_of, load, settings_of, variable_of
from fetchcli.cli.definitions import overridden
from fetchcli.cli.habits import translated
from fetchcli.cli.help import help_option
from fetchcli.cli.option import is_given
from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_ALONE = ("help", "version")
_YES = ("1", "true", "yes", "on", "t", "y")  # as click reads them
_NO = ("", "0", "false", "no", "off", "f", "n")
_OPTION = lazy_pattern(r"(--?[A-Za-z0-9][A-Za-z0-9-]*)(?=[: ])")


class ConfiguredCommand(TyperCommand):
    """Reads configuration files before the options."""

    _topic_option: click.Option | None = None  # click compares it by identity

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the configuration files that the arguments ask for, then the arguments."""
        if not ctx.resilient_parsing:
            args = translated(args)
            given, _, order = self.make_parser(ctx).parse_args(list(args))
            if not any(given.get(name) not in (None, False) for name in _ALONE):
                check_environment(self, os.environ)
                written = tuple(parameter.name or "" for parameter in order)
                ctx.obj = self._load(given)._replace(order=written)
                flags = {name for name, value in given.items() if is_given(value)}
                variables = self._from_environment()
                for name in overridden(flags, variables):
                    os.environ.pop(variable_of(name))
                drop_overridden(ctx.obj, flags | variables)
                ctx.default_map = ctx.obj.values
        return super().parse_args(ctx, args)

    def _from_environment(self) -> set[str]:
        names = {option.name or "" for option in self.params}
        return {name for name in names if os.environ.get(variable_of(name), "").lower() not in _NO}

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help [TOPIC]`` in place of click's."""
        if self._topic_option is None:
            self._topic_option = help_option(self.get_help_option_names(ctx))
        return self._topic_option

    def make_parser(self, ctx: click.Context) -> Any:
        """Add ``--no-X`` for every flag, so that the command line can switch off what a file switched on."""
        parser = super().make_parser(ctx)
        for key, option in settings_of(self).items():
            if option.is_flag and not option.secondary_opts:
                parser.add_option(option, [f"--no-{key}"], dest=option.name, action="store_const", const=False)
        return parser

    def _load(self, given: dict[str, Any]) -> Loaded:
        if given.get("config") and given.get("no_config"):
            raise UsageError("--config and --no-config cannot be combined")
        if given.get("config") == "":
            raise UsageError("--config: an empty name is not a file")
        path = given.get("config") or os.environ.get("FETCHCLI_CONFIG") or None
        off = not given.get("config") and os.environ.get("FETCHCLI_NO_CONFIG", "").lower() in _YES
        return Loaded({}, {}, []) if given.get("no_config") or off else load(self, path)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; an error names the variable or the file that a wrong value came from."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise UsageError(located(ctx, str(error))) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """All parameters; those that typer and click add go to the last panel and are not read from variables."""
        parameters = super().get_params(ctx)
        for parameter in parameters:
            if isinstance(parameter, click.Option) and getattr(parameter, "rich_help_panel", None) is None:
                vars(parameter).update(rich_help_panel="General", allow_from_autoenv=False)
        return parameters


def origin(ctx: click.Context, parameter: click.Parameter) -> str:
    """Where a value came from: a variable, or a file and its key; empty for the command line and the default."""
    name = parameter.name or ""
    source = ctx.get_parameter_source(name)
    if source is click.core.ParameterSource.ENVIRONMENT:
        return variable_of(name)
    if source is click.core.ParameterSource.DEFAULT_MAP and isinstance(ctx.obj, Loaded):
        return f"{ctx.obj.origins.get(name, '')}: {key_of(parameter) if isinstance(parameter, click.Option) else name}"
    return ""


def located(ctx: click.Context | None, message: str) -> str:
    """Replace the option at the start of a message by the variable or the file that its value came from."""
    match = _OPTION.match(message)
    if ctx is None or match is None:
        return message
    for parameter in ctx.command.params:
        if match[1] in (*parameter.opts, *parameter.secondary_opts) and (where := origin(ctx, parameter)):
            return f"{where}{message[match.end() :]}"
    return message
