"""The tables of ``.github/SCALE.md`` that the simulation makes."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from tests.support.fleet_model import Fleet, Hosts
from tests.support.simulated_fleet import Result, simulate

ROWS = 100_000_000  # of the run that the page is about
SHRUNK = ROWS / Hosts().rows
GIANTS = Hosts()
CAPPED = Hosts(cap=0.0002)
UNEVEN = Hosts(cap=0.001)
LISTS = {"giants (no cap)": GIANTS, "at most 0.1 % per host": UNEVEN, "at most 0.02 % per host": CAPPED}
POLICIES = {GIANTS: ("hash", "greedy", "split"), UNEVEN: ("greedy",), CAPPED: ("hash", "greedy")}
RESTART = 600.0 / SHRUNK  # ten minutes
MACHINES = 50

# Measured: bytes a row with all columns, and with seven of them (``python -m tests.benchmarks.scale sizes``).
BYTES = {
    "jsonl": (955, 175),
    "jsonl.gz": (107, 19),
    "jsonl.zst": (104, 18),
    "csv": (417, 98),
    "csv.zst": (96, 17),
    "parquet": (91, 15),
    "sqlite": (505, 187),
}
# Measured on a quiet machine with two cores: seconds of CPU per URL on kept connections, and with a TLS handshake.
KEPT_CPU, TLS_CPU = 0.0001, 0.0017
SECONDS = 0.31  # mean of a response in the simulation: median 0.2 s, and a long tail


@lru_cache(maxsize=64)
def result(spec: Hosts, fleet: Fleet) -> Result:
    """Simulate each run once."""
    return simulate(spec, fleet)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], texts: int = 1) -> str:
    """A table in Markdown; the first columns are text, the others numbers."""
    rule = tuple("---" if column < texts else "--:" for column in range(len(head)))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def times(found: Result) -> tuple[str, str]:
    """Time of the whole run, and its ratio to the ideal."""
    return f"{found.scaled(ROWS) / 3600:,.1f} h", f"{found.over_ideal(ROWS):.1f}"


def assignment() -> str:
    """Time by the way hosts are assigned to machines."""
    rows = []
    for name, spec in LISTS.items():
        for policy in POLICIES[spec]:
            found = result(spec, Fleet(policy=policy))
            largest = max(found.parts) / (sum(found.parts) / len(found.parts))
            rows.append((name, policy, f"{largest:.2f}", *times(found), str(found.peak)))
    head = ("list", "hosts to machines", "largest part / mean", "time", "x ideal", "at once to one host")
    return table(head, rows, texts=2)


def per_host() -> str:
    """Time by the limit per host."""
    rows = []
    for limit in (1, 4, 16, 0):
        found = [result(spec, Fleet(per_host=limit)) for spec in (GIANTS, CAPPED)]
        refused = [f"{1000 * one.given_up / len(one.ends):.1f}" for one in found]
        rows.append((str(limit or "none"), *times(found[0]), refused[0], *times(found[1]), refused[1]))
    head = ("--per-host", "giants", "x ideal", "429 per 1,000", "0.02 %", "x ideal", "429 per 1,000")
    return table(head, rows)


def dead_hosts() -> str:
    """Time by what is done about hosts that do not answer."""
    rows = []
    for name, timeout, breaker in (
        ("the defaults", 10.0, 0),
        ("--connect-timeout 3s", 3.0, 0),
        ("--max-host-errors 5", 10.0, 5),
        ("both", 3.0, 5),
    ):
        found = result(CAPPED, Fleet(timeout=timeout, breaker=breaker))
        rows.append((name, *times(found), f"{1000 * found.skipped / len(found.ends):.0f}"))
    return table(("2 % of the hosts never answer", "time", "x ideal", "skipped per 1,000"), rows)


def failures() -> str:
    """Time by the number of machines that fail."""
    rows = []
    for number in (0, 5, 50):
        found = result(CAPPED, Fleet(failures=number, restart=RESTART))
        again = f"{found.fetched_again / number:.0f}" if number else "-"
        rows.append((str(number), *times(found), again))
    return table(("machine failures", "time", "x ideal", "rows fetched again per failure"), rows)


def bytes_of_results() -> str:
    """Size of the results of the whole run."""
    rows = []
    for name, (all_columns, few) in BYTES.items():
        total = all_columns * ROWS / 1e9
        rows.append((name, str(all_columns), f"{total:.0f} GB", f"{total / MACHINES:.1f} GB", str(few)))
    return table(("format", "bytes a row", "100 M rows", "each machine", "bytes a row, 7 columns"), rows)


def load() -> str:
    """Load of one machine and of the DNS servers by the number of requests in flight."""
    rows = []
    for concurrency in (50, 200, 500):
        rate = concurrency / SECONDS
        new, kept = rate * TLS_CPU, rate * (KEPT_CPU + (TLS_CPU - KEPT_CPU) / 10)
        queries = rate * MACHINES * 2
        rows.append(
            (
                str(concurrency),
                f"{rate:,.0f}",
                f"{ROWS / MACHINES / rate / 3600:.1f} h",
                f"{100 * kept:.0f} %",
                f"{100 * new:.0f} %",
                f"{queries / 10:,.0f} to {queries:,.0f}",
            )
        )
    head = (
        "-c",
        "URLs/s",
        "time",
        "CPU, 10 rows a handshake",
        "CPU, 1 row a handshake",
        "DNS queries/s of all machines",
    )
    return table(head, rows)


TABLES: dict[str, Callable[[], str]] = {
    "bytes": bytes_of_results,
    "load": load,
    "assignment": assignment,
    "per-host": per_host,
    "dead-hosts": dead_hosts,
    "failures": failures,
}
