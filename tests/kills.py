"""``python -m tests.kills [KILLS] [ROWS]``: kill runs at random moments, and let them go on.

For each store: after every kill the next run asks for nothing that was on disk; at the end there is one row for each
row of the list, and the body that it names is whole. PostgreSQL and MariaDB take part where they are installed.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from fetchcli.stores.mysql import MysqlDatabase
from fetchcli.stores.postgres import PostgresDatabase
from fetchcli.stores.sqlite import SqliteDatabase
from tests.support.databases import mariadb, mariadb_installed, postgres, postgres_tools
from tests.support.killed import Store, Trial, csv_file, jsonl, table

SAVED = ("--save", "out/")


def stores(folder: Path) -> dict[str, Store]:
    """The stores of this machine."""
    path = str(folder / "run.db")
    found = {
        "jsonl": jsonl("rows.jsonl"),
        "csv.gz": csv_file("rows.csv.gz"),
        "sqlite": table(f"sqlite:{path}", lambda: SqliteDatabase(path)),
    }
    if postgres_tools() is not None:
        url = postgres().url
        found["postgresql"] = table(url, lambda: PostgresDatabase(url))
    if mariadb_installed():
        address = mariadb().url
        found["mysql"] = table(address, lambda: MysqlDatabase(address))
    return found


def main() -> None:
    kills, count = (int(text) for text in (*sys.argv[1:3], "200", "10000")[:2]) if len(sys.argv) > 2 else (200, 10_000)
    with tempfile.TemporaryDirectory() as name:
        for kind, store in stores(Path(name)).items():
            folder = Path(name) / kind
            folder.mkdir()
            began = time.monotonic()
            result = Trial(folder, store, count, SAVED, random.Random(kind)).run(kills)
            print(
                f"{kind:10}  {result.kills} kills, {count:,} rows, {result.requests:,} requests "
                f"({result.repeated:,} for rows that were not on disk yet), none asked again that was, one row each, "
                f"all bodies whole, {time.monotonic() - began:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
