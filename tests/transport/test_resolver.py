"""Names -> addresses, against a DNS server of our own on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport import lookup as lookup_module
from fetchcli.transport import resolver as resolver_module
from fetchcli.transport.lookup import Answer, LookupFailure, combined
from fetchcli.transport.resolver import Resolver
from tests.support.dns import AAAA, SERVFAIL, A, DnsServer, dns_server
from tests.transport.conftest import eventually

NAMES = {"one.test": ("127.0.0.1",), "two.test": ("127.0.0.1", "::1"), "dead.test": None}


@asynccontextmanager
async def resolving(server: DnsServer, family: int = 0) -> AsyncIterator[Resolver]:
    resolver = Resolver((server.place,), family)
    yield resolver
    await resolver.close()


async def failure(resolver: Resolver, host: str) -> str:
    with pytest.raises(TransportError) as caught:
        await resolver.resolve(host)
    assert caught.value.failure.kind is ErrorKind.DNS
    return caught.value.failure.detail


async def test_the_servers_that_were_named_are_asked() -> None:
    with dns_server(NAMES) as server:
        async with resolving(server) as resolver:
            assert await resolver.resolve("one.test") == ("127.0.0.1",)
            assert set(await resolver.resolve("two.test")) == {"127.0.0.1", "::1"}
            assert await failure(resolver, "none.test") == "name lookup failed: Domain name not found"


async def test_an_address_is_its_own_and_is_never_asked() -> None:
    with dns_server(NAMES) as server:
        async with resolving(server) as resolver:
            assert await resolver.resolve("127.0.0.1") == ("127.0.0.1",)
            assert await resolver.resolve("::1") == ("::1",)
        assert server.asked == []


@pytest.mark.parametrize(("family", "address", "other"), [(4, "127.0.0.1", "::1"), (6, "::1", "127.0.0.1")])
async def test_one_version_of_ip_only(family: int, address: str, other: str) -> None:
    with dns_server(NAMES) as server:
        async with resolving(server, family) as resolver:
            assert await resolver.resolve("two.test") == (address,)
            assert f"(-{family})" in await failure(resolver, other)
            if family == 6:
                await failure(resolver, "one.test")


@pytest.mark.parametrize("other", [None, SERVFAIL, 5])
@pytest.mark.parametrize(("broken", "address"), [(A, "::1"), (AAAA, "127.0.0.1")])
async def test_a_family_that_is_silent_or_broken_does_not_fail_the_other(
    broken: int, address: str, other: int | None
) -> None:
    with dns_server(NAMES) as server:
        server.families[broken] = other
        async with resolving(server) as resolver:
            # Were the silent family waited for, c-ares would take 2 s and more to give it up.
            async with asyncio.timeout(1):
                assert await resolver.resolve("two.test") == (address,)


async def test_a_family_that_is_slower_by_less_than_the_delay_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lookup_module.RESOLUTION_DELAY == 0.05
    monkeypatch.setattr(lookup_module, "RESOLUTION_DELAY", 60.0)  # however busy this machine is
    with dns_server(NAMES) as server:
        server.delays[AAAA] = 0.01
        async with resolving(server) as resolver:
            assert await resolver.resolve("two.test") == ("::1", "127.0.0.1")


@pytest.mark.parametrize(("slow", "first", "then"), [(A, "::1", "127.0.0.1"), (AAAA, "127.0.0.1", "::1")])
async def test_a_family_that_is_slower_still_is_there_for_whoever_needs_it(
    monkeypatch: pytest.MonkeyPatch, slow: int, first: str, then: str
) -> None:
    monkeypatch.setattr(lookup_module, "RESOLUTION_DELAY", 0.0)
    with dns_server(NAMES) as server:
        server.delays[slow] = 0.05
        async with resolving(server) as resolver:
            assert await resolver.resolve("two.test") == (first,)
            assert await resolver.others("two.test", (first,)) == (then,)
            assert await resolver.resolve("two.test") == (first, then)
            assert await resolver.others("two.test", (first, then)) == ()
            assert await resolver.others("unknown.test", ()) == ()


@pytest.mark.parametrize(
    ("failures", "final"),
    [
        ([LookupFailure("no data", final=True), LookupFailure("timeout", final=False)], False),
        ([LookupFailure("timeout", final=False), LookupFailure("no name", final=True, no_name=True)], True),
        ([LookupFailure("no data", final=True), LookupFailure("no data", final=True)], True),
    ],
)
def test_a_failure_is_final_if_no_family_can_have_an_address(failures: list[Answer], final: bool) -> None:
    answer = combined(failures)
    assert isinstance(answer, LookupFailure)
    assert answer.final is final


async def test_one_lookup_at_a_time_for_each_name() -> None:
    with dns_server(NAMES) as server:
        async with resolving(server, 4) as resolver:
            await asyncio.gather(*(resolver.resolve("one.test") for _ in range(100)))
            await resolver.resolve("one.test")
            await asyncio.gather(*(failure(resolver, "none.test") for _ in range(100)))
            await failure(resolver, "none.test")
        assert server.asked == [("one.test", A), ("none.test", A)]


async def test_answers_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "ANSWER_SECONDS", 0.0)
    with dns_server(NAMES) as server:
        async with resolving(server, 4) as resolver:
            await resolver.resolve("one.test")
            await resolver.resolve("one.test")
        assert len(server.asked) == 2


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "MAX_NAMES", 3)
    with dns_server(lambda _: ("127.0.0.1",)) as server:
        async with resolving(server, 4) as resolver:
            for number in range(10):
                await resolver.resolve(f"h{number}.test")
            assert len(resolver._cache) == 3


async def test_a_waiter_that_gives_up_does_not_end_the_lookup_of_the_others() -> None:
    with dns_server({**NAMES, "slow.test": ("127.0.0.1",)}) as server:
        async with resolving(server, 4) as resolver:
            first = asyncio.create_task(resolver.resolve("slow.test"))
            second = asyncio.create_task(resolver.resolve("slow.test"))
            await asyncio.sleep(0)
            first.cancel()
            assert await second == ("127.0.0.1",)
            with pytest.raises(asyncio.CancelledError):
                await first


async def test_80_names_that_are_never_answered_do_not_delay_others() -> None:
    def script(name: str) -> tuple[str, ...] | None:
        return None if name.startswith("black") else ("127.0.0.1",)

    with dns_server(script) as server:
        async with resolving(server, 4) as resolver:
            black = [asyncio.create_task(resolver.resolve(f"black{number}.test")) for number in range(100)]
            await eventually(lambda: server.asked)
            await asyncio.gather(*(resolver.resolve(f"good{number}.test") for number in range(100)))
            assert not any(task.done() for task in black)
            for task in black:
                task.cancel()
            await asyncio.gather(*black, return_exceptions=True)


def names_of_the_system(*known: str) -> Callable[..., list[object]]:
    def getaddrinfo(host: str, *_: object) -> list[object]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", 0))] * 2

    return getaddrinfo


async def test_without_c_ares_the_system_is_asked_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", names_of_the_system("a.test"))
    resolver = Resolver()
    if resolver._ares is not None:
        resolver._ares.close()
    resolver._ares = None
    assert await resolver.resolve("a.test") == ("127.0.0.9",)
    assert await failure(resolver, "b.test") == "name lookup failed: Name or service not known"
    await resolver.close()


async def test_names_without_a_dot_may_be_known_to_the_system_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """mDNS, LDAP, a container's own names."""
    monkeypatch.setattr("socket.getaddrinfo", names_of_the_system("printer.local", "a.test"))
    with dns_server(NAMES) as server:
        async with resolving(server, 4) as resolver:
            resolver._custom_servers = False
            assert await resolver.resolve("printer.local") == ("127.0.0.9",)
            await failure(resolver, "a.test")  # DNS says that there is none, and that is the answer
            resolver._custom_servers = True
            await failure(resolver, "other.local")


async def test_a_label_that_no_resolver_takes_is_dns() -> None:
    resolver = Resolver()
    if resolver._ares is not None:
        resolver._ares.close()
    resolver._ares = None
    await failure(resolver, "x" * 64 + ".local")
    await resolver.close()


async def test_a_name_without_an_address_is_dns() -> None:
    with dns_server({"v4only.test": ("127.0.0.1",)}) as server:
        async with resolving(server, 6) as resolver:
            await failure(resolver, "v4only.test")


async def test_a_failure_that_may_pass_is_asked_for_again_at_once() -> None:
    """Whoever tries a row again is to learn something new."""
    with dns_server({"flaky.test": ("127.0.0.1",)}) as server:
        async with resolving(server, 4) as resolver:
            resolver._cache["flaky.test"] = (0.0, ())
            answer = await resolver._look_up("none.test").answer
            assert isinstance(answer, LookupFailure)
            assert answer.final
            assert "none.test" in resolver._cache
    async with resolving(server, 4) as resolver:  # it is gone: nobody answers
        answer = await resolver._look_up("flaky.test").answer
        assert isinstance(answer, LookupFailure)
        assert not answer.final
        assert "flaky.test" not in resolver._cache


async def test_a_bug_in_a_lookup_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("socket.getaddrinfo", broken)
    resolver = Resolver()
    if resolver._ares is not None:
        resolver._ares.close()
    resolver._ares = None
    with pytest.raises(ZeroDivisionError):
        await resolver.resolve("a.test")
    await resolver.close()
