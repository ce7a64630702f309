"""Runs that save bodies, without a network: responses from a table, real files."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.model.save import Save
from fetchcli.core.model.target import Row
from fetchcli.engine.fetcher import Fetcher
from fetchcli.run.saving import Saving
from fetchcli.save.store import Store
from fetchcli.transport.base import HopRequest
from fetchcli.transport.fake import ScriptedHops
from fetchcli.transport.follow import FollowingTransport
from tests.support.outcomes import target
from tests.support.recorder import ok

Answers = Mapping[str, bytes]
POLICY = Policy(retry=Retry(count=0))
GZIPPED = gzip.compress(b"hello " * 100, mtime=0)


def large(size: int) -> bytes:
    """A body that differs everywhere."""
    return b"".join(number.to_bytes(4, "big") for number in range(size // 4))


async def save(
    settings: Save,
    answers: Answers,
    policy: Policy = POLICY,
    *,
    ordered: bool = True,
    answer: Callable[[HopRequest], bytes] | None = None,
) -> tuple[list[Outcome], Store[Any]]:
    """Fetch ``http://h`` + path for every answer, in their order, and save what comes.

    ``answer`` makes the responses, if they are not those in the table.
    """
    rows: list[Row] = [target(seq, f"http://h{path}") for seq, path in enumerate(answers, 1)]
    saving = await asyncio.to_thread(Saving, settings, redactor=policy.credentials.redactor)
    store = saving.store(await asyncio.to_thread(saving.open))

    async def batches() -> AsyncIterator[list[Row]]:
        yield await asyncio.to_thread(saving.name, rows)

    def look_up(request: HopRequest) -> bytes:
        reply = answers[request.url.target]
        return reply if reply.startswith(b"HTTP/") else ok(reply, "Content-Type: text/html")

    fetcher = Fetcher(FollowingTransport(ScriptedHops(answer or look_up), "test"), policy, ordered=ordered, store=store)
    outcomes = [outcome async for outcome in fetcher.run(batches())]
    await store.close()
    return outcomes, store


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder by name, the hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check_whole(outcomes: Iterable[Outcome]) -> None:
    """What outcomes say is saved is on disk, whole."""
    for outcome in outcomes:
        if outcome.saved is not None and outcome.response is not None:
            data = Path(outcome.saved.name).read_bytes()
            assert (len(data), sha256(data).hexdigest()) == (outcome.saved.size, outcome.response.sha256)


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch, module: Any, call: str, number: int, error: OSError
) -> Iterator[list[int]]:
    """Let the N-th call of a function of ``os`` in a module fail, and those after it; yields the number of calls."""
    calls = [0]
    real: Callable[..., Any] = getattr(module.os, call)

    class Os:
        def __getattr__(self, name: str) -> Any:
            return fail if name == call else getattr(real_os, name)

    real_os = module.os

    def fail(*args: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == number:
            raise error
        return real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(module, "os", Os())
        yield calls
