"""Attempts and their results."""

import pytest

from fetchcli.core.model.attempt import Response
from fetchcli.core.timings import Timings


@pytest.mark.parametrize(
    ("body", "size", "complete"),
    [(None, 0, False), (None, 5, False), (b"hel", 5, False), (b"hello", 5, True), (b"", 0, True)],
)
def test_a_kept_body_is_whole_or_cut(body: bytes | None, size: int, complete: bool) -> None:
    assert Response(200, "http://h/", Timings(), size_decoded=size, body=body).body_complete is complete
