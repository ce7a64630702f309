"""--resume over databases, through a real process."""

import random
import signal
from pathlib import Path

from tests.stores.conftest import Place
from tests.support.command import fetchcli, start, until
from tests.support.killed import Trial, table
from tests.support.recorder import Recorder, ok, recorder

KILLS, ROWS = 20, 1000


def test_killed_at_random_moments(place: Place, here: Path) -> None:
    trial = Trial(here, table(place.output(), place.connect), ROWS, ("--save", "out/"), random.Random(17))
    assert trial.run(KILLS).kills == KILLS


def listed(server: Recorder, *paths: str) -> None:
    Path("urls.txt").write_text("".join(f"{server.url(path)}\n" for path in paths))


def rows(place: Place) -> list[tuple[object, ...]]:
    database = place.connect()
    database.open()
    try:
        return sorted(database.ask("SELECT seq, url, status, line FROM results"))
    finally:
        database.close()


def test_a_list_that_has_changed_is_followed(place: Place, here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        options = ("urls.txt", "-q", "-o", place.output(), "--resume")
        listed(server, "/1", "/2", "/3", "/4")
        assert fetchcli(*options).code == 0
        before = len(server.targets)
        listed(server, "/0", "/1", "/3", "/2", "/9")
        result = fetchcli(*options)
        assert (result.code, sorted(server.targets[before:])) == (0, ["/0", "/9"])
        assert "the list has changed since the earlier run: 1 new, 2 moved, 1 gone" in result.err
        expected = [(seq, server.url(path), 200, seq) for seq, path in enumerate(("/0", "/1", "/3", "/2", "/9"), 1)]
        assert rows(place) == expected
        assert fetchcli(*options).err == ""
        assert len(server.targets) == before + 2


def test_a_changed_list_whose_run_is_cut_off(place: Place, here: Path) -> None:
    silent = {"/8"}
    with recorder(lambda request: b"" if request.split(b" ")[1].decode() in silent else ok()) as server:
        options = ("urls.txt", "-q", "-o", place.output(), "--resume", "-c", "1")
        listed(server, "/1", "/2", "/3")
        assert fetchcli(*options).code == 0
        listed(server, "/7", "/8", "/1", "/2", "/3")
        process = start(*options)
        until(lambda: "/8" in server.targets, "the second row was asked for", process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 143
        silent.clear()
        before = len(server.targets)
        assert fetchcli(*options).code == 0
        assert server.targets[before:] == ["/8"]
        assert [row[1] for row in rows(place)] == [server.url(path) for path in ("/7", "/8", "/1", "/2", "/3")]


def test_failed_rows_are_fetched_again_and_replaced(place: Place, here: Path) -> None:
    bad = {"/2"}

    def answer(request: bytes) -> bytes:
        return ok(status="500 Oops") if request.split(b" ")[1].decode() in bad else ok()

    with recorder(answer) as server:
        listed(server, "/1", "/2", "/3")
        options = ("urls.txt", "-q", "-o", place.output(), "--resume")
        assert fetchcli(*options).code == 5
        bad.clear()
        assert fetchcli(*options, "--retry-kinds", "5xx").code == 0
        assert [row[2] for row in rows(place)] == [200, 200, 200]
        assert len(server.targets) == 4


def test_two_at_once_are_refused(place: Place, here: Path) -> None:
    with recorder(lambda _: b"") as server:
        listed(server, "/1", "/2")
        options = ("urls.txt", "-q", "-o", place.output(), "--resume")
        first = start(*options)
        until(lambda: len(server.targets) == 2, "both rows were asked for", first)
        second = fetchcli(*options)
        first.kill()
        first.communicate()
        assert (second.code, "another run is writing to it" in second.err) == (8, True)


def test_a_table_and_a_file_are_continued_each_from_what_it_holds(place: Place, here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        listed(server, "/1", "/2", "/3")
        assert fetchcli("urls.txt", "-q", "-o", place.output(), "--resume").code == 0
        result = fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "-o", place.output(), "--resume")
        assert (result.code, len(server.targets)) == (0, 3)
        assert len(Path("rows.jsonl").read_bytes().splitlines()) == 3
        Path("rows.jsonl").write_bytes(b"")
        listed(server, "/1", "/2", "/3", "/4")
        assert fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "-o", place.output(), "--resume").code == 0
        assert (len(server.targets), len(rows(place))) == (4, 4)
        assert len(Path("rows.jsonl").read_bytes().splitlines()) == 4
