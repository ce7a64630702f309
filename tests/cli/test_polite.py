"""Pace, retries and back-pressure through a real process and real servers."""

import json
import random
import re
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import pytest

from tests.support.command import at_terminal, fetchcli, start, until
from tests.support.nginx import free_port, installed, nginx
from tests.support.recorder import Recorder, ok, recorder

needs_nginx = pytest.mark.skipif(not installed(), reason="nginx is not installed")


def rows(*args: str, stdin: str = "") -> tuple[list[dict[str, object]], int, str]:
    result = fetchcli(*args, "-o", "jsonl", stdin=stdin.encode())
    return [json.loads(line) for line in result.out.splitlines()], result.code, result.err


@contextmanager
def failing_at_first(failure: bytes, times: int = 1) -> Iterator[Recorder]:
    """A server whose every path fails so many times."""
    asked: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(request: bytes) -> bytes:
        target = request.split(b" ")[1].decode()
        with lock:
            asked[target] += 1
            return failure if asked[target] <= times else ok()

    with recorder(answer) as server:
        yield server


def test_a_row_that_fails_and_then_passes_is_flaky() -> None:
    with failing_at_first(ok(status="503 Busy")) as server:
        found, code, err = rows(server.url("/a"), server.url("/b"), "--retry", "2", "--retry-delay", "50ms")
        assert (code, len(server.requests)) == (0, 4)
    assert [(row["status"], row["attempts"], row["flaky"], row["verdict"]) for row in found] == [
        (200, 2, True, "OK")
    ] * 2
    assert "2 accepted (2 flaky) in" in err
    with failing_at_first(ok(status="503 Busy")) as server:
        seen = at_terminal(server.url("/a"), "--retry", "1", "--retry-delay", "50ms", columns=120)
        assert "flaky: accepted on attempt 2" in seen.out


def test_retries_are_on_unless_told_otherwise() -> None:
    with failing_at_first(ok(status="503 Busy")) as server:
        found, _, _ = rows(server.url("/a"), "--retry", "2")
        assert found[0]["attempts"] == 2
    help_text = fetchcli("--help", "retries").out
    assert re.search(r"--retry N [^-]*\[2\]", help_text)


def test_what_is_not_idempotent_is_sent_once() -> None:
    with failing_at_first(ok(status="503 Busy")) as server:
        found, code, _ = rows(server.url("/a"), "-d", "x", "--retry", "2", "--retry-delay", "50ms")
        assert (code, found[0]["attempts"], len(server.requests)) == (5, 1, 1)
        found, code, _ = rows(
            server.url("/b"), "-d", "x", "--retry", "2", "--retry-delay", "50ms", "--retry-all-errors"
        )
        assert (code, found[0]["attempts"]) == (0, 2)


def test_retry_after_leaves_the_whole_host_alone_and_no_other() -> None:
    told: list[float] = []
    asked: list[float] = []

    def busy(request: bytes) -> bytes:
        now = time.monotonic()
        asked.append(now)
        if not told:
            told.append(now)
            return ok(b"", "Retry-After: 1", status="429 Too Many Requests")
        return ok()

    with recorder(busy) as server, recorder(address="127.0.0.2") as other:
        urls = [server.url(f"/{number}") for number in range(5)]
        others = [other.url(f"/{number}", "127.0.0.2") for number in range(5)]
        found, code, _ = rows("-c", "1", "--retry", "1", *urls, *others)
        assert code == 0
        assert len(found) == 10
        assert all(now - told[0] >= 1.0 for now in asked[1:])
        # The other host was done while this one was left alone.
        last_of_others = max(index for index, row in enumerate(found) if "127.0.0.2" in str(row["url"]))
        assert last_of_others == 4


def test_a_server_that_asks_for_too_much_fails_the_row_at_once() -> None:
    with recorder(ok(b"", "Retry-After: 3600", status="503 Busy")) as server:
        found, code, _ = rows(server.url(), "--retry", "5")
        assert (code, len(server.requests), found[0]["attempts"]) == (5, 1, 1)
        assert found[0]["note"] == "the requested pause of 3600 s exceeds --max-retry-after 60s"
        text = fetchcli(server.url(), "--retry", "5")
        assert "status: expected 200..399, got 503 (the requested pause of 3600 s exceeds" in text.out


@contextmanager
def resetting(most: int) -> Iterator[tuple[int, list[int]]]:
    """A server that resets half of all requests at random, but no path more than so many times."""
    chance, seen, count = random.Random(5), Counter[bytes](), [0]

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := connection.recv(65536):
                count[0] += 1
                target = request.split(b" ")[1]
                if chance.random() < 0.5 and seen[target] < most:
                    seen[target] += 1
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                connection.sendall(ok())

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], count


def test_with_half_of_all_requests_reset_every_row_ends_accepted_and_every_request_is_counted() -> None:
    with resetting(5) as (port, count):
        urls = "\n".join(f"http://127.0.0.1:{port}/{number}" for number in range(300))
        found, code, _ = rows("-", "--retry", "5", "--retry-delay", "20ms", stdin=urls)
        assert code == 0
        assert {row["verdict"] for row in found} == {"OK"}
        assert len(found) == 300
        assert sum(int(str(row["attempts"])) for row in found) == count[0]


def test_a_rate_is_kept_by_the_servers_clock() -> None:
    times: list[float] = []

    def answer(_: bytes) -> bytes:
        times.append(time.time())
        return ok()

    with recorder(answer) as server:
        for option in ("--rate", "--host-rate"):
            times.clear()
            found, code, _ = rows(option, "10/s", *(server.url(f"/{number}") for number in range(25)))
            assert (code, len(found)) == (0, 25)
            # A request may reach the server late, but none before its time: ten in each second since the first start.
            began = datetime.fromisoformat(min(str(row["started_at"]) for row in found)).timestamp()
            for number, came in enumerate(sorted(times)):
                assert came - began > number // 10 - 0.1


def test_never_more_at_once_to_one_host() -> None:
    in_flight = most = 0
    lock = threading.Lock()
    three = threading.Barrier(3, timeout=60)

    def answer(_: bytes) -> bytes:
        nonlocal in_flight, most
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        three.wait()  # as many as are allowed
        with lock:
            in_flight -= 1
        return ok()

    with recorder(answer) as server:
        found, code, _ = rows("--per-host", "3", *(server.url(f"/{number}") for number in range(39)))
        assert (code, len(found), most) == (0, 39, 3)


@pytest.mark.needs_nginx
@needs_nginx
def test_nginx_limit_req() -> None:
    with nginx() as port:
        urls = "\n".join(f"http://127.0.0.1:{port}/paced/{number}" for number in range(24))
        found, code, _ = rows("-", "--retry", "20", stdin=urls)
        assert code == 0  # told to come back, it did
        assert any(row["flaky"] for row in found)
        # Once it was told, it asked carefully: a handful of refusals for each second, not all that waited.
        assert sum(int(str(row["attempts"])) for row in found) < 80
    with nginx() as port:
        urls = "\n".join(f"http://127.0.0.1:{port}/paced/{number}" for number in range(24))
        found, code, _ = rows("-", "--host-rate", "40/s", stdin=urls)
        assert (code, {row["attempts"] for row in found}) == (0, {1})  # never told


@pytest.mark.needs_nginx
@needs_nginx
def test_nginx_limit_conn() -> None:
    with nginx() as port:
        urls = "\n".join(f"http://127.0.0.1:{port}/narrow/{number}" for number in range(40))
        found, code, _ = rows("-", "--per-host", "4", stdin=urls)
        assert (code, {row["attempts"] for row in found}) == (0, {1})
        found, code, _ = rows("-", "--adaptive", "--retry", "10", "--retry-delay", "100ms", stdin=urls)
        assert code == 0
        assert sum(int(str(row["attempts"])) for row in found) < 60


@pytest.mark.needs_nginx
@needs_nginx
def test_a_dead_host_among_a_thousand_adds_less_than_its_timeout() -> None:
    with nginx() as port, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # a queue that is full drops what comes: a black hole
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        dead = [f"http://127.0.0.1:{full.getsockname()[1]}/{number}" for number in range(100)]
        healthy = [f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/page/" for number in range(1000)]
        found, _, _ = rows("-", "--connect-timeout", "3s", "--max-host-errors", "1", stdin="\n".join([*dead, *healthy]))
        for filler in fillers:
            filler.close()
    verdicts = Counter(row["verdict"] for row in found)
    failed = [row for row in found if row["verdict"] == "FAILED"]
    assert verdicts["OK"] == 1000
    assert verdicts["FAILED"] + verdicts["SKIPPED"] == 100
    assert verdicts["SKIPPED"] > 0
    starts = [datetime.fromisoformat(str(row["started_at"])) for row in failed]
    ends = [start + timedelta(seconds=float(str(row["time_total"]))) for start, row in zip(starts, failed, strict=True)]
    assert max(starts) <= min(ends), "the run waited for the dead host once"


def test_rows_of_a_host_that_is_down_are_skipped_and_counted() -> None:
    urls = [f"http://127.0.0.1:1/{number}" for number in range(10)]
    found, code, err = rows("-c", "1", "--max-host-errors", "3", *urls)
    assert code == 4
    assert [row["verdict"] for row in found] == ["FAILED"] * 3 + ["SKIPPED"] * 7
    assert found[-1]["note"] == "3 failures of its host in a row (--max-host-errors 3)"
    assert (found[-1]["attempts"], found[-1]["error"]) == (0, None)
    assert "0 accepted, 3 failed, 7 skipped in" in err


def test_waiting_for_a_deployment() -> None:
    port = free_port()
    deployed: list[bytes] = [ok(status="503 Starting"), ok(status="404 Not yet")]
    with recorder() as next_row:
        urls = (f"http://127.0.0.1:{port}/", next_row.url())
        process = start(*urls, "-c", "1", "--wait", "60s", "-o", "jsonl")
        until(lambda: next_row.requests, "the first row was refused and left its slot to the second", process)
        with recorder(lambda _: deployed.pop(0) if deployed else ok(), port=port):
            out, _ = process.communicate(timeout=90)
    row = json.loads(out.splitlines()[-1])
    assert (process.returncode, row["status"], row["flaky"]) == (0, 200, True)
    assert row["attempts"] >= 4


def test_waiting_ends_when_its_time_is_over() -> None:
    found, code, _ = rows("http://127.0.0.1:1/", "--wait", "3s")
    assert code == 4
    assert int(str(found[0]["attempts"])) >= 2


def test_a_row_that_waits_to_be_tried_again_is_not_lost_when_the_run_is_stopped() -> None:
    with recorder(ok(b"", "Retry-After: 50", status="503 Busy")) as server, recorder() as next_row:
        process = start(server.url("/a"), next_row.url(), "-c", "1", "--retry", "3", "-o", "jsonl")
        assert process.stdout is not None
        assert b'"verdict":"OK"' in process.stdout.readline(), "the first row waits, and the second has its slot"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    row = json.loads(out)
    assert process.returncode == 130
    assert (row["verdict"], row["status"], row["attempts"]) == ("FAILED", 503, 1)
    assert row["note"].startswith("not retried: ")


def test_progress_says_what_waits_and_why() -> None:
    with recorder(ok(b"", "Retry-After: 1", status="503 Busy")) as server:
        urls = [server.url(f"/{number}") for number in range(5)]
        seen = at_terminal("-c", "2", "--retry", "1", *urls, columns=160)
        assert re.search(r"\d retrying", seen.out)
        assert "1 host cooling" in seen.out
        assert re.search(r"\d paced", seen.out)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--rate", "fast"], "--rate: 'fast' is not a rate; write it as 10/s, 30/m, 100/h or none"),
        (["--host-rate", "0"], "--host-rate: '0' is not a rate"),
        (["--per-host", "0"], "0 is not in the range x>=1"),
        (["--retry-status", "5yy"], "--retry-status: '5yy' is not a status"),
        (["--retry-delay", "soon"], "--retry-delay: 'soon' is not a duration"),
        (["--wait", "long"], "--wait: 'long' is not a duration"),
    ],
)
def test_usage_errors(args: list[str], message: str) -> None:
    result = fetchcli(*args, "http://127.0.0.1:1/")
    assert result.code == 2
    assert message in result.err
