"""Options for what the command does: plan, print, demo, configuration, version."""

from fetchcli.cli.option import Option, Panel
from fetchcli.core.settings import SchemaName

PANEL = Panel(
    title="General",
    topic="config",
    options=(
        Option(
            flags="--dry-run",
            help="Print what would be fetched, and fetch nothing.",
            to="dry_run",
            type=bool,
            conflicts=("print_curl",),
            config=False,
            common=True,
        ),
        Option(
            flags="--print-curl",
            help="Print a curl command for every row, and fetch nothing.",
            to="print_curl",
            type=bool,
            config=False,
        ),
        Option(
            flags="--demo",
            help="Fetch from a small built-in server. Needs no network.",
            to="demo",
            type=bool,
            conflicts=("inputs", "dry_run", "print_curl"),
            config=False,
            common=True,
        ),
        Option(
            flags="-K --config",
            help="Read options from this TOML file only.",
            metavar="FILE",
            config=False,
            eager=True,
        ),
        Option(flags="--no-config", help="Read no configuration file.", type=bool, config=False, eager=True),
        # Not from the environment: FETCHCLI_VERSION means something else to many CI jobs.
        Option(
            flags="--print-config",
            help="Print every option with its value and where it came from.",
            type=bool,
            config=False,
            environment=False,
            eager=True,
        ),
        Option(
            flags="--print-schema",
            help="Print a JSON Schema: config, row or result.",
            type=SchemaName,
            config=False,
            environment=False,
            eager=True,
        ),
        Option(
            flags="-V --version",
            help="Print the version.",
            type=bool,
            config=False,
            environment=False,
            eager=True,
        ),
    ),
)
