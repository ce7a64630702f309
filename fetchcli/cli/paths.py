"""The paths in the values of options."""

from collections.abc import Iterable

from fetchcli.core.errors import UsageError
from fetchcli.core.request.form_data import file_of
from fetchcli.core.request.multipart import form_files
from fetchcli.run.formats import parse_output


def at_file(text: str) -> Iterable[str]:
    """The path of ``@FILE``."""
    return (text[1:],) if text.startswith("@") else ()


def cookie_paths(text: str) -> Iterable[str]:
    """The cookie file of ``--cookie``."""
    return () if "=" in text else (text,)


def form_paths(text: str) -> Iterable[str]:
    """The files that a value of ``--form`` reads; what is malformed is refused later."""
    try:
        return form_files([text])
    except UsageError:
        return ()


def urlencoded_paths(text: str) -> Iterable[str]:
    """The file of ``--data-urlencode NAME@FILE``."""
    path = file_of(text.encode("utf-8", "surrogateescape"))[1]
    return () if path is None else (path,)


def output_paths(text: str) -> Iterable[str]:
    """The path of ``--output``; what is malformed is refused later."""
    try:
        path = parse_output(text).path
        return (f"/{path}",) if "://" in path else (path,)  # a database is outside of any folder
    except UsageError:
        return ()
