"""Resolve host names with c-ares, or with the system's resolver where c-ares cannot.

Each name is looked up once at a time, however many requests wait for it. Answers are kept for a
minute, final failures for a few seconds, and only a bounded number of either.
"""

import asyncio
import socket
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import aiodns
import msgspec
from aiodns import error as ares

from fetchcli.core.errors import ErrorKind, Remedy, TransportError, UsageError

ANSWER_SECONDS = 60.0  # as in curl
FAILURE_SECONDS = 5.0
MAX_NAMES = 10_000
THREADS = 64
FAMILIES = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}

Addresses = tuple[str, ...]


class LookupFailure(msgspec.Struct, frozen=True):
    """Why a name has no addresses.

    Attributes:
        reason: one clause for people.
        final: an authority has said so (NXDOMAIN, or no address): asking again is useless.
    """

    reason: str
    final: bool


Answer = Addresses | LookupFailure

_NO_NAME = frozenset({ares.ARES_ENOTFOUND, ares.ARES_ENODATA, ares.ARES_EBADNAME})
# c-ares has no server to ask, so it does not know whether the name exists.
_NO_SERVER = frozenset({ares.ARES_ECONNREFUSED, ares.ARES_EFILE, ares.ARES_ENOTINITIALIZED})


class Resolver:
    """Resolves names; create it inside a running event loop."""

    def __init__(self, servers: tuple[str, ...] = (), family: int = 0) -> None:
        self._family = FAMILIES[family]
        self._version = family
        self._custom_servers = bool(servers)
        self._ares: aiodns.DNSResolver | None = None
        try:
            self._ares = aiodns.DNSResolver(nameservers=servers or None)
        except (ares.DNSError, OSError, RuntimeError) as error:  # no configuration, or an unsuitable loop
            if servers:
                raise UsageError(f"--dns-servers: c-ares is not available: {error}") from None
        self._threads: ThreadPoolExecutor | None = None
        self._cache: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._pending: dict[str, asyncio.Task[Answer]] = {}

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
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._ares is not None:
            await self._ares.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str) -> Answer:
        """The addresses, or why there are none; never raises, because nobody may be waiting any more."""
        answer: Answer
        try:
            answer = await self._query(host) or LookupFailure("no address", final=True)
        except ares.DNSError as error:
            answer = LookupFailure(str(error.args[-1]), error.args[0] in _NO_NAME)
        except socket.gaierror as error:
            answer = LookupFailure(str(error.strerror), error.errno in (socket.EAI_NONAME, socket.EAI_NODATA))
        except (OSError, UnicodeError) as error:  # a label may be too long for the system's resolver
            answer = LookupFailure(str(error), isinstance(error, UnicodeError))
        if isinstance(answer, LookupFailure) and not answer.final:
            return answer  # a retry must ask again
        seconds = FAILURE_SECONDS if isinstance(answer, LookupFailure) else ANSWER_SECONDS
        self._cache[host] = (time.monotonic() + seconds, answer)
        if len(self._cache) > MAX_NAMES:
            self._cache.popitem(last=False)
        return answer

    async def _query(self, host: str) -> Addresses:
        if self._ares is not None:
            try:
                result = await self._ares.getaddrinfo(host, family=self._family, type=socket.SOCK_STREAM)
                return tuple(dict.fromkeys(node.addr[0].decode("ascii") for node in result.nodes))
            except ares.DNSError as error:
                if self._custom_servers or not (error.args[0] in _NO_SERVER or _is_local(host)):
                    raise
        return await self._ask_system(host)

    async def _ask_system(self, host: str) -> Addresses:
        """Ask the system's resolver, which knows more than DNS: mDNS, LDAP, names of containers."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "fetchcli-dns")
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, self._family, socket.SOCK_STREAM)
        )
        return tuple(dict.fromkeys(str(info[4][0]) for info in infos))


def _literal(host: str) -> int | None:
    """4 or 6 for an IP address, None for a name."""
    try:
        return ip_address(host).version
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    name = host.rstrip(".")
    return "." not in name or name.endswith(".local")


def _or_raise(answer: Answer) -> Addresses:
    if isinstance(answer, LookupFailure):
        remedy = Remedy.NONE if answer.final else Remedy.LATER
        raise TransportError(ErrorKind.DNS, f"name lookup failed: {answer.reason}", remedy)
    return answer
