"""The list and the machines of a simulated fleet, and the assignment of hosts to machines."""

import math
import random
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from fetchcli.core.schedule.scheduler import LOOK_AHEAD

JITTER = 0.5  # sigma of the log-normal factor between the responses of one host


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """A list: how many rows each host has, and how the hosts behave.

    Attributes:
        exponent: of Zipf's law: 1 makes giants.
        cap: largest share of the rows that one host may have.
        latency: median seconds of a response.
        sigma: of the log-normal distribution of hosts over latencies.
        known: how many of the largest hosts have the median latency and answer every request.
        dead: share of the other hosts that never answer.
        strict: share of the other hosts that answer 429 to more than `tolerated` requests at once.
        by_host: rows of a host stand together, instead of in random order.
    """

    rows: int = 100_000
    hosts: int = 10_000
    exponent: float = 1.0
    cap: float = 1.0
    latency: float = 0.2
    sigma: float = 0.8
    known: int = 50
    dead: float = 0.02
    strict: float = 0.05
    tolerated: int = 4
    by_host: bool = False


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The machines and the settings of the run.

    Attributes:
        slots: requests in flight per machine (``--concurrency``).
        per_host: requests in flight per host and machine (``--per-host``); 0 is no limit.
        policy: ``hash``, ``greedy`` or ``split``: how hosts are assigned to machines.
        cpu: seconds of CPU per request; a machine has one core for it.
        timeout: seconds until a dead host is given up (``--connect-timeout``).
        retries: after timeouts and refusals (``--retry``).
        breaker: failures in a row after which a host is skipped (``--max-host-errors``); 0 is never.
        pause: seconds that a strict host asks for (Retry-After).
        look_ahead: rows that a machine reads past hosts that must wait.
        failures: machines that fail, each at a random time of the ideal run.
        restart: seconds until the part of a failed machine goes on.
        flush: seconds between writes of results; a failure loses what was not written.
    """

    machines: int = 50
    slots: int = 50
    per_host: int = 4
    policy: str = "greedy"
    cpu: float = 0.0004
    timeout: float = 10.0
    retries: int = 2
    breaker: int = 5
    pause: float = 5.0
    look_ahead: int = LOOK_AHEAD
    failures: int = 0
    restart: float = 1.0
    flush: float = 1.0


@dataclass(slots=True)
class Host:
    """One host; `in_flight` counts the requests of all machines."""

    number: int
    rows: int
    latency: float
    dead: bool
    tolerated: float
    in_flight: int = 0
    peak: int = 0


def row_counts(spec: Hosts) -> list[int]:
    """Rows of each host by Zipf's law, the largest first; at least one each."""
    weights = [round((rank + 1) ** -spec.exponent, 12) for rank in range(spec.hosts)]
    share = (spec.rows - spec.hosts) / sum(weights)
    most = max(int(spec.rows * spec.cap), -(-spec.rows // spec.hosts))
    counts = [min(most, 1 + int(weight * share)) for weight in weights]
    rest = spec.rows - sum(counts)
    while rest:
        for rank in range(spec.hosts):
            if rest and counts[rank] < most:
                counts[rank] += 1
                rest -= 1
    return counts


def make_hosts(spec: Hosts, chance: random.Random) -> list[Host]:
    """The hosts of a list; rounding makes them the same on every platform."""
    made = []
    for number, rows in enumerate(row_counts(spec)):
        factor = round(math.exp(spec.sigma * chance.gauss(0, 1)), 6)
        is_known = number < spec.known
        latency = spec.latency * (1 if is_known else factor)
        dead = chance.random() < spec.dead and not is_known
        tolerated = spec.tolerated if chance.random() < spec.strict and not is_known else math.inf
        made.append(Host(number, rows, latency, dead, tolerated))
    return made


def pieces(counts: list[int], most: int) -> list[tuple[int, int]]:
    """Host and rows of each piece, with hosts of more than `most` rows cut into pieces of nearly one size."""
    cut = []
    for number, rows in enumerate(counts):
        parts = -(-rows // most)
        cut += [(number, rows // parts + (part < rows % parts)) for part in range(parts)]
    return cut


def assign(counts: list[int], fleet: Fleet, chance: random.Random) -> list[list[tuple[int, int]]]:
    """The pieces (host, rows) of each machine, by policy."""
    machines: list[list[tuple[int, int]]] = [[] for _ in range(fleet.machines)]
    if fleet.policy == "hash":
        for number, rows in enumerate(counts):
            machines[chance.randrange(fleet.machines)].append((number, rows))
        return machines
    most = max(1, sum(counts) // fleet.machines) if fleet.policy == "split" else max(counts)
    loads = [(0, number) for number in range(fleet.machines)]
    heapify(loads)
    for piece in sorted(pieces(counts, most), key=lambda piece: -piece[1]):
        load, number = heappop(loads)
        machines[number].append(piece)
        heappush(loads, (load + piece[1], number))
    return machines


def ideal_seconds(hosts: list[Host], fleet: Fleet) -> float:
    """The time of the attempts that are needed, spread evenly over all slots and cores."""
    busy, requests = 0.0, 0
    for host in hosts:
        tries = host.rows
        if host.dead:
            tries *= 1 + fleet.retries
            tries = min(tries, fleet.breaker or tries)
        busy += tries * (fleet.timeout if host.dead else host.latency * math.exp(JITTER**2 / 2))
        requests += tries
    return max(busy / fleet.slots, requests * fleet.cpu) / fleet.machines
