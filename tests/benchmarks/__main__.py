"""``python -m tests.benchmarks [WORKLOAD ...]``: what fetchcli costs, as ratios in one run.

Contestants are interleaved, medians are quoted. The reference is a bare ``aiohttp.ClientSession``
loop with the same concurrency, on uvloop; peers take part where they are on PATH.
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.benchmarks.alarms import alarms
from tests.benchmarks.cores import WAYS, fresh, kept, peak, secure, servers
from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.real_lists import many_names, mixture
from tests.support.nginx import installed, nginx

HERE = Path(__file__).parent
PYTHON = sys.executable
FETCHCLI = [PYTHON, "-m", "fetchcli"]


def contest(commands: dict[str, list[str]], folder: Path, rounds: int, **more: dict[str, str]) -> dict[str, Cost]:
    """Interleave the contestants; median of each figure."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(measure(command, folder, **more))
    return {
        name: Cost(*(statistics.median(figure) for figure in zip(*taken, strict=True))) for name, taken in costs.items()
    }


def table(title: str, costs: dict[str, Cost], count: int, reference: str = "bare aiohttp") -> None:
    """Print a table in Markdown."""
    base = costs[reference]
    print(
        f"\n### {title}\n\n| | CPU/URL | CPU ratio | wall | wall ratio | peak |\n| --- | --: | --: | --: | --: | --: |"
    )
    for name, cost in costs.items():
        print(
            f"| {name} | {cost.cpu / count * 1e6:.0f} us | {cost.cpu / base.cpu:.2f} | {cost.wall:.2f} s "
            f"| {cost.wall / base.wall:.2f} | {cost.peak / 1e6:.0f} MB |",
            flush=True,
        )


def peers(listing: Path, concurrency: int) -> dict[str, list[str]]:
    """The other tools that are here, told to do the same."""
    n, urls = str(concurrency), str(listing)
    shell = {
        "curl -Z": f"sed 's/.*/url = &\\noutput = \"\\/dev\\/null\"/' {urls} "
        f"| curl -s -Z --parallel-max {n} -K - -w '%{{json}}\\n'",
        "xargs curl": f"xargs -P{n} -n1 curl -s -o /dev/null <{urls}",
        "wget2": f"wget2 -q --max-threads={n} -O /dev/null -i {urls}",
        "aria2c": f"aria2c -q -j{n} -d . -i {urls} --allow-overwrite=true --dry-run=true",
        "lychee": f"lychee -q --no-progress --max-concurrency {n} --host-concurrency {n} "
        f"--host-request-interval 0ms {urls}",
    }
    needs = {"xargs curl": "curl", "curl -Z": "curl"}
    return {name: ["/bin/sh", "-c", command] for name, command in shell.items() if shutil.which(needs.get(name, name))}


def ours(listing: Path, concurrency: int, folder: Path) -> dict[str, list[str]]:
    """fetchcli, the reference, and the script that people write first."""
    n = str(concurrency)
    return {
        "bare aiohttp": [PYTHON, str(HERE / "bare.py"), str(listing), n],
        "fetchcli": [*FETCHCLI, str(listing), "-c", n, "-q", "-o", f"jsonl:{folder}/rows.jsonl"],
        "naive gather": [PYTHON, str(HERE / "naive.py"), str(listing), n],
    }


@contextmanager
def lists(count: int, make: Callable[[int], str]) -> Iterator[tuple[Path, Path]]:
    """A folder with a list of that many URLs."""
    with tempfile.TemporaryDirectory() as name:
        listing = Path(name) / "urls.txt"
        with listing.open("w") as file:
            file.writelines(f"{make(number)}\n" for number in range(count))
        yield listing, Path(name)


def one_host(rounds: int, count: int) -> None:
    with nginx() as port, lists(count, lambda n: f"http://127.0.0.1:{port}/page/{n}") as (listing, folder):
        table(
            f"(a) {count:,} URLs of 1 KB on one host, -c 50", contest(ours(listing, 50, folder), folder, rounds), count
        )
    small = count // 20
    with nginx() as port, lists(small, lambda n: f"http://127.0.0.1:{port}/page/{n}") as (listing, folder):
        everyone = {**ours(listing, 50, folder), **peers(listing, 50)}
        table(f"(a') {small:,} of them, with the peers", contest(everyone, folder, 3), small)


def many_hosts(rounds: int, count: int) -> None:
    with nginx() as port, lists(count, lambda n: fresh(port, n)) as (listing, folder):
        contestants = ours(listing, 50, folder)
        table(f"(b) {count:,} URLs on {count:,} addresses, -c 50", contest(contestants, folder, rounds), count)


def tls(rounds: int, count: int) -> None:
    with servers() as (_, port, env), lists(count, lambda n: secure(port, n)) as (listing, folder):
        costs = contest(ours(listing, 50, folder), folder, rounds, env=env)
        table(f"(c) {count:,} HTTPS URLs on {count:,} hosts, -c 50", costs, count)


def latency(rounds: int, count: int) -> None:
    server = subprocess.Popen([PYTHON, str(HERE / "slow.py")], stdout=subprocess.PIPE)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        with lists(count, lambda n: f"http://127.0.0.1:{port}/{n}") as (listing, folder):
            costs = contest(ours(listing, 100, folder), folder, rounds)
            table(f"(d) {count:,} URLs with 100 ms latency, -c 100 (ideal {count / 1000:.2f} s)", costs, count)
            rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
            begin = [datetime.fromisoformat(row["started_at"]).timestamp() for row in rows]
            end = [start + row["time_total"] for start, row in zip(begin, rows, strict=True)]
            share = (max(end) - min(begin)) / (count * 0.1 / 100)
            print(f"\nfetchcli, from its first request to its last byte: {share:.3f} x ideal")
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def memory(rounds: int, count: int) -> None:
    del rounds  # a peak does not vary
    with nginx() as port:
        for size in (count // 10, count):
            with lists(size, lambda n: f"http://127.0.0.1:{port}/page/{n}") as (listing, folder):
                name = f"fetchcli, {size:,} URLs"
                cost = measure(ours(listing, 50, folder)["fetchcli"], folder)
                table(f"(e) memory over {size:,} URLs", {name: cost}, size, reference=name)


def timeouts(rounds: int, count: int) -> None:
    """How late a timeout is said while the loop is busy with others."""
    del rounds
    with nginx() as port, socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:  # connects, and no more
        dead = silent.getsockname()[1]
        with lists(count, lambda n: f"http://127.0.0.1:{port if n % 20 else dead}/page/{n}") as (listing, folder):
            command = [*ours(listing, 100, folder)["fetchcli"], "--timeout", "700ms"]
            measure(command, folder)
            rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    late = sorted(row["time_total"] - 0.7 for row in rows if row["error"] == "timeout_total")
    print(f"\n### (f) {len(late):,} timeouts of 700 ms among {count:,} URLs, -c 100")
    middle, most = statistics.median(late) * 1000, late[-1] * 1000
    print(f"\nlate by {middle:.1f} ms in the median, {most:.1f} ms at most (wanted: 50 ms)")


def adaptive(rounds: int, count: int) -> None:
    """What --adaptive makes of servers that refuse more than K at once, against the best fixed setting."""
    print("\n### (g) --adaptive against servers that answer 429 above K in flight, 50 ms each")
    print("\n| K | requests | share of 429 | time, as a multiple of --per-host K |\n| --: | --: | --: | --: |")
    for limit in (4, 16, 64):
        with (
            serving("narrow.py", limit) as port,
            lists(count * limit, lambda n: f"http://127.0.0.1:{port}/{n}") as (urls, folder),
        ):
            base = [*FETCHCLI, str(urls), "-q", "-c", "100", "--retry", "20", "--retry-delay", "100ms"]
            shares: list[float] = []
            ratios: list[float] = []
            for _ in range(rounds):
                fixed = measure([*base, "--per-host", str(limit), "-o", f"jsonl:{folder}/fixed.jsonl"], folder)
                own = measure([*base, "--adaptive", "-o", f"jsonl:{folder}/rows.jsonl"], folder)
                rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
                tries = sum(row["attempts"] for row in rows)
                shares.append((tries - len(rows)) / tries)
                ratios.append(own.wall / fixed.wall)
            share, ratio = statistics.median(shares), statistics.median(ratios)
            print(f"| {limit} | {count * limit:,} | {share:.2%} | {ratio:.2f} |", flush=True)
    queues(rounds, count * 20)


def queues(rounds: int, count: int) -> None:
    """What --adaptive makes of a server that queues."""
    print(f"\n### (g') {count:,} URLs on a server that works on 10 requests at once, 30 ms each, -c 200")
    print("\n| | wall | median of time_total |\n| --- | --: | --: |")
    ways = {"": [], "--adaptive": ["--adaptive"], "--per-host 10": ["--per-host", "10"]}
    with serving("queueing.py", 10) as port, lists(count, lambda n: f"http://127.0.0.1:{port}/{n}") as (urls, folder):
        for name, more in ways.items():
            walls: list[float] = []
            medians: list[float] = []
            for _ in range(rounds):
                command = [*FETCHCLI, str(urls), "-q", "-c", "200", *more, "-o", f"jsonl:{folder}/rows.jsonl"]
                walls.append(measure(command, folder).wall)
                rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
                medians.append(statistics.median(row["time_total"] for row in rows))
            wall, middle = statistics.median(walls), statistics.median(medians)
            print(f"| {name or 'no limit'} | {wall:.2f} s | {middle * 1000:.0f} ms |", flush=True)


@contextmanager
def serving(script: str, number: int) -> Iterator[int]:
    """Run a server of this folder; its port."""
    server = subprocess.Popen([PYTHON, str(HERE / script), str(number)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


LIST_FORMATS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "urls.txt": ("", lambda n: f"https://h{n % 1000}.example.com/path/{n}?q={n}", ""),
    "urls.csv": ("url,name,tag\n", lambda n: f"https://h{n % 1000}.example.com/path/{n}?q={n},name {n},t{n % 7}", ""),
    "quoted.csv": ('"url";"name"\n', lambda n: f'"https://h{n % 1000}.example.com/path/{n}";"say ""{n}"""', ""),
    "urls.jsonl": ("", lambda n: f'{{"url":"https://h{n % 1000}.example.com/path/{n}","tag":"t{n % 7}"}}', ""),
    "urls.json": ('["http://h/"', lambda n: f',{{"url":"https://h{n % 1000}.example.com/path/{n}"}}', "]"),
    "urls.xml": ("<urlset>", lambda n: f"<url><loc>https://h{n % 1000}.example.com/path/{n}</loc></url>", "</urlset>"),
}


def reading(rounds: int, count: int) -> None:
    """Lists into rows, on their own: how many a second, and whether memory stays flat."""
    print("\n### (h) reading lists, compressed or not (wanted: 200,000 rows/s of CSV)")
    print("\n| list | rows | rows/s | peak | peak at a tenth of the rows |\n| --- | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as name:
        for file, (head, row, tail) in LIST_FORMATS.items():
            paths = []
            for size in (count, count // 10):
                paths.append(Path(name) / str(size) / file)
                paths[-1].parent.mkdir(exist_ok=True)
                with paths[-1].open("w") as out:
                    out.write(head)
                    out.writelines(f"{row(number)}\n" for number in range(size))
                    out.write(tail)
            for suffix in ("", ".gz") if file == "urls.csv" else ("",):
                if suffix:
                    subprocess.run(["gzip", "-k", *map(str, paths)], check=True)
                read = [_read(Path(f"{paths[0]}{suffix}")) for _ in range(rounds)]
                small = _read(Path(f"{paths[1]}{suffix}"))
                speed = statistics.median(one["rows"] / one["seconds"] for one in read)
                peaks = f"{read[0]['peak'] / 1e6:.0f} MB | {small['peak'] / 1e6:.0f} MB"
                print(f"| {file}{suffix} | {read[0]['rows']:,.0f} | {speed:,.0f} | {peaks} |", flush=True)


def _read(path: Path) -> dict[str, float]:
    command = [PYTHON, "-m", "tests.benchmarks.reading", str(path)]
    said: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return said


def checking(rounds: int, count: int) -> None:
    """What checks, thresholds and reports add."""
    with nginx() as port, lists(count, lambda n: f"http://127.0.0.1:{port}/page/{n}") as (listing, folder):
        base = ours(listing, 50, folder)["fetchcli"]
        reports = ("junit", "tap", "sarif", "markdown", "github", "gitlab", "prometheus", "summary")
        commands = {
            "fetchcli": base,
            "2 checks, no body": [*base, "--expect-header", "content-length: exists", "--expect-size", ">1"],
            "a text in the body": [*base, "--expect-body", "0123456789"],
            "a pattern in the body": [*base, "--expect-body", "~ 0123456789"],
            "2 thresholds": [*base, "--threshold", "p95(time_total)<9s", "--threshold", "error_rate<1% by host"],
            "8 reports": [*base, *(part for name in reports for part in ("-o", f"{name}:{folder}/{name}"))],
        }
        table(f"(j) checks and reports, {count:,} URLs", contest(commands, folder, rounds), count, reference="fetchcli")


def start_up(rounds: int, count: int) -> None:
    del count
    with nginx() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = contest(
            {
                "import typer, rich.table": [PYTHON, "-c", "import typer, rich.table"],
                "fetchcli --version": [*FETCHCLI, "--version"],
                "import aiohttp, typer, rich.table": [PYTHON, "-c", "import aiohttp, typer, rich.table"],
                "fetchcli URL": [*FETCHCLI, f"http://127.0.0.1:{port}/page/"],
            },
            folder,
            rounds * 5,
        )
    table("start-up (a process is one URL)", costs, 1, reference="import typer, rich.table")
    version = costs["fetchcli --version"].wall / costs["import typer, rich.table"].wall
    one = costs["fetchcli URL"].wall / costs["import aiohttp, typer, rich.table"].wall
    print(f"\n--version {version:.2f} x its imports; one URL {one:.2f} x its imports (wall)")


def saving(rounds: int, count: int) -> None:
    """Bodies into files and containers, in memory: what the disk costs is not fetchcli's."""
    memory_disk = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for kind, size, number in (("page", "1 KB", count), ("large", "1 MB", max(count * 3 // 100, 1))):
        with (
            nginx() as port,
            lists(number, lambda n, kind=kind, port=port: f"http://127.0.0.1:{port}/{kind}/{n}.html") as (urls, folder),  # type: ignore[misc]
            tempfile.TemporaryDirectory(dir=memory_disk) as target,
        ):
            base = ours(urls, 50, folder)["fetchcli"]
            places = ("d/", "t/{sha256:2}/{seq}-{sha256}{ext}", "all.zip", "all.tar", "all.warc.gz")
            ways = {f"--save {place}": [*base, "--save", f"{target}/{place}"] for place in places}
            costs = contest({"fetchcli, not saving": base, **ways, **savers(urls, target)}, folder, rounds)
            table(
                f"(s) {number:,} bodies of {size} on one host, -c 50", costs, number, reference="fetchcli, not saving"
            )


def savers(urls: Path, target: str) -> dict[str, list[str]]:
    """The other tools that are here, told to save the same."""
    shell = {
        "curl -Z": f"sed 's/.*/url = &/' {urls} | curl -s -Z --parallel-max 50 --remote-name-all --create-dirs "
        f"--output-dir {target}/curl -K -",
        "wget2": f"wget2 -q --max-threads=50 -P {target}/wget2 -i {urls}",
        "aria2c": f"aria2c -q -j50 -d {target}/aria2c -i {urls} --allow-overwrite=true --auto-file-renaming=false",
    }
    return {name: ["/bin/sh", "-c", line] for name, line in shell.items() if shutil.which(name.split()[0])}


def large(rounds: int, count: int) -> None:
    """Large bodies, beside curl, which hashes none."""
    for kind, number, size, concurrency in (("large", count, 1.0, 50), ("huge", 3, 1024.0, 3)):
        with (
            nginx() as port,
            lists(number, lambda n, kind=kind, port=port: f"http://127.0.0.1:{port}/{kind}/{n}") as (urls, folder),  # type: ignore[misc]
        ):
            base = ours(urls, concurrency, folder)["fetchcli"]
            curl = {name: command for name, command in peers(urls, concurrency).items() if name == "curl -Z"}
            costs = contest({"fetchcli": base, "fetchcli --no-hash": [*base, "--no-hash"], **curl}, folder, rounds)
            table(f"(l) {number} bodies of {size:,.0f} MB, -c {concurrency}", costs, number, reference="fetchcli")
            print(f"\nMB/s: {', '.join(f'{name} {number * size / cost.wall:,.0f}' for name, cost in costs.items())}")


def all_cores(rounds: int, count: int) -> None:
    """Several processes beside one, and beside curl; the server takes a part of the same cores."""
    with servers() as (port, tls_port, env):
        for title, number, make in (
            ("(p-a) {} URLs of one host", count, lambda n: kept(port, n)),
            ("(p-b) {} hosts", count // 5, lambda n: fresh(port, n)),
            ("(p-c) {} HTTPS hosts", count // 20, lambda n: secure(tls_port, n)),
        ):
            with lists(number, make) as (listing, folder):
                base = ours(listing, 50, folder)["fetchcli"]
                ways = {name: [*base, *more] for name, more in WAYS.items()}
                curl = {name: line for name, line in peers(listing, 50).items() if name == "curl -Z"}
                costs = contest({**ways, **curl}, folder, rounds, env=env)
                table(f"{title.format(f'{number:,}')}, -c 50", costs, number, reference="one process")
                peaks = (f"{name} {peak(command, env) / 1e6:.0f} MB" for name, command in ways.items())
                print(f"\nall processes together: {', '.join(peaks)}", flush=True)


WORKLOADS: dict[str, tuple[Callable[[int, int], None], int]] = {
    "a": (one_host, 100_000),
    "b": (many_hosts, 20_000),
    "c": (tls, 5_000),
    "d": (latency, 2_000),
    "e": (memory, 1_000_000),
    "f": (timeouts, 20_000),
    "g": (adaptive, 200),
    "h": (reading, 1_000_000),
    "i": (alarms, 100),
    "j": (checking, 20_000),
    "l": (large, 300),
    "m": (mixture, 30_000),
    "n": (many_names, 20_000),
    "p": (all_cores, 100_000),
    "s": (saving, 10_000),
    "start": (start_up, 0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "workloads", nargs="*", default=list(WORKLOADS), metavar="WORKLOAD", help="a b c d e f g h i j l m n p s start"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the URLs")
    arguments = parser.parse_args()
    if not installed():
        raise SystemExit("the benchmarks need nginx")
    for name in arguments.workloads:
        run, count = WORKLOADS[name]
        run(arguments.rounds, int(count * arguments.scale))


if __name__ == "__main__":
    main()
