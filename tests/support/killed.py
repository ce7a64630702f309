"""Runs that are killed again and again, and go on: what their outputs hold, and what the server was asked."""

import csv
import io
import os
import random
import signal
import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.results import until_cut
from fetchcli.stores.database import Database
from tests.support.command import TIMEOUT, environment, prefork
from tests.support.recorder import ok, recorder

Rows = list[Mapping[str, Any]]


class Store(NamedTuple):
    """An output that a run goes on with.

    Attributes:
        output: value of ``-o``.
        read: the rows that it holds now, whole ones only.
    """

    output: str
    read: Callable[[Path], Rows]


def text_of(path: Path) -> str:
    """What a file holds up to its last whole line, decompressed."""
    if not path.exists():
        return ""
    text = b"".join(until_cut(decompressed(iter([path.read_bytes()]))))
    return text[: text.rfind(b"\n") + 1].decode()


def jsonl(name: str) -> Store:
    return Store(name, lambda folder: [msgspec.json.decode(line) for line in text_of(folder / name).splitlines()])


def csv_file(name: str) -> Store:
    def read(folder: Path) -> Rows:
        rows = csv.DictReader(io.StringIO(text_of(folder / name), newline=""))
        return [row | {"seq": int(row["seq"])} for row in rows]

    return Store(name, read)


class Killed(NamedTuple):
    """What came of it.

    Attributes:
        kills: runs that were killed.
        requests: what the server was asked in all runs.
        repeated: requests for rows that were not on disk when a run was killed.
    """

    kills: int
    requests: int
    repeated: int


class Trial:
    """A list that is fetched by runs that are killed.

    Args:
        folder: where the runs work.
        store: where they write.
        rows: rows of the list.
        options: more options.
        chance: when they are killed.
    """

    def __init__(self, folder: Path, store: Store, rows: int, options: tuple[str, ...], chance: random.Random) -> None:
        self.folder, self.store, self.rows, self.chance = folder, store, rows, chance
        self.arguments = ["urls.txt", "-q", "-c", "8", "-o", store.output, "--resume", *options]
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._left = -1
        self._started = threading.Event()
        self._process = 0
        self._how = signal.SIGKILL

    def answer(self, request: bytes) -> bytes:
        """The body of a row depends on its path. The run is killed at the request whose turn it is."""
        path = request.split(b" ")[1].decode()
        with self._lock:
            self.asked.append(path)
            self._left -= 1
            if self._left == 0:
                self._started.wait(TIMEOUT)
                os.kill(self._process, self._how)
        return ok(body_of(path))

    def run(self, kills: int, how: signal.Signals = signal.SIGKILL) -> Killed:
        """Kill runs at random requests, then let one come to its end; check every step."""
        with recorder(self.answer) as server:
            urls = [server.url(f"/{number}") for number in range(1, self.rows + 1)]
            (self.folder / "urls.txt").write_text("".join(f"{url}\n" for url in urls))
            killed = requests = 0
            while True:
                done = {f"/{row['seq']}" for row in self.store.read(self.folder) if row["verdict"] == "OK"}
                with self._lock:
                    self.asked.clear()
                    self._left = self._chosen(self.rows - len(done), kills - killed)
                    self._how = how
                    self._started.clear()
                code, *_ = prefork().run(self.arguments, b"", environment(), str(self.folder), 120, self._has_started)
                asked = list(self.asked)
                again = done.intersection(asked)
                assert not again, f"asked again, although on disk: {sorted(again)[:5]}"
                requests += len(asked)
                if code == 0:
                    break
                assert code in (-how, 128 + how), code
                killed += 1
        self.check()
        return Killed(killed, requests, requests - self.rows)

    def _has_started(self, process: int) -> None:
        self._process = process
        self._started.set()

    def _chosen(self, rows: int, kills: int) -> int:
        """After how many requests a run is killed, so that enough rows are left for the other kills."""
        return self.chance.randint(1, max(1, 9 * rows // (5 * (kills + 1)))) if kills else -1

    def check(self) -> None:
        """Exactly one row for every row of the list, and what they say was saved is there."""
        rows = self.store.read(self.folder)
        assert sorted(row["seq"] for row in rows) == list(range(1, self.rows + 1))
        assert {row["verdict"] for row in rows} == {"OK"}
        for row in rows:
            if saved := row.get("saved_as"):
                assert (self.folder / saved).read_bytes() == body_of(f"/{row['seq']}")
                assert row["sha256"] == sha256(body_of(f"/{row['seq']}")).hexdigest()


def body_of(path: str) -> bytes:
    """The body of a row: some are small, some are not."""
    number = int(path[1:])
    return f"{number} ".encode() * (2_000 if number % 50 == 0 else 20)


def table(output: str, connect: Callable[[], Database]) -> Store:
    """A table of a database."""

    def read(_: Path) -> Rows:
        database = connect()
        if not database.exists():
            return []
        database.open()
        try:
            names = database.columns("results")
            found = database.ask(f"SELECT {', '.join(map(database.quoted, names))} FROM results") if names else []
            return [dict(zip(names, row, strict=True)) for row in found]
        finally:
            database.close()

    return Store(output, read)
