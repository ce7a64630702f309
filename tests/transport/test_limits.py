"""BEHAVIOUR 67-74, 79, 82: bodies that are too much or too slow."""

import asyncio
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import brotli
import pytest
from backports import zstd

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Limits, Policy, Timeouts
from tests.support.recorder import ok, recorder
from tests.transport.conftest import Send, Sender

GIGABYTE = 1 << 30
ZEROS = bytes(1 << 24)
CODINGS = ("gzip", "deflate", "br", "zstd")


def bomb(coding: str, size: int = GIGABYTE) -> bytes:
    """Zeros, compressed; those of gzip and deflate lack their end, which nobody gets to see."""
    steps = size // len(ZEROS)
    if coding == "br":
        brotlis = brotli.Compressor(quality=5)
        return b"".join(brotlis.process(ZEROS) for _ in range(steps)) + bytes(brotlis.finish())
    if coding == "zstd":
        return zstd.compress(ZEROS) * steps
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflater.compress(ZEROS) + deflater.flush(zlib.Z_FULL_FLUSH)
    return (b"\x1f\x8b\x08" + bytes(7) if coding == "gzip" else b"\x78\xda") + block * steps


def peak() -> int:
    """The most memory that this process ever had since `forget_peak`, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def forget_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


@pytest.mark.parametrize("coding", CODINGS)
async def test_72_a_hundred_bombs_at_once_are_too_large_in_bounded_memory(sender: Sender, coding: str) -> None:
    body = bomb(coding)
    assert len(body) <= 1_200_000
    # A low limit: what is decoded before it strikes is time of the test.
    policy = Policy(limits=Limits(ratio=20, ratio_free=1 << 20))
    with recorder(ok(body, f"Content-Encoding: {coding}")) as server:
        send = sender(policy)
        before = forget_peak()
        failures = await asyncio.gather(*(send(server.url()) for _ in range(100)))
        grown = peak() - before
    for failure in failures:
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TOO_LARGE
        assert "--max-ratio" in failure.detail
    # KiB: the bodies as they came are a quarter of it; each decoder of brotli has a window of 4 MiB besides.
    assert grown < (629_600 if coding == "br" else 400_000)


async def test_72_the_default_lets_no_bomb_through(send: Send) -> None:
    with recorder(ok(bomb("gzip"), "Content-Encoding: gzip")) as server:
        failure = await send(server.url())
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TOO_LARGE


async def test_a_body_that_compresses_well_is_no_bomb(sender: Sender) -> None:
    body = gzip.compress(bytes(8 << 20))
    with recorder(ok(body, "Content-Encoding: gzip")) as server:
        response = await sender(Policy())(server.url())
        assert isinstance(response, Response)
        assert response.size_decoded == 8 << 20
    with recorder(ok(gzip.compress(bytes(1 << 26)), "Content-Encoding: gzip")) as server:
        response = await sender(Policy(limits=Limits(ratio=None)))(server.url())
        assert isinstance(response, Response)


@pytest.mark.parametrize(
    ("headers", "body", "detail"),
    [
        ((), bytes(1001), "more than the 1000 bytes allowed (--max-filesize)"),
        (
            ("Content-Encoding: gzip",),
            gzip.compress(bytes(1001), mtime=0),
            "more than the 1000 bytes allowed after decoding",
        ),
    ],
)
async def test_74_max_filesize(sender: Sender, headers: tuple[str, ...], body: bytes, detail: str) -> None:
    with recorder(ok(body, *headers)) as server:
        failure = await sender(Policy(limits=Limits(size=1000)))(server.url())
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TOO_LARGE
        assert failure.detail.startswith(detail)
        assert isinstance(await sender(Policy(limits=Limits(size=1001)))(server.url()), Response)


async def test_a_zstd_window_beyond_rfc_9659_is_too_large(send: Send) -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    encoder = zstd.ZstdCompressor(options=options)
    body = encoder.compress(bytes(1000)) + encoder.flush()  # streaming: the size is not known, the window is said
    with recorder(ok(body, "Content-Encoding: zstd")) as server:
        failure = await send(server.url())
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TOO_LARGE
        assert "RFC 9659" in failure.detail


async def longest_block(work: asyncio.Future[Response | Failure]) -> float:
    """The longest time without a turn of the event loop, as a share of the time that the work took.

    CPU time, so that a busy machine is not taken for a blocked loop.
    """
    began = last = time.thread_time()
    longest = 0.0
    while not work.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    return longest / (last - began)


# A new decoder for every frame of zstd is dear: a fifth of them says as much.
NOTHING = {"gzip": gzip.compress(b"", mtime=0) * 500_000, "zstd": zstd.compress(b"") * 100_000}


@pytest.mark.parametrize("coding", NOTHING)
async def test_73_no_end_of_empty_members_leaves_the_loop_free(send: Send, coding: str) -> None:
    with recorder(ok(NOTHING[coding], f"Content-Encoding: {coding}")) as server:
        work = asyncio.ensure_future(send(server.url()))
        longest = await longest_block(work)
        response = work.result()
    assert isinstance(response, Response), response
    assert response.size_decoded == 0
    assert longest < 0.2


async def test_chunks_of_one_byte_leave_the_loop_free(send: Send) -> None:
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1_000_000 + b"0\r\n\r\n"
    with recorder(body) as server:
        work = asyncio.ensure_future(send(server.url()))
        longest = await longest_block(work)
        response = work.result()
    assert isinstance(response, Response), response
    assert response.size_decoded == 1_000_000
    assert longest < 0.2


async def test_71_an_unknown_coding_is_counted_as_it_came_and_flagged(send: Send) -> None:
    with recorder(ok(b"hello", "Content-Encoding: gzip, x-unknown")) as server:
        response = await send(server.url())
        assert isinstance(response, Response)
        assert (response.unknown_coding, response.size_decoded) == ("gzip, x-unknown", 5)


async def test_nothing_is_decoded_where_there_is_no_body(sender: Sender) -> None:
    from fetchcli.core.request.request import RequestOptions

    head = ok(b"", "Content-Encoding: gzip").replace(b"Length: 0", b"Length: 30")
    with recorder(head) as server:
        assert isinstance(await sender(Policy(request=RequestOptions("HEAD")))(server.url()), Response)


@contextmanager
def dripping(head: bytes, seconds: float, drop: bytes = b"x") -> Iterator[str]:
    """A server that sends a head, and then one drop after another for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=drip, args=(connection,), daemon=True).start()

        def drip(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(head)
                while True:
                    time.sleep(seconds)
                    connection.sendall(drop)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize("head", [ENDLESS, b"HTTP/1.1 200 OK\r\nX: "])
async def test_79_drop_by_drop_ends_by_the_total_or_the_rate(send: Send, head: bytes) -> None:
    with dripping(head, 0.05) as url:
        total = await send(url, total=0.5, read=0.4)
        assert isinstance(total, Failure)
        assert total.kind is ErrorKind.TIMEOUT_TOTAL
        rate = await send(url, Policy(timeouts=Timeouts(min_rate=100, rate_window=0.5)))
        assert isinstance(rate, Failure)
        assert rate.kind is ErrorKind.TIMEOUT_RATE
        assert "less than --min-rate" in rate.detail


async def test_a_rate_that_is_kept_is_no_failure(send: Send) -> None:
    timeouts = Timeouts(total=1.5, min_rate=100, rate_window=0.3)
    with dripping(ENDLESS, 0.02, b"x" * 100) as url:
        failure = await send(url, Policy(timeouts=timeouts))
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TIMEOUT_TOTAL
    # Before the first byte a server may think for as long as other limits allow.
    with dripping(b"", 0.8, ok()) as url:
        assert isinstance(await send(url, Policy(timeouts=timeouts)), Response)


async def test_82_an_infinite_body_is_too_large_or_a_timeout(send: Send) -> None:
    with dripping(ENDLESS, 0.0, bytes(65536)) as url:
        large = await send(url, Policy(limits=Limits(size=10_000_000)))
        assert isinstance(large, Failure)
        assert large.kind is ErrorKind.TOO_LARGE
        slow = await send(url, total=0.3)
        assert isinstance(slow, Failure)
        assert slow.kind is ErrorKind.TIMEOUT_TOTAL


async def test_a_reset_in_the_middle_of_much_is_truncated(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(ENDLESS + bytes(50_000_000))  # more than the kernel holds: much of it was read
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        failure = await send(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.TRUNCATED
