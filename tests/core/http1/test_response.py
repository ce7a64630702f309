"""BEHAVIOUR section E, byte for byte: what is a response, and where it ends."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import MAX_HEAD, Head, parse_head
from fetchcli.core.http1.response import MAX_INTERIM, ResponseReader
from tests.support.framing import GOOD, MALFORMED, OK


def read(data: bytes, *cuts: int, to_head_request: bool = False) -> tuple[ResponseReader, bool]:
    """Feed the bytes, cut at these places; whether there was something left over."""
    reader = ResponseReader(to_head_request=to_head_request)
    leftover = False
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(places):
        if reader.complete:
            leftover = True
            break
        leftover = reader.feed(data[start:end])
    return reader, leftover


def body(reader: ResponseReader) -> bytes:
    return b"".join(reader.pieces)


def problem_kind(data: bytes) -> tuple[ErrorKind, str]:
    with pytest.raises(TransportError) as whole:
        read(data)
    with pytest.raises(TransportError) as bytewise:
        read(data, *range(len(data)))
    assert whole.value.failure.kind is bytewise.value.failure.kind
    return whole.value.failure.kind, whole.value.failure.detail


@pytest.mark.parametrize("name", GOOD)
def test_well_formed(name: str) -> None:
    data, expected = GOOD[name]
    for cuts in ((), range(len(data)), (len(data) // 2,)):
        reader, leftover = read(data, *cuts)
        assert reader.complete
        assert reader.length_verified
        assert not leftover
        assert body(reader) == expected


@pytest.mark.parametrize("name", GOOD)
def test_52_53_54_cut_short_is_never_complete(name: str) -> None:
    data, _ = GOOD[name]
    for cut in range(len(data)):
        reader, _ = read(data[:cut])
        reader.feed_end()
        assert not reader.complete, data[:cut]


@pytest.mark.parametrize("name", GOOD)
def test_56_what_follows_is_left_over_wherever_it_is_cut(name: str) -> None:
    data, expected = GOOD[name]
    for cuts in ((), (len(data),), range(len(data) + 3)):
        reader, leftover = read(data + b"HTT", *cuts)
        assert leftover
        assert reader.complete
        assert body(reader) == expected


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_is_protocol_wherever_it_is_cut(name: str) -> None:
    kind, detail = problem_kind(MALFORMED[name])
    assert kind is ErrorKind.PROTOCOL
    assert detail.isprintable()


@given(st.sampled_from(sorted(GOOD)), st.sets(st.integers(0, 200)))
def test_any_cuts_give_the_same_response(name: str, cuts: set[int]) -> None:
    data, expected = GOOD[name]
    reader, _ = read(data, *cuts)
    assert (reader.complete, body(reader)) == (True, expected)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_whatever_comes_is_a_response_or_a_transport_error(name: str, data: st.DataObject) -> None:
    mutated = bytearray(GOOD[name][0])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        mutated[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    outcomes: set[object] = set()
    for cuts in ((), range(len(mutated))):
        try:
            reader, leftover = read(bytes(mutated), *cuts)
            reader.feed_end()
            outcomes.add((reader.complete, leftover, body(reader)))
        except TransportError as error:
            outcomes.add(error.failure.kind)
    assert len(outcomes) == 1


def test_55_without_a_length_the_end_of_the_connection_ends_it() -> None:
    reader, _ = read(OK + b"\r\nhello", len(OK) + 2)  # a cut right after the header section
    assert not reader.complete
    reader.feed_end()
    assert (reader.complete, reader.length_verified, reader.reusable, body(reader)) == (True, False, False, b"hello")


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (OK, True),
        (OK + b"Connection: keep-alive\r\n", True),
        (OK + b"Connection: Close\r\n", False),
        (OK + b"Connection: foo, close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_persistence(head: bytes, reusable: bool) -> None:
    assert read(head + b"Content-Length: 0\r\n\r\n")[0].reusable is reusable


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_83_a_body_that_must_not_be_there_may_still_come(status: bytes) -> None:
    reader, leftover = read(b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\n\r\nhello")
    assert (reader.complete, reader.reusable, leftover, body(reader)) == (True, False, True, b"")


def test_a_head_request_has_no_body_and_keeps_its_connection() -> None:
    reader, leftover = read(OK + b"Content-Length: 5\r\n\r\n", to_head_request=True)
    assert (reader.complete, reader.reusable, leftover) == (True, True, False)
    assert read(OK + b"Transfer-Encoding: chunked\r\n\r\n", to_head_request=True)[0].complete
    reader, leftover = read(OK + b"Content-Length: 5\r\n\r\nhello", to_head_request=True)
    assert leftover


def test_75_a_long_header_is_fine() -> None:
    head = parse_head(OK + b"X: " + b"a" * 18_000 + b"\r\n")
    assert len(head.fields[b"x"][0]) == 18_000


@pytest.mark.parametrize("size", [7, 65_536, 10_000_000])
def test_76_77_headers_without_end_are_too_large(size: int) -> None:
    for endless in (b"X: " + b"a" * 400_000, b"X: a\r\n" * 60_000):
        data = OK + endless
        with pytest.raises(TransportError) as caught:
            read(data, *range(0, len(data), size))
        assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_77_trailers_without_end_are_too_large() -> None:
    start = OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    for trailers in (b"X: a\r\n" * 60_000, b"X: " + b"a" * 400_000, b"X: a\r\n" * 60_000 + b"\r\n"):
        with pytest.raises(TransportError) as caught:
            read(start + trailers)
        assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_77_a_chunk_size_line_without_end_is_too_large() -> None:
    with pytest.raises(TransportError) as caught:
        read(OK + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"a" * 20_000)
    assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_the_limit_of_the_header_section_holds_for_interim_responses_together_however_they_are_cut() -> None:
    interim = b"HTTP/1.1 103 Early\r\nX: " + b"x" * (MAX_HEAD // 2) + b"\r\n\r\n"
    for cuts in ([], [len(interim), 2 * len(interim)]):
        with pytest.raises(TransportError) as caught:
            read(interim * 3, *cuts)
        assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_78_interim_responses_are_bounded() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    final = OK + b"Content-Length: 0\r\n\r\n"
    assert read(interim * MAX_INTERIM + final)[0].complete
    kind, _ = problem_kind(interim * (MAX_INTERIM + 1) + final)
    assert kind is ErrorKind.TOO_LARGE
    large = b"HTTP/1.1 100 Continue\r\nX: " + b"a" * (MAX_HEAD // 50) + b"\r\n\r\n"
    with pytest.raises(TransportError) as caught:
        read(large * 51)
    assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_what_cannot_become_a_response_is_refused_at_once() -> None:
    assert problem_kind(b"SSH-2.0-OpenSSH_9.6")[0] is ErrorKind.PROTOCOL
    read(b"HTTP/1.")  # it still can


def test_the_first_lines_that_were_skipped_are_kept() -> None:
    head = parse_head(OK + b"".join(b"A %d: b\r\n" % number for number in range(5)) + b"C: d\r\n")
    assert head.skipped == ("'A 0: b'", "'A 1: b'", "'A 2: b'")
    assert head.fields == {b"c": [b"d"]}


def test_fields() -> None:
    head = parse_head(OK + b"A:  b \r\na: c\r\nD: \xe9\r\n")
    assert head == Head(200, 1, {b"a": [b"b", b"c"], b"d": [b"\xe9"]})
    assert head.has_token(b"a", b"c")
    assert not head.has_token(b"x", b"c")
    assert parse_head(OK + b"X: a\r\n \r\n\tb\r\n").fields == {b"x": [b"a  b"]}


EARLY = b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n"
RECORDED = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "until close": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "empty": b"HTTP/1.1 204 No Content\r\n\r\n",
}


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("early", [b"", EARLY])
def test_a_recorder_gets_the_final_response_and_nothing_else(name: str, early: bytes) -> None:
    data, rest = RECORDED[name], b"" if name == "until close" else b"HTTP/1.1 500 X"
    for size in (1, 7, 1000):
        recorded: list[bytes] = []
        reader, stream = ResponseReader(record=recorded.append), early + data + rest
        for start in range(0, len(stream), size):
            if reader.complete:
                break
            reader.feed(stream[start : start + size])
        assert b"".join(recorded) == data
