"""The rows of a run in a table, and how values of any type are kept."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.core.journal.shape import InvalidRow, Shape
from fetchcli.core.journal.stored_row import REQUIRED, StoredRow
from fetchcli.stores.database import Database
from fetchcli.stores.storable import json_text

RUNS = "runs"  # the table of the runs
RUN = "run"  # the column with the number of the run
_JSON = ("[", "{", '"')  # starts of a text that is kept as JSON


def any_value(value: Any, *, is_json: bool) -> Any:
    """A value of any type as a database keeps it: as JSON, or as it is unless it could be taken for JSON."""
    if value is None or not (is_json or isinstance(value, list | dict) or _looks_like_json(value)):
        return value
    return json_text(value)


def rows_of_run(database: Database, table: str, run: int, shape: Shape) -> Iterator[list[StoredRow]]:
    """Yield the rows of one run.

    Raises:
        InputError: a row is none of results.
    """
    names = [name for name in database.columns(table) if name != RUN]
    if missing := sorted(set(REQUIRED) - set(names)):
        raise InputError(f"{database.name}: its table {table} has no column {missing[0]}, so it holds no results")
    columns = ", ".join(map(database.quoted, names))
    carried = [at for at, name in enumerate(names) if name in shape.carried]

    def row_of(row: Sequence[Any]) -> StoredRow:
        values = _decoded(row, carried, is_json=database.any_is_json)
        return shape.of_values(dict(zip(names, values, strict=True)))

    with database.select(f"SELECT {columns} FROM {database.quoted(table)} WHERE {RUN} = ?", (run,)) as answer:
        for batch in answer.batches:
            try:
                yield list(map(row_of, batch))
            except InvalidRow as error:
                raise InputError(f"{database.name}: a row of {table} is none of results ({error})") from None


def _looks_like_json(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_JSON)


def _decoded(row: Sequence[Any], carried: Sequence[int], *, is_json: bool) -> Sequence[Any]:
    if not carried:
        return row
    values = list(row)
    for at in carried:
        if values[at] is not None and (is_json or _looks_like_json(values[at])):
            values[at] = msgspec.json.decode(values[at])
    return values
