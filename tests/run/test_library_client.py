"""The client, what a program may ask for, and what it gets."""

import asyncio
import gc
import json
import random
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
import yarl

import fetchcli
from fetchcli import (
    BodyNotKept,
    Client,
    FetchOutcome,
    Policy,
    Request,
    UsageError,
    Verdict,
    fetch,
    fetch_all,
    fetch_sync,
    parse_status_set,
)
from tests.support.command import until
from tests.support.faults import FaultServer
from tests.support.recorder import Recorder, ok, recorder

library: Any = fetchcli  # a type checker would refuse some of this


@pytest.fixture
def server() -> Iterator[Recorder]:
    def answer(request: bytes) -> bytes:
        target = request.split(b" ")[1]
        if target == b"/missing":
            return ok(b"no", status="404 Not Found")
        if target == b"/json":
            return ok(b'{"a": [1, null]}', "Content-Type: application/json", 'ETag: "x"', "X-A: 1", "X-A: 2")
        if target == b"/latin":
            return ok("é".encode("latin-1"), 'Content-Type: text/plain; Charset="latin-1"')
        return ok(request.partition(b"\r\n\r\n")[2] or target, "Content-Type: text/plain")

    with recorder(answer) as running:
        yield running


async def test_whatever_names_a_url(server: Recorder) -> None:
    outcomes = await fetch_all(
        [
            server.url("/text"),
            yarl.URL(server.url("/yarl")),
            Request(server.url("/request"), tag="t", headers={"X-Own": "1"}),
            Request(yarl.URL(server.url("/json-content")), json={"a": None}),
            {"url": server.url("/dict"), "method": "PUT", "body": "content", "tag": "d"},
            {"url": yarl.URL(server.url("/dict-yarl"))},
            {"url": 5},
            "nonsense",
        ],
        max_body="1K",
    )
    assert [outcome.row.text.rpartition("/")[2] for outcome in outcomes[:6]] == [
        *("text", "yarl", "request", "json-content", "dict", "dict-yarl")
    ]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK] * 6 + [Verdict.REJECTED] * 2
    assert [outcome.tag for outcome in outcomes[2:5]] == ["t", "", "d"]
    assert [outcome.text() for outcome in outcomes[3:5]] == ['{"a": null}', "content"]
    requests = {request.split(b" ")[1]: request for request in server.requests}
    assert b"X-Own: 1" in requests[b"/request"]
    assert requests[b"/json-content"].startswith(b"POST ")
    assert b"Content-Type: application/json" in requests[b"/json-content"]
    assert requests[b"/dict"].startswith(b"PUT ")


async def test_what_an_outcome_says(server: Recorder) -> None:
    found, latin, missing, refused = await fetch_all(
        [server.url("/json"), server.url("/latin"), server.url("/missing"), "http://127.0.0.1:9/"],
        max_body="1K", retries=0,
    )  # fmt: skip
    assert (found.ok, found.status, found.error, found.url) == (True, 200, None, server.url("/json"))
    assert (found.url_effective, refused.url_effective) == (server.url("/json"), "http://127.0.0.1:9/")
    assert (found.headers["etag"], found.headers["ETag"], found.headers["x-a"]) == ('"x"', '"x"', "1, 2")
    assert found.headers.get_list("X-A") == ["1", "2"]
    assert (found.headers.get("nothing"), "etag" in found.headers, len(found.headers)) == (None, True, 4)
    assert (found.json(), found.body_complete, latin.text()) == ({"a": [1, None]}, True, "é")
    assert (missing.ok, missing.status, missing.error, missing.text()) == (False, 404, "status 404", "no")
    assert (refused.status, refused.error, dict(refused.headers)) == (None, "connect: connection refused", {})
    assert 0 < refused.elapsed < 30
    row = found.to_dict()
    assert (row["url"], row["status"], row["verdict"]) == (server.url("/json"), 200, "OK")
    assert repr(found) == f"<FetchOutcome OK 200 {server.url('/json')} in {found.elapsed:.3f} s>"
    assert repr(refused).endswith(" s, connect: connection refused>")
    assert isinstance(found, fetchcli.Outcome)


async def test_a_body_that_was_not_kept_says_why(server: Recorder) -> None:
    (outcome,) = await fetch_all([server.url("/json")])
    with pytest.raises(BodyNotKept, match="max_body"):
        outcome.text()
    (outcome,) = await fetch_all([server.url("/json")], max_body=4)
    with pytest.raises(BodyNotKept, match="only 4 of 16 bytes"):
        outcome.json()
    assert not outcome.body_complete
    (outcome,) = await fetch_all(["http://127.0.0.1:9/"], max_body=4, retries=0)
    with pytest.raises(BodyNotKept, match="connection refused"):
        outcome.text()
    (outcome,) = await fetch_all([server.url("/latin")], max_body=4)
    with pytest.raises(ValueError, match="codec"):
        outcome.json()


async def test_options_are_fields_of_the_policy(server: Recorder) -> None:
    policy = Policy(accept=parse_status_set("404"))
    urls = [server.url("/missing")]
    (outcome,) = await fetch_all(
        urls, policy, method="DELETE", headers={"X-All": "1"}, timeout="5s", per_host=1, rate="9/s"
    )
    assert outcome.ok
    assert server.requests[0].startswith(b"DELETE ")
    assert b"X-All: 1" in server.requests[0]
    (outcome,) = await fetch_all(urls, policy, accept="2xx", follow_redirects=False, verify=True, concurrency=3)
    assert not outcome.ok


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: library.fetch("http://h/"), TypeError, "for a single one write \\[url\\]"),
        (lambda: library.fetch_sync(5), TypeError, "not int"),
        (lambda: library.fetch([], timeout="soon"), UsageError, "duration"),
        (
            lambda: library.fetch([], timeouts=5),
            TypeError,
            "unexpected keyword argument 'timeouts'; did you mean timeout?",
        ),
        (lambda: library.fetch([], headers=["A: b"]), TypeError, "headers must be a mapping, not list"),
        (lambda: library.fetch([], concurrency=0), UsageError, "concurrency"),
        (lambda: library.fetch([], save="-"), UsageError, "command line"),
        (lambda: library.fetch([], 5), TypeError, "policy must be a Policy, not int"),
        (lambda: library.Request(5), TypeError, "Request: url must be text, not int"),
        (lambda: library.Request("http://h/", body="a", json=1), TypeError, "cannot be combined"),
        (lambda: library.Request("http://h/", headers={"A B": "c"}), UsageError, "A B"),
        (lambda: library.Request("http://h/", headers="A: b"), TypeError, "mapping, not str"),
        (lambda: library.Request("http://h/", body=b"x"), TypeError, "body must be text, not bytes"),
        (lambda: library.Request("http://h/", method=""), UsageError, "'' is not an HTTP method"),
        (lambda: library.Request("http://h/", json=float("nan")), TypeError, "json: Out of range"),
        (lambda: library.Request("http://h/", json=object()), TypeError, "json: Object of type object"),
        (lambda: library.Request("http://h/", headers={"A": 1}), TypeError, "the header 'A' must be text, not int"),
        (lambda: library.fetch([], headers={"A": 1}), TypeError, "headers=.*: the header 'A' must be text, not int"),
        (lambda: library.fetch([], timeout=-1), UsageError, "timeout=-1: "),
        (lambda: library.fetch([], concurency=5), TypeError, "did you mean concurrency"),
        (lambda: library.fetch([], save=5), TypeError, "save must be a path or a Save, not int"),
        (lambda: library.fetch({"url": "http://h/"}), TypeError, "for a single one write"),
        (
            lambda: library.fetch_sync([{"url": "http://h/", "tga": 1}]),
            TypeError,
            "no key 'tga'; there are url, method",
        ),
    ],
)
def test_mistakes_are_said_at_once(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


async def test_an_element_that_is_no_url_ends_the_call(server: Recorder) -> None:
    with pytest.raises(TypeError, match="a Request or a dict, not int"):
        await library.fetch_all([server.url("/a"), 5])


async def test_a_client_keeps_connections_and_cookies_and_its_calls_overlap(server: Recorder) -> None:
    async with Client(concurrency=4) as client:
        first = await client.fetch_one(server.url("/1"))
        again = await client.fetch_one(server.url("/2"))
        assert (first.ok, again.ok, server.connections) == (True, True, 1)
        many = await asyncio.gather(*(client.fetch_all([server.url(f"/{i}/{j}") for j in range(20)]) for i in range(5)))
        assert [[outcome.row.text[-1] for outcome in call] for call in many] == [[str(j)[-1] for j in range(20)]] * 5
        assert server.connections <= 4
        async with aclosing(client.fetch(server.url(f"/{number}") for number in range(9))) as outcomes:
            assert (await anext(outcomes)).ok
        assert (await client.fetch_one(server.url("/last"))).ok
    with pytest.raises(RuntimeError, match="the client is closed"):
        await client.fetch_one(server.url("/late"))
    with pytest.raises(RuntimeError, match="entered once"):
        await client.__aenter__()


async def test_a_client_belongs_to_one_loop(server: Recorder) -> None:
    client = Client()
    with pytest.raises(RuntimeError, match="not open yet"):
        await client.fetch_one(server.url())
    async with client:
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(client.fetch_one(server.url())))


def test_lines_of_a_file_and_a_path_to_save_to(server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text(f"{server.url('/a')}\n{server.url('/b')}\n")
    with (tmp_path / "urls.txt").open() as lines:
        assert [outcome.ok for outcome in fetch_sync(lines, save=tmp_path / "p.tar")] == [True, True]
    assert (tmp_path / "p.tar").is_file()


def test_the_names_are_there_for_completion() -> None:
    assert dir(fetchcli) == fetchcli.__all__


async def test_a_client_saves(server: Recorder, tmp_path: Path) -> None:
    async with Client(save=f"{tmp_path}/pages/") as client:
        outcome = await client.fetch_one(server.url("/text"))
    assert outcome.saved is not None
    assert (tmp_path / "pages" / outcome.saved.name).read_bytes() == b"/text"


async def test_a_call_in_flight_hears_that_the_client_is_closed(faults: FaultServer) -> None:
    client = Client()
    await client.__aenter__()
    waiting = asyncio.ensure_future(client.fetch_all([faults.url("stall-in-body")]))
    before = len(faults.requests)
    while len(faults.requests) == before:  # noqa: ASYNC110 - the server is in a thread
        await asyncio.sleep(0.01)
    await client.__aexit__(None, None, None)
    (outcome,) = await waiting
    assert (outcome.verdict, outcome.error) == (Verdict.CANCELLED, "cancelled: the client was closed")


async def test_nobody_takes_outcomes_so_little_is_asked_for(server: Recorder) -> None:
    read = 0

    def urls() -> Iterator[str]:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield server.url(f"/{number}")

    async with aclosing(fetch(urls(), concurrency=2)) as outcomes:
        await anext(outcomes)
        for _ in range(50):
            await asyncio.sleep(0)
        assert read <= 10


def test_for_scripts(server: Recorder) -> None:
    (outcome,) = fetch_sync([server.url("/a")], max_body=10)
    assert outcome.text() == "/a"


NOTEBOOK = """
import asyncio, sys, threading
from fetchcli import fetch_sync
async def cell():
    (outcome,) = fetch_sync([sys.argv[1]], max_body=10)
    print(outcome.text())
    try:
        fetch_sync([5])
    except TypeError as error:
        print(error)
    print("fetchcli-sync" in {thread.name for thread in threading.enumerate()})
asyncio.run(cell())
"""


def test_for_notebooks_where_a_loop_runs(server: Recorder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, server.url("/a")], capture_output=True, text=True, check=True
    )
    assert done.stdout == ("/a\na URL must be a text, a yarl.URL, a Request or a dict, not int\nFalse\n")


def test_ctrl_c_in_a_notebook_ends_the_requests(faults: FaultServer) -> None:
    before = len(faults.requests)
    process = subprocess.Popen([sys.executable, "-c", NOTEBOOK, faults.url("stall-in-body")], stderr=subprocess.PIPE)
    until(lambda: len(faults.requests) > before, "it is asked for", process)
    process.send_signal(signal.SIGINT)  # of which asyncio tells a task that waits for the cell
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
    _, err = process.communicate(timeout=20)
    assert err.rstrip().endswith(b"KeyboardInterrupt")


def sockets() -> int:
    """Open sockets of this process."""
    found = 0
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += str(path.readlink()).startswith("socket:")
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at descriptors in /proc")
async def test_cancelled_at_any_moment_nothing_is_left(faults: FaultServer) -> None:
    """A task group that is cancelled: no task, no socket, no descriptor is left behind."""
    urls = [faults.url("ok"), faults.url("stall-in-body"), faults.url("stall-at-once")] * 5
    chance = random.Random(5)
    await fetch_all([faults.url("ok")])
    gc.collect()
    before = sockets()

    async def work() -> None:
        async for _ in fetch(urls, concurrency=6):
            pass

    for _ in range(12):
        with pytest.raises(ExceptionGroup):
            await together(work(), _fail_after(chance.randrange(60)))
        assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    async with asyncio.timeout(30):
        # The server of the test closes its ends when it gets to it.
        while sockets() > before:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)


async def _fail_after(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0.001)
    raise ValueError


def test_rows_go_into_a_table(server: Recorder) -> None:
    import pandas
    import polars

    outcomes = fetch_sync([server.url("/a"), server.url("/missing")])
    rows = [outcome.to_dict() for outcome in outcomes]
    frame = pandas.DataFrame(rows)
    assert list(frame["status"]) == [200, 404]
    assert polars.DataFrame(rows, infer_schema_length=None)["verdict"].to_list() == ["OK", "FAILED"]
    assert json.loads(json.dumps(rows))[0]["status"] == 200


def test_an_outcome_of_a_rejected_row() -> None:
    (outcome,) = fetch_sync(["nonsense"])
    assert isinstance(outcome, FetchOutcome)
    assert (outcome.ok, outcome.status, outcome.elapsed, outcome.url, outcome.tag) == (False, None, 0.0, "nonsense", "")
    assert outcome.error is not None
    assert outcome.error.startswith("invalid_url: no scheme")
