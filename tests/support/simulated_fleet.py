"""A run on many machines in virtual time: heavy-tailed hosts, dead hosts, refusals, and machines that fail.

`simulate` deals the rows of a list to machines, and fetches them without a network and without waiting. It is
deterministic by seed. A list of 100 million URLs is simulated with fewer rows; `Result.scaled` extrapolates.

What is left out: bandwidth, redirects, rates, and retries for other reasons than timeouts and status 429.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import exp

from tests.support.fleet_model import JITTER, Fleet, Host, Hosts, assign, ideal_seconds, make_hosts

SAMPLES = 4096  # of the jitter, drawn once; a power of two
REFUSAL_SECONDS = 0.05  # until a host answers 429
OK, REFUSED, TIMEOUT, RETRY, WAKE, FAIL, RESTART = range(7)  # kinds of events


@dataclass(slots=True, eq=False)
class Lane:
    """The rows of one host on one machine."""

    host: Host
    rows: deque[int] = field(default_factory=deque)
    in_flight: int = 0
    paused_until: float = 0.0
    failed: int = 0
    is_ready: bool = False
    is_open: bool = False


@dataclass(slots=True, eq=False)
class Machine:
    """One machine with the rows of its part, in order."""

    index: int
    part: list[int]
    free: int
    read: int = 0
    waiting: int = 0
    cpu_free_at: float = 0.0
    flush_at: float = 0.0
    failed: bool = False
    lanes: dict[int, Lane] = field(default_factory=dict)
    ready: deque[Lane] = field(default_factory=deque)
    attempts: dict[int, int] = field(default_factory=dict)
    unwritten: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run came to.

    Attributes:
        makespan: seconds until the last row ended.
        last_start: when the last request started; what comes after it does not grow with the list.
        ideal: seconds if the attempts that are needed were spread evenly over all slots and cores.
        ends: for each row, how often it ended.
        requests: that were sent.
        fetched_again: rows that had to be fetched again after failures, those in flight included.
        skipped: rows that the circuit breaker skipped.
        refused: requests that were answered with 429.
        given_up: rows that ended with 429.
        peak: most requests in flight to one host, over all machines.
        lane_peak: most requests in flight to one host from one machine.
        parts: rows of each machine.
        largest_host: rows of the largest host, or of the largest piece of one.
    """

    makespan: float
    last_start: float
    ideal: float
    ends: bytearray
    requests: int
    fetched_again: int
    skipped: int
    refused: int
    given_up: int
    peak: int
    lane_peak: int
    parts: list[int]
    largest_host: int

    def scaled(self, rows: int) -> float:
        """The seconds that a list of so many rows takes, with the same mix of hosts."""
        return self.last_start * (rows / len(self.ends)) + self.makespan - self.last_start

    def over_ideal(self, rows: int) -> float:
        """The time of such a list as a multiple of its ideal time."""
        return self.scaled(rows) / (self.ideal * rows / len(self.ends))


class Simulation:
    """One run; call `run` once."""

    def __init__(self, spec: Hosts, fleet: Fleet, seed: int) -> None:
        self._chance = random.Random(seed)
        self._fleet, self._limit = fleet, fleet.per_host or fleet.slots
        self._jitter = [round(exp(JITTER * self._chance.gauss(0, 1)), 6) for _ in range(SAMPLES)]
        self._hosts = make_hosts(spec, self._chance)
        self._owner: list[Host] = []
        pieces = assign([host.rows for host in self._hosts], fleet, self._chance)
        self._largest = max(rows for part in pieces for _, rows in part)
        self._machines = [Machine(index, self._deal(part, spec), fleet.slots) for index, part in enumerate(pieces)]
        self._parts = [len(machine.part) for machine in self._machines]
        self._ends = bytearray(len(self._owner))
        self._events: list[tuple[float, int, int, Machine, Lane | None, int]] = []
        self._tie = count()
        self._now = self._makespan = self._last_start = 0.0
        self._requests = self._again = self._skipped = self._refused = 0
        self._given_up = self._lane_peak = 0

    def run(self) -> Result:
        """Run to the end."""
        ideal = ideal_seconds(self._hosts, self._fleet)
        for _ in range(self._fleet.failures):
            self._push(self._chance.uniform(0, ideal), FAIL, self._chance.choice(self._machines))
        for machine in self._machines:
            self._fill(machine)
        while self._events:
            self._now, _, kind, machine, lane, row = heappop(self._events)
            if kind >= FAIL:
                self._fail(self._machines[machine.index]) if kind == FAIL else self._restart(machine)
            elif not machine.failed and lane is not None:
                self._handle(kind, machine, lane, row)
                self._fill(machine)
        return Result(
            makespan=self._makespan,
            last_start=self._last_start,
            ideal=ideal,
            ends=self._ends,
            requests=self._requests,
            fetched_again=self._again,
            skipped=self._skipped,
            refused=self._refused,
            given_up=self._given_up,
            peak=max(host.peak for host in self._hosts),
            lane_peak=self._lane_peak,
            parts=self._parts,
            largest_host=self._largest,
        )

    def _deal(self, pieces: list[tuple[int, int]], spec: Hosts) -> list[int]:
        """Number the rows of a machine's pieces, and put them in the order of its list."""
        self._chance.shuffle(pieces)
        first = len(self._owner)
        for number, rows in pieces:
            self._owner += [self._hosts[number]] * rows
        part = list(range(first, len(self._owner)))
        if not spec.by_host:
            self._chance.shuffle(part)
        return part

    def _push(self, at: float, kind: int, machine: Machine, lane: Lane | None = None, row: int = -1) -> None:
        heappush(self._events, (at, next(self._tie), kind, machine, lane, row))

    def _handle(self, kind: int, machine: Machine, lane: Lane, row: int) -> None:
        """Take in the end of a request, of a retry's delay or of a pause."""
        if kind <= TIMEOUT:
            machine.free += 1
            lane.in_flight -= 1
            lane.host.in_flight -= 1
            if kind == OK:
                lane.failed = 0
                self._end(machine, row)
            else:
                self._retry(kind, machine, lane, row)
        elif kind == RETRY:
            lane.rows.appendleft(row)
        if lane.is_open:
            self._skip(machine, lane)
        self._place(machine, lane)

    def _place(self, machine: Machine, lane: Lane) -> None:
        """Queue a lane that may start."""
        if lane.rows and not lane.is_ready and lane.in_flight < self._limit and lane.paused_until <= self._now:
            lane.is_ready = True
            machine.ready.append(lane)

    def _end(self, machine: Machine, row: int) -> None:
        """Record that a row has ended."""
        self._ends[row] += 1
        self._makespan = self._now
        if self._now >= machine.flush_at:
            machine.unwritten.clear()
            machine.flush_at = self._now + self._fleet.flush
        machine.unwritten.append(row)

    def _retry(self, kind: int, machine: Machine, lane: Lane, row: int) -> None:
        """Retry a row that timed out or was refused, or give it up."""
        fleet = self._fleet
        if kind == REFUSED:
            self._refused += 1
            lane.paused_until = self._now + fleet.pause
            self._push(lane.paused_until, WAKE, machine, lane)
        else:
            lane.failed += 1
            lane.is_open = lane.is_open or 0 < fleet.breaker <= lane.failed
        tries = machine.attempts.get(row, 0) + 1
        if tries > fleet.retries:
            self._given_up += kind == REFUSED
            self._end(machine, row)
            return
        machine.attempts[row] = tries
        machine.waiting += 1
        if kind == REFUSED:
            lane.rows.appendleft(row)
        else:
            self._push(self._now + 2 ** (tries - 1) * self._chance.random(), RETRY, machine, lane, row)

    def _skip(self, machine: Machine, lane: Lane) -> None:
        """End the waiting rows of a host that the circuit breaker has given up."""
        self._skipped += len(lane.rows)
        machine.waiting -= len(lane.rows)
        while lane.rows:
            self._end(machine, lane.rows.popleft())

    def _fill(self, machine: Machine) -> None:
        """Start requests while there are slots, and rows that may start."""
        while machine.free:
            if not machine.ready and not self._read(machine):
                return
            lane = machine.ready.popleft()
            lane.is_ready = False
            if lane.rows and lane.in_flight < self._limit and lane.paused_until <= self._now:
                self._start(machine, lane)
                self._place(machine, lane)

    def _read(self, machine: Machine) -> bool:
        """Read rows until one may start; False if the list or the look-ahead is used up before."""
        part, lanes = machine.part, machine.lanes
        while machine.read < len(part) and machine.waiting < self._fleet.look_ahead:
            row = part[machine.read]
            machine.read += 1
            host = self._owner[row]
            lane = lanes.get(host.number)
            if lane is None:
                lane = lanes[host.number] = Lane(host)
            lane.rows.append(row)
            machine.waiting += 1
            if lane.is_open:
                self._skip(machine, lane)
            self._place(machine, lane)
            if machine.ready:
                return True
        return False

    def _start(self, machine: Machine, lane: Lane) -> None:
        """Send a request."""
        row, host, fleet = lane.rows.popleft(), lane.host, self._fleet
        machine.waiting -= 1
        machine.free -= 1
        self._requests += 1
        lane.in_flight += 1
        host.in_flight += 1
        host.peak = max(host.peak, host.in_flight)
        self._lane_peak = max(self._lane_peak, lane.in_flight)
        begin = max(self._now, machine.cpu_free_at)
        machine.cpu_free_at = begin + fleet.cpu
        if row not in machine.attempts:
            self._last_start = begin
        if host.dead:
            self._push(begin + fleet.timeout, TIMEOUT, machine, lane, row)
        elif host.in_flight > host.tolerated:
            self._push(begin + REFUSAL_SECONDS, REFUSED, machine, lane, row)
        else:
            seconds = host.latency * self._jitter[self._requests % SAMPLES]
            self._push(machine.cpu_free_at + seconds, OK, machine, lane, row)

    def _fail(self, machine: Machine) -> None:
        """Lose a machine with its requests in flight and the results that are not written."""
        in_flight = machine.free < self._fleet.slots
        if machine.failed or not (in_flight or machine.waiting or machine.read < len(machine.part)):
            return
        machine.failed = True
        for row in machine.unwritten:
            self._ends[row] -= 1
        self._again += len(machine.unwritten) + self._fleet.slots - machine.free
        for lane in machine.lanes.values():
            lane.host.in_flight -= lane.in_flight
        self._push(self._now + self._fleet.restart, RESTART, machine)

    def _restart(self, failed: Machine) -> None:
        """Go on with the rows of a failed machine that have no written result (``--resume``)."""
        part = [row for row in failed.part if not self._ends[row]]
        machine = self._machines[failed.index] = Machine(failed.index, part, self._fleet.slots)
        self._fill(machine)


def simulate(spec: Hosts, fleet: Fleet, seed: int = 0) -> Result:
    """Run a list on a fleet to the end."""
    return Simulation(spec, fleet, seed).run()
