"""Configuration files: find, read and check them, and merge their options.

    flag > environment > nearest file > user's file > default

The nearest file is ``fetchcli.toml``, or ``pyproject.toml`` with a table ``[tool.fetchcli]``, in the
working folder. Within a repository the folders above are searched, too, up to its top. Keys are the
long names of the options. What a file may do that was found in this way is limited; see `found_file`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from fetchcli.cli.definitions import OPTIONS, overridden
from fetchcli.cli.found_file import MAX_BYTES, check_change, check_owner, check_value
from fetchcli.cli.option import is_given
from fetchcli.core.errors import UsageError

NAME = "fetchcli.toml"
PYPROJECT = "pyproject.toml"
_NOT_OURS = {"FETCHCLI_VERSION", "FETCHCLI_HELP"}  # names that CI jobs use for something else


class Loaded(NamedTuple):
    """Values of options from files, and the order of those of the command line.

    Attributes:
        values: values by parameter name.
        origins: the file of each value.
        files: the files that were read.
        order: the options of the command line by parameter name, as they were written.
    """

    values: dict[str, Any]
    origins: dict[str, str]
    files: list[str]
    order: tuple[str, ...] = ()


def settings_of(command: click.Command) -> dict[str, click.Option]:
    """The options that a file may contain, by their keys."""
    found = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option) and (option := OPTIONS.get(parameter.name or "")) and option.config:
            found[key_of(parameter)] = parameter
    return found


def key_of(option: click.Option) -> str:
    """The long name of an option, without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def variable_of(name: str) -> str:
    """The environment variable of a parameter."""
    return f"FETCHCLI_{name.upper().rstrip('_')}"


def load(command: click.Command, path: str | None) -> Loaded:
    """Read one file, or the nearest file and the user's.

    Raises:
        UsageError: a file cannot be read, a key is unknown, or a value has the wrong type.
    """
    named = [] if path is None else [Path(path)]
    users = [] if named else list(_user_files())
    options = settings_of(command)
    loaded = Loaded({}, {}, [])
    for file in (*named, *users, *(() if named else _nearest())):  # the stronger one comes last
        shown = _shown(file)
        if file not in named:
            check_owner(file, shown)
        values = {}
        for key, value in _table(file).items():
            option = options.get(key)
            if option is None:
                raise UsageError(f"{shown}: {key}: {_unknown(key, command, options)}")
            values[option.name or ""] = checked = _checked(option, value, f"{shown}: {key}")
            if file not in (*named, *users):
                definition = OPTIONS[option.name or ""]
                check_value(definition, checked, file.parent, f"{shown}: {key}")
                check_change(definition, checked, loaded.values, f"{shown}: {key}")
        drop_overridden(loaded, {name for name, value in values.items() if is_given(value)})
        loaded.values.update(values)
        loaded.origins.update(dict.fromkeys(values, shown))
        loaded.files.append(str(file))
    return loaded


def _unknown(key: str, command: click.Command, known: Iterable[str]) -> str:
    if any(f"--{key}" in option.opts for option in command.params):
        return "only allowed on the command line"
    from difflib import get_close_matches  # only an error needs it

    near = get_close_matches(key.replace("_", "-"), known, n=1)
    return f"no such option; did you mean {near[0]}" if near else "no such option; see fetchcli --help all"


def drop_overridden(loaded: Loaded, stronger: Iterable[str]) -> None:
    """Forget values of files that a stronger alternative replaces."""
    for name in overridden(stronger, loaded.values):
        del loaded.values[name]


def check_environment(command: click.Command, environment: Mapping[str, str]) -> None:
    """Refuse variables whose name is nearly that of an option; others may belong to anybody.

    Raises:
        UsageError: there is such a variable.
    """
    known = {variable_of(option.name or "") for option in command.params} | _NOT_OURS
    for name in environment:
        if name.startswith("FETCHCLI_") and name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                raise UsageError(f"{name}: no such variable; did you mean {near[0]}")


def _nearest() -> Iterator[Path]:
    """The file of the working folder, or within a repository of the folders above."""
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted
        return
    top = next((parent for parent in (folder, *folder.parents) if _exists(parent / ".git")), folder)
    for parent in (folder, *folder.parents):
        for name in (NAME, PYPROJECT):
            file = parent / name
            if _is_file(file) and (name == NAME or _has_table(file)):
                yield file
                return
        if parent == top:
            return


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder without read permission
        return False


def _is_file(path: Path) -> bool:
    """Accept regular files: a FIFO or a device would be waited for."""
    try:
        return path.is_file()
    except OSError:
        return False


def _has_table(pyproject: Path) -> bool:
    try:
        content = _content(pyproject)
        if b"tool.fetchcli" not in content:
            return False
        import tomllib

        tool = tomllib.loads(content.decode("utf-8-sig")).get("tool", {})
    except (OSError, ValueError):  # whoever uses the file reports it
        return False
    return not isinstance(tool, dict) or "fetchcli" in tool


def _content(file: Path) -> bytes:
    """The bytes of a file that is not too large for a configuration.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large.
    """
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return content


def _user_files() -> Iterator[Path]:
    from platformdirs import user_config_path

    try:
        file = user_config_path("fetchcli", appauthor=False) / NAME
    except (OSError, RuntimeError):  # a user without a home
        return
    if _is_file(file):
        yield file


def _table(file: Path) -> dict[str, Any]:
    import tomllib

    shown = _shown(file)
    try:
        content = tomllib.loads(_content(file).decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{shown}: not TOML: {error}") from None
    if file.name != PYPROJECT:
        return content
    tool = content.get("tool", {})
    table = tool.get("fetchcli", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{shown}: tool.fetchcli: expected a table")
    return table


def _shown(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)


def _checked(option: click.Option, value: Any, where: str) -> Any:
    """A value in the form that click expects.

    Raises:
        UsageError: the value has the wrong type.
    """
    if option.is_flag:
        if isinstance(value, bool):
            return value
        raise UsageError(f"{where}: expected true or false, got {_type_name(value)}")
    if option.multiple:
        items = value if isinstance(value, list) else [value]
        return [_single(option, item, where) for item in items]
    return _single(option, value, where)


def _single(option: click.Option, value: Any, where: str) -> Any:
    numeric = isinstance(option.type, click.types.IntParamType)
    kind = int if numeric else str if isinstance(option.type, click.Choice) else str | int | float
    if isinstance(value, bool) or not isinstance(value, kind):
        raise UsageError(f"{where}: expected {'a whole number' if numeric else 'text'}, got {_type_name(value)}")
    return value if numeric else str(value)


def _type_name(value: object) -> str:
    """The type of a value; the value itself may be a secret."""
    names = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date")
