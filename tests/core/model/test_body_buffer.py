"""The start of a body, kept in memory."""

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.body_buffer import BodyBuffer


@given(st.integers(0, 50), st.lists(st.binary(max_size=20)))
def test_it_keeps_the_first_bytes_and_no_more(limit: int, pieces: list[bytes]) -> None:
    buffer = BodyBuffer(limit)
    for piece in pieces:
        buffer.feed(piece)
    assert buffer.data == b"".join(pieces)[:limit]
