"""Print the version, a schema, or the configuration instead of running."""

import click

from fetchcli._version import __version__
from fetchcli.core.settings import SchemaName


def print_about(schema: SchemaName | None, *, version: bool) -> None:
    """Print the version, a schema, or the configuration."""
    context = click.get_current_context()
    if version:
        click.echo(f"fetchcli {__version__}")
    elif schema is not None:
        from json import dumps

        from fetchcli.cli.print_schema import json_schema

        click.echo(dumps(json_schema(schema, context.command), indent=2))
    else:
        from fetchcli.cli.print_config import config_lines

        click.echo("\n".join(config_lines(context)))
