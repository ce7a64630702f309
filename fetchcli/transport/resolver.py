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

import msgspec
import pycares

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.transport.ares import Ares, AresError

ANSWER_SECONDS = 60.0  # as in curl
FAILURE_SECONDS = 5.0
RESOLUTION_DELAY = 0.05  # RFC 8305 section 8: seconds that one family waits for the other
MAX_NAMES = 10_000
THREADS = 64
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}

Addresses = tuple[str, ...]


class LookupFailure(msgspec.Struct, frozen=True):
    """Why a name has no addresses.

    Attributes:
        reason: one clause for people.
        final: an authority has said so (NXDOMAIN, or no address): asking again is useless.
        no_name: the name does not exist, in any family (NXDOMAIN).
    """

    reason: str
    final: bool
    no_name: bool = False


Answer = Addresses | LookupFailure


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
        self._pending: dict[str, asyncio.Task[Answer]] = {}
        self._late: dict[str, asyncio.Task[Answer]] = {}  # lookups of the slower family

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
        task = self._pending.get(host)
        if task is None:
            task = self._pending[host] = asyncio.ensure_future(self._look_up(host))
            task.add_done_callback(lambda _: self._pending.pop(host, None))
        return _or_raise(await asyncio.shield(task))

    async def close(self) -> None:
        """Stop all lookups."""
        tasks = [*self._pending.values(), *self._late.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._ares is not None:
            self._ares.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def others(self, host: str, tried: Addresses) -> Addresses:
        """The addresses of a family that answered too late for `resolve`; waits for them if they may still come."""
        if host in self._late:
            await asyncio.wait([self._late[host]])
        _, answer = self._cache.get(host, (0.0, ()))
        return () if isinstance(answer, LookupFailure) else tuple(a for a in answer if a not in tried)

    async def _look_up(self, host: str) -> Answer:
        """The addresses, or why there are none; never raises, because nobody may be waiting any more."""
        families = (self._family,) if self._family else (socket.AF_INET6, socket.AF_INET)
        tasks = [asyncio.ensure_future(self._ask(host, family)) for family in families]
        try:
            late = await _wait_for_families(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        answer = _combined([task.result() for task in tasks if task not in late])
        if not isinstance(answer, LookupFailure) or answer.final:  # otherwise a retry must ask again
            self._keep(host, answer)
        for task in late:
            self._late[host] = task
            task.add_done_callback(lambda done: self._add_late(host, done))
        return answer

    def _keep(self, host: str, answer: Answer) -> None:
        seconds = FAILURE_SECONDS if isinstance(answer, LookupFailure) else ANSWER_SECONDS
        self._cache[host] = (time.monotonic() + seconds, answer)
        if len(self._cache) > MAX_NAMES:
            self._cache.popitem(last=False)

    def _add_late(self, host: str, done: asyncio.Task[Answer]) -> None:
        """Add the addresses of the slower family to those of the other."""
        self._late.pop(host, None)
        if not done.cancelled() and not isinstance(late := done.result(), LookupFailure):
            _, known = self._cache.get(host, (0.0, ()))
            self._keep(host, late if isinstance(known, LookupFailure) else tuple(dict.fromkeys((*known, *late))))

    async def _ask(self, host: str, family: socket.AddressFamily) -> Answer:
        """The addresses of one family, or why there are none."""
        try:
            return await self._query(host, family) or LookupFailure("no address", final=True)
        except AresError as error:
            return LookupFailure(error.reason, error.final, error.no_name)
        except socket.gaierror as error:
            return LookupFailure(str(error.strerror), error.errno in (socket.EAI_NONAME, socket.EAI_NODATA))
        except (OSError, UnicodeError) as error:  # a label may be too long for the system's resolver
            return LookupFailure(str(error), isinstance(error, UnicodeError))

    async def _query(self, host: str, family: socket.AddressFamily) -> Addresses:
        if self._ares is not None:
            try:
                return await self._ares.look_up(host, family)
            except AresError as error:
                if self._custom_servers or not (error.no_server or _is_local(host)):
                    raise
        return await self._ask_system(host, family)

    async def _ask_system(self, host: str, family: socket.AddressFamily) -> Addresses:
        """Ask the system's resolver, which knows more than DNS: mDNS, LDAP, names of containers."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "fetchcli-dns")
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
        )
        return tuple(dict.fromkeys(str(info[4][0]) for info in infos))


async def _wait_for_families(tasks: list[asyncio.Task[Answer]]) -> set[asyncio.Task[Answer]]:
    """Wait for the answers of the families (RFC 8305 section 3); return those that are late.

    A family that is slow, silent or broken delays the other by `RESOLUTION_DELAY` at most.
    """
    pending = set(tasks)
    timeout: float | None = None
    while pending:
        done, pending = await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
        if any(not isinstance(task.result(), LookupFailure) for task in done):
            timeout = RESOLUTION_DELAY
    return pending


def _combined(answers: list[Answer]) -> Answer:
    """The addresses of all families, or why there are none; a family that failed never fails the other."""
    addresses = [address for answer in answers if not isinstance(answer, LookupFailure) for address in answer]
    if addresses:
        return tuple(dict.fromkeys(addresses))
    failures = [answer for answer in answers if isinstance(answer, LookupFailure)]
    # That there is no such name holds for every family; that a family has no address says nothing of the other.
    return min(failures, key=lambda failure: (not failure.no_name, failure.final))


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
