"""Lists as people have them: thousands of names, half HTTPS, latencies with a long tail, and all that fails.

(n) 20,000 names, each asked once, with 20 ms of DNS latency.
(m) 30,000 rows over some 4,000 names: popularity by Zipf's law, latencies log-normal (median 30 ms, p99 2 s).

Everything happens inside a network namespace; the server is `real_lists.go`, which needs Go.
"""

import json
import math
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from tests.benchmarks.measure import Cost, measure

HERE = Path(__file__).parent
NAMESPACE = f"fetchcli-lists-{os.getpid()}"
INSIDE = ["ip", "netns", "exec", NAMESPACE]
DOMAIN = "bench.test"
HOSTS, SIGMA, MEDIAN = 4_000, 1.805, 30_000  # of the latencies in microseconds
KINDS = {"ok": 0.40, "gzip": 0.50, "redirect": 0.05, "404": 0.03, "503": 0.01, "reset": 0.008, "silence": 0.002}
DEAD, BAD = 0.02, 0.01  # shares of names that do not exist, or have a bad certificate
TIMEOUT = 5  # seconds


class Server:
    """The server; `counted` is what it has counted since the last call."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def counted(self) -> dict[str, float]:
        self._process.send_signal(signal.SIGUSR1)
        assert self._process.stdout is not None
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found


class Mean(NamedTuple):
    """Medians over the rounds."""

    cost: Cost
    server: dict[str, float]
    wrong: int


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Build the server, and run it inside a namespace with a DNS server of its own."""
    binary = folder / "server"
    subprocess.run(["go", "build", "-o", str(binary), str(HERE / "real_lists.go")], check=True)
    files = [*certificate(folder, "good", f"*.{DOMAIN}"), *certificate(folder, "bad", f"*.{DOMAIN}", expired=True)]
    resolv = Path(f"/etc/netns/{NAMESPACE}")
    resolv.mkdir(parents=True)
    (resolv / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run([*INSIDE, "ip", "link", "set", "lo", "up"], check=True)
        command = [*INSIDE, str(binary), *files]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield Server(server)
        server.kill()
        server.communicate()
    finally:
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=False)
        shutil.rmtree(resolv)


def certificate(folder: Path, name: str, host: str, *, expired: bool = False) -> list[str]:
    """Paths of a certificate and its key; the authority is in ``root.pem``."""
    root = folder / "root.pem"
    if not root.exists():
        AUTHORITY.cert_pem.write_to_path(str(root))
    until = datetime.now(UTC) - timedelta(days=1) if expired else None
    issued = AUTHORITY.issue_cert(host, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=until)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return [str(cert), str(key)]


AUTHORITY = trustme.CA(key_type=trustme.KeyType.ECDSA)


def names_once(count: int) -> list[tuple[str, str]]:
    """URLs of (n), each with what must come of it."""
    return [(f"http://n{number}.{DOMAIN}/ok/0/1024", "200") for number in range(count)]


def mixed(count: int) -> list[tuple[str, str]]:
    """URLs of (m), each with what must come of it."""
    chance = random.Random(16)
    weights = [1 / (rank + 1) for rank in range(HOSTS)]
    made = []
    for host in chance.choices(range(HOSTS), weights, k=count):
        share, expected = random.Random(host).random(), ""
        first, scheme = f"h{host}", "https" if host % 2 else "http"
        if host > 50 and share < DEAD:
            first, expected = f"dead{host}", "dns"
        elif host > 50 and share < DEAD + BAD:
            first, scheme, expected = f"bad{host}", "https", "tls"
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        delay = min(int(chance.lognormvariate(math.log(MEDIAN), SIGMA)), (TIMEOUT - 1) * 1_000_000)
        size = int(min(chance.lognormvariate(math.log(8_000), 1.5), 1_000_000))
        made.append((f"{scheme}://{first}.{DOMAIN}/{kind}/{delay}/{size}", expected or OUTCOMES[kind]))
    return made


OUTCOMES = {"ok": "200", "gzip": "200", "redirect": "200", "404": "404", "503": "503"} | {
    "reset": "empty reset",
    "silence": "timeout_total",
}


def contestants(listing: Path, folder: Path, concurrency: int) -> dict[str, list[str]]:
    """What takes part, as far as it is here."""
    n, root, urls = str(concurrency), f"{folder}/root.pem", str(listing)
    fetchcli = [sys.executable, "-m", "fetchcli", urls, "-c", n, "-q", "--retry", "0", "--timeout", str(TIMEOUT)]
    shell = {
        "curl -Z": f"sed 's/.*/url = &\\noutput = \"\\/dev\\/null\"/' {urls} | curl -s -L --compressed -Z "
        f"--parallel-max {n} --max-time {TIMEOUT} --cacert {root} -K - -w '%{{json}}\\n'",
        "lychee": f"SSL_CERT_FILE={root} lychee -q --no-progress --max-concurrency {n} --host-concurrency {n} "
        f"--host-request-interval 0ms --max-retries 0 --timeout {TIMEOUT} {urls}",
    }
    here = {name: ["/bin/sh", "-c", line] for name, line in shell.items() if shutil.which(name.split()[0])}
    return {"fetchcli": [*fetchcli, "--cacert", root, "-o", f"jsonl:{folder}/rows.jsonl"]} | here


def wrong(path: Path, expected: dict[str, str]) -> int:
    """Rows whose outcome is another than it must be."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    found = Counter(
        str(row["status"] or row["error"]) in expected[row["url"]].split() for row in rows if row["url"] in expected
    )
    return len(expected) - found[True]


def run(title: str, made: list[tuple[str, str]], concurrency: int, rounds: int) -> None:
    """Measure one workload, and print a table."""
    expected = dict(made)
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as server:
        folder, listing = Path(name), Path(name) / "urls.txt"
        listing.write_text("".join(f"{url}\n" for url, _ in made))
        taken: dict[str, list[tuple[Cost, dict[str, float]]]] = {}
        mistaken = 0
        for _ in range(rounds):
            for who, command in contestants(listing, folder, concurrency).items():
                server.counted()
                taken.setdefault(who, []).append((measure([*INSIDE, *command], folder), server.counted()))
            mistaken = max(mistaken, wrong(folder / "rows.jsonl", expected))
    print(f"\n### {title}, -c {concurrency}\n\n| | wall | CPU/URL | peak | connections | resumed | server's CPU |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for who, rows in taken.items():
        cost = Cost(*(statistics.median(figure) for figure in zip(*(cost for cost, _ in rows), strict=True)))
        seen: dict[str, Any] = {key: statistics.median(counted[key] for _, counted in rows) for key in rows[0][1]}
        print(
            f"| {who} | {cost.wall:.1f} s | {cost.cpu / len(made) * 1e6:.0f} us | {cost.peak / 1e6:.0f} MB "
            f"| {seen['connections']:,.0f} | {seen['resumed']:,.0f} | {seen['cpu']:.1f} s |",
            flush=True,
        )
    print(f"\nfetchcli: {mistaken} outcomes of {len(expected):,} URLs are not as they must be")


def many_names(rounds: int, count: int) -> None:
    for concurrency in (50, 500):
        run(f"(n) {count:,} names, DNS takes 20 ms", names_once(count), concurrency, rounds)


def mixture(rounds: int, count: int) -> None:
    run(f"(m) {count:,} rows of everything", mixed(count), 200, rounds)
