"""What the shell completes beside options and their words: formats, columns, kinds and topics.

Where nothing is found, shells complete file names by themselves.
"""

from collections.abc import Callable, Iterable

Complete = Callable[[str], list[str]]  # gets what was written so far


def words(values: Callable[[], Iterable[str]], *, joined: bool = False) -> Complete:
    """Completes words.

    Args:
        values: returns them.
        joined: several of them stand in one value, separated by commas.
    """

    def complete(incomplete: str) -> list[str]:  # typer finds the parameter by its name
        before, comma, begun = incomplete.rpartition(",") if joined else ("", "", incomplete)
        return [f"{before}{comma}{value}" for value in values() if value.startswith(begun)]

    return complete


def columns() -> Iterable[str]:
    """The columns of rows."""
    from fetchcli.core.rows.columns import NAMES

    return sorted(NAMES)


def output_formats() -> Iterable[str]:
    """The output formats."""
    from fetchcli.run.formats import OUTPUT_FORMATS

    return [known.name for known in OUTPUT_FORMATS]


def failure_kinds() -> Iterable[str]:
    """What ``--retry-kinds`` takes."""
    from fetchcli.core.errors import ErrorKind

    return [*(kind.value for kind in ErrorKind), "check", "4xx", "5xx"]
