"""``--no-hash``: rows without a hash, unless something asks for it."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from fetchcli import fetch
from fetchcli.core.errors import UsageError
from fetchcli.core.model.policy import Limits, Policy
from tests.support.command import fetchcli
from tests.support.recorder import ok, recorder

BODY = b"hello"


def test_rows_have_no_hash(tmp_path: Path) -> None:
    with recorder(lambda _: ok(BODY)) as server:
        result = fetchcli(server.url(), "--no-hash", "-o", "jsonl", cwd=tmp_path)
    row = json.loads(result.out)
    assert (result.code, row["sha256"], row["size_download"]) == (0, None, 5)


def test_a_row_that_expects_a_hash_is_hashed(tmp_path: Path) -> None:
    with recorder(lambda _: ok(BODY)) as server:
        digests = [sha256(BODY).hexdigest(), sha256(b"other").hexdigest()]
        rows = [{"url": server.url(), "expect": {"sha256": digest}} for digest in digests]
        (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        result = fetchcli("list.jsonl", "--no-hash", "-w", "%{seq} %{verdict}\n", "--ordered", cwd=tmp_path)
    assert (result.code, result.lines) == (6, ["1 OK", "2 FAILED"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--expect-sha256", "0" * 64), "--no-hash and --expect-sha256 cannot be combined"),
        (("--baseline", "old.jsonl"), "--no-hash and --baseline cannot be combined"),
        (("--save", "d/{sha256:2}/{seq}"), "--no-hash: the names of --save contain sha256; use one or the other"),
    ],
)
def test_what_needs_hashes_refuses_it(more: tuple[str, ...], said: str, tmp_path: Path) -> None:
    result = fetchcli("http://127.0.0.1:1/", "--no-hash", *more, cwd=tmp_path)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1


async def test_the_library_refuses_it_too() -> None:
    policy = Policy(limits=Limits(hash=False))
    with pytest.raises(UsageError, match="names of --save contain sha256"):
        async for _ in fetch(["http://127.0.0.1:1/"], policy, save="d/{sha256}{ext}"):
            pass
