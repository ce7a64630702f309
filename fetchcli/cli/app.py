"""The command: options -> Settings -> run -> exit code."""

import inspect
from typing import Annotated, Any

import click
import typer

from fetchcli.cli.about import print_about, print_names
from fetchcli.cli.build import build_settings
from fetchcli.cli.command import ConfiguredCommand
from fetchcli.cli.continuing import continuing_command
from fetchcli.cli.definitions import PANELS
from fetchcli.cli.help import INPUTS_HELP
from fetchcli.cli.option import Option, Panel
from fetchcli.core.errors import ExitCode
from fetchcli.messages import print_message
from fetchcli.run.descriptors import fit_descriptors

app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "FETCHCLI"})


class _Lines(click.types.StringParamType):
    """Text that may contain spaces: an environment variable holds one value per line."""

    envvar_list_splitter = "\n"


def _parameter(option: Option, panel: Panel) -> inspect.Parameter:
    """The parameter of the command's function that Typer makes an option of."""
    extra: dict[str, Any] = {}
    if option.choices:
        extra["click_type"] = click.Choice(option.choices)
    elif option.lines:
        extra["click_type"] = _Lines()
    if option.complete is not None:
        extra["autocompletion"] = option.complete
    if not option.environment:
        extra["allow_from_autoenv"] = False
    if option.name.endswith("_"):
        extra["envvar"] = f"FETCHCLI_{option.name.rstrip('_').upper()}"
    kind: Any = list[str] if option.multiple else option.type
    initial = option.initial
    typer_option = typer.Option(
        *reversed(option.flags.split()),
        help=option.help,
        metavar=option.metavar or None,
        min=option.minimum,
        is_eager=option.eager,
        rich_help_panel=panel.title,
        show_envvar=False,
        show_default=bool(initial),
        **extra,
    )
    annotation: Any = Annotated[kind if initial is not None else kind | None, typer_option]
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=initial, annotation=annotation)


def fetchcli(inputs: list[str] | None, **values: Any) -> int:
    """Build the settings from the options, and run."""
    if values["version"] or values["print_config"] or values["print_schema"]:
        print_about(values["print_schema"], version=values["version"])
        return ExitCode.OK
    if "help" in (values["columns"], *(values["output"] or ())):
        print_names(formats="help" in (values["output"] or ()))
        return ExitCode.OK
    loaded = click.get_current_context().obj
    if values["verbose"]:
        for name in loaded.files:
            print_message(f"configuration: {name}")
    command = continuing_command(click.get_current_context())
    context = {"config_files": loaded.files, "order": loaded.order, "continuing_command": command}
    settings = build_settings(inputs or [], {**values, **context})
    from fetchcli.run.start import start  # asyncio and everything else, which --help does not need

    return start(fit_descriptors(settings))


def _signature() -> inspect.Signature:
    """The signature of `fetchcli`, made from the definitions of the options."""
    argument = typer.Argument(metavar="[INPUT]...", help=INPUTS_HELP, show_default=False)
    inputs = inspect.Parameter(
        "inputs",
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=None,
        annotation=Annotated[list[str] | None, argument],
    )
    options = [_parameter(option, panel) for panel in PANELS for option in panel.options]
    return inspect.Signature([inputs, *options], return_annotation=int)


fetchcli.__signature__ = _signature()  # type: ignore[attr-defined]
app.command(cls=ConfiguredCommand)(fetchcli)
