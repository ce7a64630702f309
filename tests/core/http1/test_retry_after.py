"""What servers say about when to come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.http1.retry_after import quota_reset, retry_after

NOW = 1_767_225_600.0  # Thu, 01 Jan 2026 00:00:00 GMT


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({b"retry-after": [b"30"]}, 30.0),
        ({b"retry-after": [b"0"]}, 0.0),
        ({b"retry-after": [b"1.5"]}, 1.5),
        ({b"retry-after": [b"Thu, 01 Jan 2026 00:00:10 GMT"]}, 10.0),
        ({b"retry-after": [b"Thursday, 01-Jan-26 00:00:10 GMT"]}, 10.0),
        ({b"retry-after": [b"Thu Jan  1 00:00:10 2026"]}, 10.0),  # asctime, in UTC wherever we are
        ({b"retry-after": [b"Wed, 31 Dec 2025 23:00:00 GMT"]}, 0.0),
        # The server's clock is an hour ahead of ours, and it says so.
        ({b"retry-after": [b"Thu, 01 Jan 2026 01:00:10 GMT"], b"date": [b"Thu, 01 Jan 2026 01:00:00 GMT"]}, 10.0),
        ({b"retry-after": [b"Thu, 01 Jan 2026 00:00:10 GMT"], b"date": [b"nonsense"]}, 10.0),
        ({b"retry-after": [b"soon"]}, None),
        ({b"retry-after": [b"-1"]}, None),
        ({b"retry-after": [b"\xff"]}, None),
        ({b"retry-after": [b"99999999999999999999"]}, None),
    ],
)
def test_retry_after(fields: dict[bytes, list[bytes]], seconds: float | None) -> None:
    assert retry_after(fields, NOW) == seconds


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({b"ratelimit": [b'"default";r=0;t=5']}, 5.0),
        ({b"ratelimit": [b'"default";r=50;t=30']}, None),
        ({b"ratelimit": [b'"a";r=50;t=30', b'"b";r=0;t=7']}, 7.0),
        ({b"ratelimit": [b'"burst";r=10;t=1, "daily";r=0;t=5']}, 5.0),
        ({b"ratelimit": [b"r=" + b"0" * 5000 + b";t=1"]}, None),
        ({b"ratelimit": [b"limit=100, remaining=0, reset=50"]}, 50.0),
        ({b"ratelimit": [b"limit=100, remaining=1, reset=50"]}, None),
        ({b"ratelimit-remaining": [b"0"], b"ratelimit-reset": [b"9"]}, 9.0),
        ({b"x-ratelimit-remaining": [b"0"], b"x-ratelimit-reset": [b"9"]}, 9.0),
        ({b"x-rate-limit-remaining": [b"0"], b"x-rate-limit-reset": [b"9"]}, 9.0),
        ({b"x-ratelimit-remaining": [b"0"], b"x-ratelimit-reset": [str(int(NOW) + 12).encode()]}, 12.0),
        ({b"x-ratelimit-remaining": [b"0"], b"x-ratelimit-reset": [str(int(NOW) - 12).encode()]}, 0.0),
        ({b"x-ratelimit-remaining": [b"0"]}, None),
        ({b"x-ratelimit-remaining": [b"0"], b"x-ratelimit-reset": [b"2026-01-01"]}, None),
        ({b"x-ratelimit-remaining": [b"5"], b"x-ratelimit-reset": [b"9"]}, None),
    ],
)
def test_quotas(fields: dict[bytes, list[bytes]], seconds: float | None) -> None:
    assert quota_reset(fields, NOW) == seconds


NAMES = st.sampled_from([b"retry-after", b"date", b"ratelimit", b"x-ratelimit-remaining", b"x-ratelimit-reset"])


@given(st.dictionaries(NAMES, st.lists(st.binary(max_size=40), max_size=2)))
def test_whatever_is_said_is_no_pause_or_one_that_ends(fields: dict[bytes, list[bytes]]) -> None:
    for said in (retry_after(fields, NOW), quota_reset(fields, NOW)):
        assert said is None or 0 <= said < 1e12
