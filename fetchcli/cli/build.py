"""Values of options -> `Settings`."""

import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fetchcli.cli.definitions import PANELS, check_rules
from fetchcli.cli.option import Values
from fetchcli.core.errors import UsageError
from fetchcli.core.object_url import is_object_url
from fetchcli.core.settings import Settings
from fetchcli.core.url.parse import mask_credentials
from fetchcli.messages import print_message
from fetchcli.run.formats import DATABASE, is_address

_EXAMPLE = "SELECT url FROM sites"


def build_settings(inputs: list[str], values: Values) -> Settings:
    """Build the settings of a run.

    Args:
        inputs: the arguments.
        values: the options by parameter name, as click has read them.

    Raises:
        UsageError: a value is wrong, or options cannot be combined.
    """
    values = {**values, "inputs": inputs}
    check_rules(values)
    urls = [mask_credentials(text) for text in inputs if "://" in text and not is_object_url(text)]
    if values["only_failed"] and (urls or values["demo"]):
        raise UsageError(f"--only-failed requires a results file, got {urls[0] if urls else '--demo'}")
    if not values["from_results"]:
        _check_query(inputs, values["query"])
    for text in (*inputs, *(values["output"] or ())):
        if is_address(text) and urlsplit(text).password:
            print_message(
                f"{mask_credentials(text.partition('?')[0])}: a password in an argument can be seen by other users of "
                "this machine; use a file: PGPASSFILE or a service file for PostgreSQL, ~/.my.cnf for MySQL"
            )
    found: dict[str, Any] = {
        "inputs": _inputs(inputs, demo=values["demo"]),
        "continuing_command": values.get("continuing_command", ""),
    }
    for panel in PANELS:
        for option in panel.options:
            if option.to and values[option.name] is not None:
                found[option.to] = option.value(values[option.name])
        found |= panel.build(values)
    settings: Settings = assemble(Settings(), found)
    return settings


def _check_query(inputs: list[str], query: str | None) -> None:
    """Refuse a database without a query, and a query without a database."""
    databases = [text for text in inputs if text.startswith(DATABASE) or is_address(text)]
    if databases and query is None:
        raise UsageError(f"{mask_credentials(databases[0])}: say what to read with --query, such as '{_EXAMPLE}'")
    if query is not None and (len(databases) != 1 or len(inputs) != 1):
        raise UsageError(f"--query: expected one input, a database: {DATABASE}FILE or postgresql://user@host/database")


def assemble(base: Any, found: Mapping[str, Any]) -> Any:
    """A copy of nested structs with new values.

    Args:
        base: a msgspec struct.
        found: the new values by path, such as ``policy.pace.rate``.
    """
    fields: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for path, value in found.items():
        name, _, rest = path.partition(".")
        if rest:
            nested.setdefault(name, {})[rest] = value
        else:
            fields[name] = value
    for name, inner in nested.items():
        fields[name] = assemble(fields.get(name, getattr(base, name)), inner)
    return msgspec.structs.replace(base, **fields)


def _inputs(given: list[str], *, demo: bool) -> tuple[str, ...]:
    """The inputs to read; a piped stdin if none is named."""
    if given.count("-") > 1:
        raise UsageError("stdin (-) can be read only once")
    if not all(given):
        raise UsageError("an empty argument is neither a file nor a URL")
    if given or demo:
        return tuple(given)
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nothing to fetch: name a file, - for stdin, a URL, or --demo (see --help)")
    return ("-",)
