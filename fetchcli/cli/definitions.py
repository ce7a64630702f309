"""All options, and the rules about which of them go together."""

from collections.abc import Iterable, Mapping
from typing import Any

from fetchcli.cli.option import Option, is_given
from fetchcli.cli.panels import (
    checks,
    cluster,
    credentials,
    general,
    input,  # noqa: A004 - the name of a panel
    network,
    output,
    pace,
    redirects,
    request,
    resuming,
    retry,
    revalidation,
    saving,
    selection,
    terminal,
    timeouts,
    tls,
    verdict,
)
from fetchcli.core.errors import UsageError

PANELS = tuple(
    module.PANEL
    for module in (
        input,
        selection,
        request,
        credentials,
        redirects,
        pace,
        cluster,
        retry,
        timeouts,
        network,
        tls,
        output,
        terminal,
        saving,
        revalidation,
        resuming,
        checks,
        verdict,
        general,
    )
)
OPTIONS: Mapping[str, Option] = {option.name: option for panel in PANELS for option in panel.options}


def alternatives_of(name: str) -> set[str]:
    """The options that settle the same thing as this one, whichever of the two definitions says so."""
    return {*OPTIONS[name].alternatives, *(other.name for other in OPTIONS.values() if name in other.alternatives)}


def check_rules(values: Mapping[str, Any]) -> None:
    """Refuse options that cannot be combined, and options without the ones that they require.

    Args:
        values: by parameter name, wherever they came from: flags, environment or files.

    Raises:
        UsageError: a rule is broken.
    """
    given = {name for name, value in values.items() if is_given(value)}
    given -= {
        option.name for option in OPTIONS.values() if option.off is not None and values[option.name] == option.off
    }
    if values["demo"]:  # its server is on this machine
        given -= {option.name for option in network.PANEL.options}
    for name in OPTIONS:
        if name in given:
            _check_option(OPTIONS[name], values, given)


def _check_option(option: Option, values: Mapping[str, Any], given: set[str]) -> None:
    for other in (*option.alternatives, *option.conflicts):
        if other in given:
            raise UsageError(f"{option.long} and {_shown(other)} cannot be combined")
    value = values[option.name]
    applies = option.requires_for in (None, getattr(value, "value", value))
    if option.requires and applies and not given.intersection(option.requires):
        shown = f"{option.long} {option.requires_for}" if option.requires_for else option.long
        raise UsageError(f"{shown} requires {' or '.join(_shown(name) for name in option.requires)}")


def _shown(name: str) -> str:
    return OPTIONS[name].long if name in OPTIONS else "an input"


def overridden(stronger: Iterable[str], weaker: Iterable[str]) -> set[str]:
    """The weaker options that a stronger one replaces or sets aside, and those that require a replaced one."""
    strong, weak = set(stronger) & set(OPTIONS), set(weaker) & set(OPTIONS)
    replaced = (alternatives_of(name).union(OPTIONS[name].sets_aside) for name in strong)
    result = {other for names in replaced for other in names & weak - strong}
    return result | {name for name in weak - strong if result & set(OPTIONS[name].requires)}
