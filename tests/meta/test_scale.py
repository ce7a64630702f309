"""What `.github/SCALE.md` quotes is what the simulation says, and the simulation keeps the promises of a run."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.cli.definitions import OPTIONS
from tests.meta.docs import replace
from tests.meta.scale import TABLES
from tests.support.fleet_model import Fleet, Hosts, assign, make_hosts, row_counts
from tests.support.simulated_fleet import simulate

PAGE = Path(__file__).parents[2] / ".github" / "SCALE.md"
SMALL = Hosts(rows=4_000, hosts=400, known=5, dead=0.1, strict=0.2)


@pytest.mark.timeout(180)  # seven runs of 100,000 rows take ten seconds, and longer if the machine is busy
@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_page(name: str, request: pytest.FixtureRequest) -> None:
    made = TABLES[name]()
    page = PAGE.read_text()
    fresh = replace(page, name, made)
    if request.config.getoption("--regenerate"):
        PAGE.write_text(fresh)
    else:
        assert page == fresh, "SCALE.md differs from the simulation: pytest -n0 --regenerate tests/meta"


def test_the_page_is_short_and_names_options_that_exist() -> None:
    text = PAGE.read_text()
    assert text.count("\n") <= 160
    assert set(re.findall(r"<!-- ([a-z-]+) -->", text)) == set(TABLES)
    commands = re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text.replace("pytest -n0 --regenerate", ""))
    assert set(commands) <= {option.long for option in OPTIONS.values()}


@pytest.mark.parametrize("policy", ["hash", "greedy", "split"])
@pytest.mark.parametrize("per_host", [1, 4, 0])
@pytest.mark.parametrize("failures", [0, 20])
@pytest.mark.parametrize("breaker", [0, 5])
def test_every_row_ends_once_and_the_limit_of_a_host_holds(
    policy: str, per_host: int, failures: int, breaker: int
) -> None:
    fleet = Fleet(machines=7, slots=10, policy=policy, per_host=per_host, failures=failures, breaker=breaker)
    for seed in range(2):
        found = simulate(SMALL, fleet, seed)
        assert found.ends == b"\1" * SMALL.rows
        assert sum(found.parts) == SMALL.rows
        assert found.lane_peak <= (per_host or fleet.slots)
        if policy != "split":
            assert found.peak == found.lane_peak
        assert (found.skipped > 0) == (breaker > 0)
        assert found.requests + found.skipped >= SMALL.rows
        assert (found.fetched_again > 0) == (failures > 0)


def test_a_small_look_ahead_and_a_list_in_the_order_of_hosts() -> None:
    together = Hosts(rows=4_000, hosts=400, known=5, by_host=True)
    found = simulate(together, Fleet(machines=3, slots=10, look_ahead=12, failures=3))
    assert found.ends == b"\1" * together.rows


def test_the_same_seed_makes_the_same_run() -> None:
    fleet = Fleet(machines=5, slots=8, failures=4)
    assert simulate(SMALL, fleet, 3) == simulate(SMALL, fleet, 3)
    assert simulate(SMALL, fleet, 3).makespan != simulate(SMALL, fleet, 4).makespan


def test_one_request_at_a_time_takes_the_sum_of_their_times() -> None:
    alone = Hosts(rows=1_000, hosts=1, known=1)
    found = simulate(alone, Fleet(machines=1, per_host=1, cpu=0.0))
    assert found.makespan == pytest.approx(found.ideal * Fleet().slots, rel=0.1)
    assert found.requests == alone.rows


def test_failures_cost_what_was_not_written() -> None:
    quiet, failing = (simulate(SMALL, Fleet(machines=4, slots=10, failures=number)) for number in (0, 12))
    assert failing.requests > quiet.requests
    assert failing.requests - quiet.requests <= failing.fetched_again * (1 + Fleet().retries)
    often = simulate(SMALL, Fleet(machines=4, slots=10, failures=12, flush=0.0))
    assert often.fetched_again < failing.fetched_again


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=60), st.integers(1, 12))
def test_no_part_is_larger_than_the_mean_and_the_largest_host(counts: list[int], machines: int) -> None:
    mean = sum(counts) / machines
    for policy in ("greedy", "split", "hash"):
        parts = assign(counts, Fleet(machines=machines, policy=policy), random.Random(1))
        assert len(parts) == machines
        fetched = [0] * len(counts)
        for number, rows in (piece for part in parts for piece in part):
            fetched[number] += rows
        assert fetched == counts
        largest = max(rows for part in parts for _, rows in part)
        if policy == "split":
            assert largest <= max(1, mean)
        if policy != "hash":
            assert max(sum(rows for _, rows in part) for part in parts) <= mean + largest


@given(st.integers(1, 300), st.integers(1, 20), st.floats(0.5, 1.2), st.floats(0.001, 1.0))
def test_the_hosts_of_a_list_have_all_its_rows(hosts: int, mean: int, exponent: float, cap: float) -> None:
    spec = Hosts(rows=hosts * mean, hosts=hosts, exponent=exponent, cap=cap)
    counts = row_counts(spec)
    assert (len(counts), sum(counts)) == (hosts, spec.rows)
    assert min(counts) >= 1
    assert max(counts) <= max(cap * spec.rows, mean)


def test_some_hosts_are_dead_but_not_the_largest() -> None:
    made = make_hosts(SMALL, random.Random(0))
    assert 20 < sum(host.dead for host in made) < 60
    assert not any(host.dead for host in made[: SMALL.known])
    assert {host.latency for host in made[: SMALL.known]} == {SMALL.latency}
