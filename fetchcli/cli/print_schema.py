"""``--print-schema``: JSON Schemas (draft 2020-12) of the configuration file, of a row, and of a result."""

import re
from typing import Any

import click

from fetchcli.cli.config import settings_of
from fetchcli.core.expect.expectations import KEYS
from fetchcli.core.rows.columns import COLUMNS
from fetchcli.core.settings import SchemaName

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"boolean": "boolean", "integer": "integer", "number": "number", "string": "string", "object": "object"}
_HEADERS = {
    "description": "an object, or a list of 'Name: value' or [name, value]; null sends none of that name",
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}},
        {
            "type": "array",
            "items": {
                "anyOf": [
                    {"type": "string", "pattern": "^[^:]+[:;]"},
                    {"type": "array", "prefixItems": [{"type": "string"}, {"type": ["string", "number", "null"]}]},
                ]
            },
        },
        {"type": "string", "description": "'Name: value' lines"},
        {"type": "null"},
    ],
}
_EXPECTED = {
    "anyOf": [
        {"type": ["string", "number", "null"]},
        {"type": "array", "items": {"type": ["string", "number"]}},
    ]
}
_ROW = {
    "url": {"type": "string", "description": "the URL"},
    "method": {"type": ["string", "null"], "pattern": r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$", "description": "GET, ..."},
    "headers": _HEADERS,
    "body": {"type": ["string", "null"], "description": "text to send"},
    "body_file": {"type": ["string", "null"], "description": "a file to send"},
    "json": {"description": "any value, sent as application/json"},
    **{f"expect_{key}": {**_EXPECTED, "description": f"the same as expect.{key}"} for key in KEYS},
    "expect": {
        "description": "accepted statuses, or an object of expectations",
        "anyOf": [
            {"type": ["string", "number", "null"]},
            {"type": "array", "items": {"type": ["string", "number"]}},
            {
                "type": "object",
                "properties": {
                    **dict.fromkeys(KEYS, _EXPECTED),
                    "header": {"anyOf": [*_EXPECTED["anyOf"], {"type": "object"}]},
                },
                "additionalProperties": False,
            },
        ],
    },
    "tag": {"type": ["string", "number", "null"], "description": "a name for the row, copied to the output"},
}


def json_schema(name: SchemaName, command: click.Command) -> dict[str, Any]:
    """The schema of that name."""
    match name:
        case SchemaName.CONFIG:
            properties = {key: _option_schema(option) for key, option in settings_of(command).items()}
            return _object("fetchcli.toml", properties, additionalProperties=False)
        case SchemaName.ROW:
            row = _object("a row of a list", _ROW, required=["url"])
            return {"$schema": row.pop("$schema"), "title": row.pop("title"), "anyOf": [{"type": "string"}, row]}
        case SchemaName.RESULT:
            properties = {column.name: _column_schema(column.type, column.doc) for column in COLUMNS}
            return _object("a row of -o jsonl", properties, required=list(properties))


def _object(title: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"$schema": _DRAFT, "title": title, "type": "object", "properties": properties, **more}


def _option_schema(option: click.Option) -> dict[str, Any]:
    common: dict[str, Any] = {"description": option.help}
    if option.default is not None and not callable(option.default):
        common["default"] = getattr(option.default, "value", option.default)
    if option.is_flag:
        return {"type": "boolean", **common}
    if isinstance(option.type, click.Choice):
        return {"enum": [getattr(choice, "value", choice) for choice in option.type.choices], **common}
    if isinstance(option.type, click.types.IntParamType):
        minimum = getattr(option.type, "min", None)
        return {"type": "integer", **({} if minimum is None else {"minimum": minimum}), **common}
    text = {"type": ["string", "number"]}
    if option.multiple:
        return {"anyOf": [{"type": "array", "items": text}, text], **common}
    return {**text, **common}


def _column_schema(kind: str, doc: str) -> dict[str, Any]:
    if kind != "list":
        return {"type": [_TYPES[kind], "null"], "description": doc}
    properties = {name: {"type": "integer" if name == "status" else "string"} for name in re.findall(r"`(\w+)`", doc)}
    item = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "array", "items": item, "description": doc}
