"""The hash of a body: small ones at once, large ones in a thread, and none if nobody wants it."""

import asyncio
import hashlib
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Limits, Policy
from fetchcli.transport import body_hash
from fetchcli.transport.body_hash import BodyHash
from tests.support.recorder import ok, recorder
from tests.transport.conftest import Sender

SIZES = st.lists(st.integers(0, 70_000), max_size=30)


@given(SIZES, st.booleans())
def test_whatever_the_pieces_it_is_the_hash_of_the_whole(sizes: list[int], eager: bool) -> None:
    chance = random.Random(1)
    pieces = [chance.randbytes(size) for size in sizes]

    async def hashed() -> str:
        made = BodyHash()
        for piece in pieces:
            made.update(piece)
            if eager or made.is_due:
                await made.hand_over()
        return await made.hexdigest()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_hash, "IN_THREAD", 100_000)
        patch.setattr(body_hash, "BLOCK", 50_000)
        assert asyncio.run(hashed()) == hashlib.sha256(b"".join(pieces)).hexdigest()


async def test_an_attempt_that_ends_meanwhile_leaves_the_order_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_hash, "IN_THREAD", 0)
    pieces = [random.Random(number).randbytes(1_000_000) for number in range(20)]
    made = BodyHash()
    for piece in pieces:
        made.update(piece)
        task = asyncio.ensure_future(made.hand_over())
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert await made.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_what_came_before_is_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_hash, "IN_THREAD", 10)
    made = BodyHash()
    for _ in range(100):
        made.update(b"x" * 1000)
        made.finish_now()
        assert not made.is_due
    assert asyncio.run(made.hexdigest()) == hashlib.sha256(b"x" * 100_000).hexdigest()


@pytest.mark.parametrize("size", [0, 10, body_hash.IN_THREAD + body_hash.BLOCK * 3])
async def test_a_body_is_hashed_unless_the_limits_say_otherwise(size: int, sender: Sender) -> None:
    body = random.Random(2).randbytes(size)
    with recorder(lambda _: ok(body)) as server:
        hashed = await sender(Policy())(server.url())
        other = await sender(Policy(limits=Limits(hash=False)))(server.url())
    assert isinstance(hashed, Response)
    assert isinstance(other, Response)
    assert hashed.sha256 == hashlib.sha256(body).hexdigest()
    assert (other.sha256, other.size_download) == ("", size)
