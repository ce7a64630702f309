"""``--print-config``: every option as a line of TOML, and where its value came from; secrets are masked."""

from typing import Any

import click

from fetchcli.cli.command import origin
from fetchcli.cli.config import settings_of
from fetchcli.core.request.secrets import MASK, is_secret, masked
from fetchcli.core.url.parse import mask_credentials


def config_lines(ctx: click.Context) -> list[str]:
    """One line per option; options without a value are comments."""
    lines = []
    for key, option in settings_of(ctx.command).items():
        value = ctx.params.get(option.name or "")
        where = origin(ctx, option) or _flag_or_default(ctx, option)
        shown = None if value is None or value == () else _masked(key, value)
        # A masked value is a comment, so that nobody takes it for the secret.
        hidden = shown is None or _is_masked(shown)
        text = "" if shown is None else f" {_toml(shown)}"
        lines.append(f"{'# ' if hidden else ''}{key} ={text}  # {where}")
    return lines


def _is_masked(shown: Any) -> bool:
    return any(MASK in item for item in (shown if isinstance(shown, list) else [shown]) if isinstance(item, str))


def _flag_or_default(ctx: click.Context, option: click.Option) -> str:
    given = ctx.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
    return "command line" if given else "default"


def is_secret_value(key: str, value: Any) -> bool:
    """Whether the value of an option contains a secret."""
    return value is not None and _masked(key, value) != (list(value) if isinstance(value, tuple) else value)


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_masked(key, item) for item in value]
    if key == "bearer" or (key == "cookie" and "=" in value):
        return masked(value)
    if key == "user":
        name, colon, password = value.partition(":")
        return f"{name}{colon}{masked(password)}"
    if key in ("proxy", "referer", "output"):
        return mask_credentials(value)
    if key == "header":
        name, colon, text = value.partition(":")
        return f"{name}: {masked(text.strip())}" if colon and is_secret(name) else value
    if key in ("data", "json"):
        return value if value.startswith("@") else MASK
    if key == "form":
        name, equals, text = value.partition("=")
        return value if text[:1] in ("@", "<") else f"{name}{equals}{MASK}" if equals else MASK
    return value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(getattr(value, "value", value))
    escaped = "".join(char if char.isprintable() and char not in '"\\' else _escape(char) for char in text)
    return f'"{escaped}"'


def _escape(char: str) -> str:
    return f"\\{char}" if char in '"\\' else f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
