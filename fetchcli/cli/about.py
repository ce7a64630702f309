"""Print the version, a schema, or the configuration instead of running."""

import click

from fetchcli._version import __version__
from fetchcli.core.settings import SchemaName


def print_names(*, formats: bool) -> None:
    """Print the formats that ``-o`` writes, or the columns of rows, with their meanings."""
    from fetchcli.cli.help import definitions, described_formats
    from fetchcli.core.rows.columns import ALL_COLUMNS, HEADER
    from fetchcli.run.formats import OUTPUT_FORMATS

    if formats:
        rows = described_formats(OUTPUT_FORMATS)
    else:
        rows = [(column.name, column.doc.replace("`", "")) for column in ALL_COLUMNS]
        rows.append((f"{HEADER}NAME", "value of one header field of the last response"))
    click.echo(definitions(rows, max(len(name) for name, _ in rows) + 2))


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
