"""An empty place in each kind of database."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fetchcli.stores.database import Database
from fetchcli.stores.mysql import MysqlDatabase
from fetchcli.stores.postgres import PostgresDatabase
from fetchcli.stores.sqlite import SqliteDatabase
from tests.support.databases import mariadb, mariadb_installed, postgres, postgres_tools

_numbers = itertools.count(1)


class Place(NamedTuple):
    """A database without tables.

    Attributes:
        kind: ``sqlite``, ``postgresql`` or ``mysql``.
        address: for the command line, without a table.
        connect: connects to it.
    """

    kind: str
    address: str
    connect: Callable[[], Database]

    def output(self, table: str = "results") -> str:
        """The value of ``-o`` for a table."""
        return f"sqlite:{self.address}:{table}" if self.kind == "sqlite" else f"{self.address}?table={table}"


def _server_place(kind: str, url: str, connect: Callable[[str], Database]) -> Place:
    """A new database on a server."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = connect(url)
    admin.open()
    admin.run(f"CREATE DATABASE {name}")
    admin.close()
    address = f"{url.rpartition('/')[0]}/{name}"
    return Place(kind, address, lambda: connect(address))


needs_postgres = pytest.mark.skipif(postgres_tools() is None, reason="PostgreSQL is not installed")
needs_mariadb = pytest.mark.skipif(not mariadb_installed(), reason="MariaDB is not installed")
KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=[pytest.mark.needs_postgres, needs_postgres]),
    pytest.param("mysql", marks=[pytest.mark.needs_mariadb, needs_mariadb]),
]
SERVERS = KINDS[1:]


def place_of(kind: str) -> Place:
    if kind == "sqlite":
        path = str(Path("run.db").absolute())
        return Place("sqlite", path, lambda: SqliteDatabase(path))
    if kind == "postgresql":
        return _server_place(kind, postgres().url, PostgresDatabase)
    return _server_place(kind, mariadb().url, MysqlDatabase)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, here: Path) -> Place:
    return place_of(request.param)


@pytest.fixture(params=SERVERS)
def server_place(request: pytest.FixtureRequest, here: Path) -> Place:
    return place_of(request.param)
