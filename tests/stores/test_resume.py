"""--resume over databases, through a real process."""

import json
import random
import signal
import threading
from pathlib import Path

from tests.stores.conftest import Place
from tests.support.command import fetchcli, on_a_full_disk, start, until
from tests.support.killed import Trial, table
from tests.support.recorder import Recorder, ok, recorder

KILLS, ROWS = 10, 500


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
        assert (
            "the list has changed since the earlier run: 1 new, 2 moved, 1 gone, and removed from the results"
            in result.err
        )
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


def test_rows_that_ended_out_of_order_are_all_in_another_journal(place: Place, here: Path) -> None:
    hold = threading.Event()

    def answer(request: bytes) -> bytes:
        if int(request.split(b" ")[1][1:]) % 7 == 3:
            hold.wait(20)
        return ok()

    with recorder(answer) as server:
        listed(server, *(f"/{number}" for number in range(1, 101)))
        process = start("urls.txt", "-q", "-c", "30", "-o", place.output())
        until(lambda: len(server.targets) >= 60, "most rows were asked for", process)
        hold.set()
        process.communicate(timeout=60)
        assert process.returncode == 0
        listed(server, *(f"/{number}" for number in range(1, 121)))
        options = ("urls.txt", "-q", "-o", place.output(), "-o", "rows.jsonl", "--resume")
        assert fetchcli(*options).code == 0
        numbers = [json.loads(line)["seq"] for line in Path("rows.jsonl").read_bytes().splitlines()]
        assert sorted(numbers) == list(range(1, 121))
        assert len(server.targets) == 120


def test_a_file_and_a_table_that_each_lack_rows(place: Place, here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        paths = [f"/{number}" for number in range(1, 2501)]
        listed(server, *paths)
        assert fetchcli("urls.txt", "-q", "-o", place.output(), "--resume", "--limit", "2000").code == 0
        assert fetchcli("urls.txt", "-q", "-o", "rows.jsonl").code == 0
        lines = Path("rows.jsonl").read_bytes().splitlines(keepends=True)
        Path("rows.jsonl").write_bytes(b"".join(line for line in lines if json.loads(line)["seq"] > 700))
        before = len(server.targets)
        assert fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "-o", place.output(), "--resume").code == 0
        assert len(server.targets) == before
        numbers = [json.loads(line)["seq"] for line in Path("rows.jsonl").read_bytes().splitlines()]
        assert sorted(numbers) == [row[0] for row in rows(place)] == list(range(1, 2501))


def test_a_list_that_changes_again_and_again(place: Place, here: Path) -> None:
    silent = {"/new1", "/new2"}
    with recorder(lambda request: b"" if request.split(b" ")[1].decode() in silent else ok()) as server:
        options = ("urls.txt", "-q", "-o", place.output(), "--resume", "-c", "2")
        listed(server, "/a", "/b", "/c")
        assert fetchcli(*options).code == 0
        for paths in (("/n1", "/new1", "/a", "/b", "/c"), ("/n2", "/n1", "/new2", "/new1", "/a", "/b", "/c")):
            listed(server, *paths)
            process = start(*options)
            until(lambda paths=paths: paths[2] in server.targets or paths[1] in server.targets, "asked", process)  # type: ignore[misc]
            until(lambda: bool(silent & set(server.targets[-2:])), "the silent one was asked", process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        silent.clear()
        result = fetchcli(*options)
        assert result.code == 0, result.err
        assert [row[1] for row in rows(place)] == [
            server.url(path) for path in ("/n2", "/n1", "/new2", "/new1", "/a", "/b", "/c")
        ]
        assert [server.targets.count(path) for path in ("/a", "/b", "/c")] == [1, 1, 1]


def test_a_run_that_does_not_resume_is_not_taken_over(place: Place, here: Path) -> None:
    with recorder(lambda _: b"") as server:
        listed(server, "/1", "/2")
        first = start("urls.txt", "-q", "-o", place.output())
        until(lambda: len(server.targets) == 2, "both rows were asked for", first)
        second = fetchcli("urls.txt", "-q", "-o", place.output(), "--resume")
        first.kill()
        first.communicate()
        assert (second.code, "another run is writing to it" in second.err) == (8, True), second.err


def test_what_is_written_late_if_the_table_fails(here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        listed(server, *(f"/{number}" for number in range(600)))
        full = on_a_full_disk(300, "urls.txt", "-q", "-o", "run.db", "-o", "all.json", "--resume")
        assert (full.returncode, b"internal error" in full.stderr) == (8, False), full.stderr


def test_names_of_columns_that_look_like_values(place: Place, here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        Path("urls.csv").write_text(f'url,what?,100%,"a""b`c"\n{server.url("/1")},1,2,3\n')
        options = ("urls.csv", "-q", "-o", place.output(), "--keep", "*", "--resume")
        for _ in range(2):
            result = fetchcli(*options)
            assert (result.code, result.err) == (0, "")
    database = place.connect()
    database.open()
    assert {"what?", "100%", 'a"b`c'} <= set(database.columns("results"))
    database.close()


def test_a_name_that_is_too_long(server_place: Place, here: Path) -> None:
    name = "n" * 70
    Path("urls.csv").write_text(f"url,{name}\nhttp://127.0.0.1:1/,x\n")
    result = fetchcli("urls.csv", "-q", "-o", server_place.output(), "--keep", name)
    assert (result.code, "rename it: --keep NEW=NAME" in result.err) == (8, True)
