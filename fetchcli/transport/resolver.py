"""Resolve host names with c-ares, or with the system's resolver where c-ares cannot.

Each name is looked up once at a time, however many requests wait for it. Answers are kept for a
minute, final failures for a few seconds, and only a bounded number of either.
"""

import asyncio
import socket
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pycares

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.transport.ares import Ares, AresError
from fetchcli.transport.lookup import Addresses, Answer, Lookup, LookupFailure

ANSWER_SECONDS = 60.0  # as in curl
FAILURE_SECONDS = 5.0
MAX_NAMES = 10_000
THREADS = 64
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Resolvers:
    """A `Resolver` for each IP version that a row or the run asks for; create it inside a running event loop."""

    def __init__(self, servers: tuple[str, ...] = ()) -> None:
        self._servers = servers
        self._by_family: dict[int, Resolver] = {}

    def of_family(self, family: int) -> "Resolver":
        """The resolver for ``Network.family``."""
        resolver = self._by_family.get(family)
        if resolver is None:
            resolver = self._by_family[family] = Resolver(self._servers, family)
        return resolver

    async def close(self) -> None:
        """Stop all lookups."""
        for resolver in self._by_family.values():
            await resolver.close()


class Resolver:
    """Resolves names; create it inside a running event loop."""

    def __init__(self, servers: tuple[str, ...] = (), family: int = 0) -> None:
        self._family = FAMILIES.get(family)
        self._version = family
        self._custom_servers = bool(servers)
        self._ares: Ares | None = None
        with suppress(pycares.AresError):  # no configuration: the system may know more
            self._ares = Ares(servers)
        self._threads: ThreadPoolExecutor | None = None
        self._cache: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._pending: dict[str, Lookup] = {}
        self._late: dict[str, Lookup] = {}  # those that wait for the slower family

    async def resolve(self, host: str) -> Addresses:
        """The addresses of a host, in the order to try them; an IP address stands for itself.

        Raises:
            TransportError: `dns`.
        """
        if (literal := _literal(host)) is not None:
            if self._version not in (0, literal):
                raise TransportError(
                    ErrorKind.DNS, f"{host} is an IPv{literal} address (-{self._version})", Remedy.NONE
                )
            return (host,)
        until, answer = self._cache.get(host, (0.0, ()))
        if until > time.monotonic():
            return _or_raise(answer)
        lookup = self._pending.get(host)
        if lookup is None:
            lookup = self._pending[host] = self._look_up(host)
        return _or_raise(await asyncio.shield(lookup.answer))

    async def close(self) -> None:
        """Stop all lookups."""
        for lookup in [*self._pending.values(), *self._late.values()]:
            lookup.cancel()
        if self._ares is not None:
            self._ares.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def others(self, host: str, tried: Addresses) -> Addresses:
        """The addresses of a family that answered too late for `resolve`; waits for them if they may still come."""
        if host in self._late:
            await asyncio.shield(self._late[host].whole)
        _, answer = self._cache.get(host, (0.0, ()))
        return () if isinstance(answer, LookupFailure) else tuple(a for a in answer if a not in tried)

    def _look_up(self, host: str) -> Lookup:
        """Ask for the addresses of a host."""
        families = (self._family,) if self._family else (socket.AF_INET6, socket.AF_INET)
        lookup = Lookup(
            families,
            partial(self._ask, host),
            partial(self._ask_again, host),
            lambda answer, is_whole: self._learn(host, lookup, answer, is_whole=is_whole),
            partial(self._add_late, host),
        )
        lookup.answer.add_done_callback(lambda _: self._pending.pop(host, None))
        return lookup

    def _learn(self, host: str, lookup: Lookup, answer: Answer, *, is_whole: bool) -> None:
        """Keep the answer to a lookup; a slower family may add to it."""
        if not isinstance(answer, LookupFailure) or answer.final:  # otherwise a retry must ask again
            self._keep(host, answer)
        if not is_whole:
            self._late[host] = lookup
            lookup.whole.add_done_callback(lambda _: self._late.pop(host, None))

    def _keep(self, host: str, answer: Answer) -> None:
        seconds = FAILURE_SECONDS if isinstance(answer, LookupFailure) else ANSWER_SECONDS
        self._cache[host] = (time.monotonic() + seconds, answer)
        if len(self._cache) > MAX_NAMES:
            self._cache.popitem(last=False)

    def _add_late(self, host: str, late: Answer) -> None:
        """Add the addresses of the slower family to those of the other."""
        if not isinstance(late, LookupFailure):
            _, known = self._cache.get(host, (0.0, ()))
            self._keep(host, late if isinstance(known, LookupFailure) else tuple(dict.fromkeys((*known, *late))))

    def _ask(self, host: str, family: socket.AddressFamily) -> "asyncio.Future[Addresses]":
        """Ask for the addresses of one family."""
        if self._ares is None:
            return asyncio.ensure_future(self._ask_system(host, family))
        return self._ares.look_up(host, family)

    def _ask_again(
        self, host: str, family: socket.AddressFamily, error: BaseException
    ) -> "asyncio.Future[Addresses] | None":
        """Ask the system for what DNS does not know, unless the servers were named."""
        if self._custom_servers or not isinstance(error, AresError) or not (error.no_server or _is_local(host)):
            return None
        return asyncio.ensure_future(self._ask_system(host, family))

    async def _ask_system(self, host: str, family: socket.AddressFamily) -> Addresses:
        """Ask the system's resolver, which knows more than DNS: mDNS, LDAP, names of containers."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "fetchcli-dns")
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
        )
        return tuple(dict.fromkeys(str(info[4][0]) for info in infos))


def _literal(host: str) -> int | None:
    """4 or 6 for an IP address, None for a name."""
    if ":" not in host and not host[-1:].isdigit():
        return None
    version, family = (6, socket.AF_INET6) if ":" in host else (4, socket.AF_INET)
    try:
        socket.inet_pton(family, host)
    except OSError:
        return None
    return version


def _is_local(host: str) -> bool:
    name = host.rstrip(".")
    return "." not in name or name.endswith(".local")


def _or_raise(answer: Answer) -> Addresses:
    if isinstance(answer, LookupFailure):
        remedy = Remedy.NONE if answer.final else Remedy.LATER
        raise TransportError(ErrorKind.DNS, f"name lookup failed: {answer.reason}", remedy)
    return answer
