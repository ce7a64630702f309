"""What a run and its workers say to each other, and how many workers there are."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure, Remedy, TransportError
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Cookies, Limits, Policy
from fetchcli.core.settings import AUTO_PROCESSES, Settings
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.base import File
from fetchcli.run.transports import make_transport
from fetchcli.run.workers import number, process
from fetchcli.run.workers.blocks import MessageReader, encode
from fetchcli.run.workers.calls import (
    Accepted,
    Call,
    Cancel,
    Message,
    Piece,
    PlainCall,
    Raised,
    Returned,
    RowCall,
    Start,
)
from fetchcli.run.workers.worker_transport import WorkerTransport
from tests.support.faults import FaultServer
from tests.support.workers import children_of

URL = parse_url("http://a.example/b?c")
texts = st.text(st.characters(exclude_categories=()))  # halves of surrogate pairs, too
responses = st.builds(
    Response,
    status=st.integers(100, 999),
    url=texts,
    timings=st.builds(Timings, total=st.floats(0, 9)),
    content_type=texts,
    headers=st.dictionaries(st.binary(), st.lists(st.binary(), max_size=2), max_size=3),
    body=st.none() | st.binary(max_size=9),
)
numbers = st.integers(0, 2**40)
carried = st.lists(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.lists(texts, max_size=2)
).map(tuple)
row_calls = st.builds(
    RowCall,
    number=numbers,
    url=st.just(URL),
    began=st.floats(0, 9),
    queued=st.floats(0, 9),
    seq=numbers,
    source=texts,
    line=numbers,
    tag=texts,
    carried=carried,
    round=numbers,
    variant=texts,
)
accepted = st.builds(
    Accepted, numbers, st.builds(AcceptedRow, st.integers(100, 999), st.floats(0, 9), numbers, st.binary(max_size=20))
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Returned, numbers, responses),
    st.builds(Cancel, numbers),
    row_calls,
    accepted,
    st.builds(Piece, numbers, st.booleans(), st.binary(max_size=20)),
    st.builds(Raised, numbers, st.builds(Failure, st.sampled_from(ErrorKind), texts)),
)


def workers_of_this_process() -> set[int]:
    return set(children_of(os.getpid()))


@given(st.lists(st.lists(messages, min_size=1, max_size=4), max_size=4), st.data())
def test_messages_arrive_as_they_were_however_they_are_cut(blocks: list[list[Message]], data: st.DataObject) -> None:
    wire = b"".join(map(encode, blocks))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    reader, arrived = MessageReader(), list[Message]()
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        arrived += reader.feed(wire[start:end])
    assert arrived == [message for block in blocks for message in block]


@given(numbers, st.booleans())
def test_frequent_and_other_calls_may_be_mixed(call: int, fresh: bool) -> None:
    sent: list[Message] = [PlainCall(call, URL, fresh), Call(call, URL), Cancel(call)]
    for some in ([sent[0]], sent, sent[1:]):
        assert MessageReader().feed(encode(some)) == some


async def test_a_worker_that_hangs_is_replaced(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PING_SECONDS", 0.3)
    policy, url = Policy(), parse_url(faults.url("ok"))
    before = workers_of_this_process()
    transport = WorkerTransport(1, Start(policy, "fetchcli-test", identity=False), lambda: make_transport(policy))
    try:
        await transport.start()
        assert (await transport.send(url, policy)).status == 200
        (worker,) = workers_of_this_process() - before
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(TransportError, match="the worker process was killed by SIGKILL") as caught:
            await transport.send(url, policy)
        assert caught.value.failure.remedy is Remedy.FRESH
        assert caught.value.resume is not None
        assert (await transport.send(url, policy, fresh=caught.value.resume)).status == 200
    finally:
        await transport.close()
    assert workers_of_this_process() == before


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, list[File]]:
    def of(rows: int, scheme: str) -> list[File]:
        path = tmp_path / f"{rows}.{scheme}"
        path.write_text(f"{scheme}://h/\n" * rows)
        return [File(str(path))]

    return {
        "short": of(number.LONG - 1, "http"),
        "long": of(number.LONG, "http"),
        "short https": of(number.LONG_HTTPS - 1, "https"),
        "long https": of(number.LONG_HTTPS, "https"),
    }


@pytest.mark.parametrize(
    ("name", "many"), [("short", False), ("long", True), ("short https", False), ("long https", True)]
)
def test_auto_takes_all_cores_for_long_lists(
    lists: dict[str, list[File]], name: str, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(number, "MAX_COUNTING", 60.0)
    assert number.processes_of(Settings(processes=AUTO_PROCESSES), lists[name]) == (3 if many else 1)


def test_a_list_that_takes_long_to_count_is_long(lists: dict[str, list[File]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(number, "MAX_COUNTING", -1.0)
    assert number.processes_of(Settings(processes=AUTO_PROCESSES), lists["short"]) == 2


def test_what_all_requests_share_is_shared_by_one_process() -> None:
    for policy in (Policy(cookies=Cookies(jar="jar")), Policy(limits=Limits(rate=1.0))):
        assert number.processes_of(Settings(processes=4, policy=policy), []) == 1
    assert number.processes_of(Settings(processes=4), []) == 4
