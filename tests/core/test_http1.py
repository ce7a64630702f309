"""BEHAVIOUR section E, byte for byte: what is a response, and where it ends."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1 import HEAD_LIMIT, Head, parse_head
from fetchcli.core.response_reader import MOST_INTERIM, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"


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


def kind_of(data: bytes) -> tuple[ErrorKind, str]:
    with pytest.raises(TransportError) as whole:
        read(data)
    with pytest.raises(TransportError) as bytewise:
        read(data, *range(len(data)))
    assert whole.value.failure.kind is bytewise.value.failure.kind
    return whole.value.failure.kind, whole.value.failure.detail


GOOD = {
    "a length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    "58 equal lengths": (OK + b"Content-Length: 5\r\nContent-Length: 5, 5\r\n\r\nhello", b"hello"),
    "a length with zeros before it": (OK + b"Content-Length: 0005\r\n\r\nhello", b"hello"),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b""),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "66 bare LF": (b"HTTP/1.1 200 OK\nA: b\nContent-Length: 5\n\nhello", b"hello"),
    "66 mixed line ends": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nhello", b"hello"),
    "66 obs-fold": (OK + b"X: a\r\n \tb\r\nContent-Length:\r\n 5\r\n\r\nhello", b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
        b"x",
    ),
    "an empty header": (OK + b"X:\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "a status of 999": (b"HTTP/1.1 999 Go away\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"hello!"),
    "chunks, any case": (OK + b"transfer-encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "chunk extensions": (OK + b'Transfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0;x\r\n\r\n', b"hello"),
    "padded sizes": (OK + b"Transfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \r\n\r\n", b"hello"),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"hello"),
    "trailers with LF": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\n", b""),
    "an end with LF": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\n", b""),
    "chunks in HTTP/1.0": (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"x"),
}
MALFORMED = {
    "57 a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "58 lengths that differ": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "58 a list of lengths that differ": OK + b"Content-Length: 5, 6\r\n\r\n",
    "59 plus": OK + b"Content-Length: +3\r\n\r\n",
    "59 minus": OK + b"Content-Length: -1\r\n\r\n",
    "59 hexadecimal": OK + b"Content-Length: 0x3\r\n\r\n",
    "59 overflow": OK + b"Content-Length: 9223372036854775808\r\n\r\n",
    "59 a hundred digits": OK + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n",
    "59 none": OK + b"Content-Length:\r\n\r\n",
    "59 other digits": OK + "Content-Length: ٣\r\n\r\n".encode(),
    "60 xchunked": OK + b"Transfer-Encoding: xchunked\r\n\r\n",
    "60 identity": OK + b"Transfer-Encoding: identity\r\n\r\n",
    "60 gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "60 chunked, gzip": OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
    "60 chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "60 nothing": OK + b"Transfer-Encoding:\r\n\r\n",
    "60 a vertical tab": OK + b"Transfer-Encoding: \x0bchunked\r\n\r\n",
    "61 status 000": b"HTTP/1.1 000 OK\r\n\r\n",
    "61 status 099": b"HTTP/1.1 099 OK\r\n\r\n",
    "61 status 20": b"HTTP/1.1 20 OK\r\n\r\n",
    "61 status 2000": b"HTTP/1.1 2000 OK\r\n\r\n",
    "61 status +20": b"HTTP/1.1 +20 OK\r\n\r\n",
    "61 HTTP/2.0": b"HTTP/2.0 200 OK\r\n\r\n",
    "61 HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "61 HTTP/1.10": b"HTTP/1.10 200 OK\r\n\r\n",
    "61 RTSP": b"RTSP/1.0 200 OK\r\n\r\n",
    "61 lower case": b"http/1.1 200 OK\r\n\r\n",
    "61 a tab": b"HTTP/1.1\t200\tOK\r\n\r\n",
    "61 two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "62 HTTP/0.9": b"<html>hello</html>",
    "an empty line first": b"\r\n" + OK + b"\r\n",
    "63 unsolicited 101": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "65 NUL in a value": OK + b"X: a\0b\r\n\r\n",
    "65 NUL in a name": OK + b"X\0: ab\r\n\r\n",
    "65 NUL in a trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: \0\r\n\r\n",
    "66 a space before the colon": OK + b"Content-Length : 5\r\n\r\n",
    "66 a fold before the first header": OK + b" Content-Length: 5\r\n\r\n",
    "66 a bare CR": OK + b"X: a\rContent-Length: 5\r\n\r\n",
    "66 a folded length": OK + b"Content-Length: 5\r\n 6\r\n\r\n",
    "no colon": OK + b"hello\r\n\r\n",
    "no name": OK + b": hello\r\n\r\n",
    "a name with a space": OK + b"a b: c\r\n\r\n",
    "a name beyond ASCII": OK + b"\xe9: c\r\n\r\n",
    "a chunk size that is none": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk size with 0x": OK + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
    "a chunk size with a sign": OK + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n",
    "a chunk size of 17 digits": OK + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
    "a chunk size line with LF": OK + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n",
    "a chunk extension with LF": OK + b"Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n",
    "a chunk that ends with LF": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n",
    "a trailer without a colon": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nhello\r\n\r\n",
}


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
    kind, detail = kind_of(MALFORMED[name])
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
    reader, _ = read(OK + b"\r\nhello")
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


def test_chunks_in_http_1_0_end_the_connection() -> None:
    assert not read(GOOD["chunks in HTTP/1.0"][0].replace(b"OK\r\n", b"OK\r\nConnection: keep-alive\r\n"))[0].reusable


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


def test_78_interim_responses_are_bounded() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    final = OK + b"Content-Length: 0\r\n\r\n"
    assert read(interim * MOST_INTERIM + final)[0].complete
    kind, _ = kind_of(interim * (MOST_INTERIM + 1) + final)
    assert kind is ErrorKind.TOO_LARGE
    large = b"HTTP/1.1 100 Continue\r\nX: " + b"a" * (HEAD_LIMIT // 50) + b"\r\n\r\n"
    with pytest.raises(TransportError) as caught:
        read(large * 51)
    assert caught.value.failure.kind is ErrorKind.TOO_LARGE


def test_what_cannot_become_a_response_is_refused_at_once() -> None:
    assert kind_of(b"SSH-2.0-OpenSSH_9.6")[0] is ErrorKind.PROTOCOL
    read(b"HTTP/1.")  # it still can


def test_fields() -> None:
    head = parse_head(OK + b"A:  b \r\na: c\r\nD: \xe9\r\n")
    assert head == Head(200, 1, {b"a": [b"b", b"c"], b"d": [b"\xe9"]})
    assert head.has_token(b"a", b"c")
    assert not head.has_token(b"x", b"c")
    assert parse_head(OK + b"X: a\r\n \r\n\tb\r\n").fields == {b"x": [b"a  b"]}
