"""``python -m tests.benchmarks.scale [PART ...]``: the measured figures of ``.github/SCALE.md``.

Single runs, one after another: quote their ratios, and round what is quoted.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import trustme

from tests.benchmarks.measure import Cost, measure
from tests.support.dns import dns_server
from tests.support.nginx import free_port, nginx

FETCHCLI = [sys.executable, "-m", "fetchcli"]
OUTPUTS = {
    "jsonl": "jsonl:{}/rows.jsonl",
    "jsonl.gz": "jsonl:{}/rows.jsonl.gz",
    "jsonl.zst": "jsonl:{}/rows.jsonl.zst",
    "csv": "csv:{}/rows.csv",
    "csv.zst": "csv:{}/rows.csv.zst",
    "parquet": "parquet:{}/rows.parquet",
    "sqlite": "sqlite:{}/rows.db",
}
FEW = "seq,url,status,error,attempts,time_total,size_download"


def address(number: int) -> str:
    """A loopback address for every number."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


def spread_urls(port: int, count: int, hosts: int, *, together: bool = False) -> list[str]:
    """URLs of some 70 characters, every one with a body of its own; the rows of a host together or far apart."""
    chance = random.Random(18)
    numbers = [number * hosts // count if together else number % hosts for number in range(count)]
    return [
        f"http://{address(number)}:{port}/own/catalog/2026/item-{chance.getrandbits(48):012x}.html?ref=feed"
        for number in numbers
    ]


def run(urls: list[str], folder: Path, *more: str) -> Cost:
    """Fetch a list."""
    listing = folder / "urls.txt"
    listing.write_text("".join(f"{url}\n" for url in urls))
    for file in folder.glob("rows.*"):
        file.unlink()
    cost = measure([*FETCHCLI, str(listing), "-q", *more], folder)
    assert (folder / "stderr").read_bytes() == b"", (folder / "stderr").read_text()
    return cost


def say(name: str, cost: Cost, count: int, more: str = "") -> None:
    print(
        f"{name:32} {cost.cpu / count * 1e6:6.0f} us CPU/URL {cost.wall:7.2f} s {cost.peak / 1e6:6.0f} MB  {more}",
        flush=True,
    )


def sizes(port: int, folder: Path) -> None:
    """Bytes a row of each format, and what writing it costs."""
    urls = spread_urls(port, 20_000, 2_000)
    print(f"\n20,000 URLs of {sum(map(len, urls)) / len(urls):.0f} characters on 2,000 hosts, -c 50")
    for columns in ([], ["--columns", FEW]):
        for name, output in OUTPUTS.items():
            place = output.format(folder)
            cost = run(urls, folder, "-o", place, *columns)
            size = Path(place.partition(":")[2]).stat().st_size
            say(f"{name} {' '.join(columns[:1])}", cost, len(urls), f"{size / len(urls):6.1f} bytes a row")


def hosts(port: int, folder: Path) -> None:
    """CPU and memory on one host and on many, and what the hash costs."""
    output = f"jsonl:{folder}/rows.jsonl"
    for count, number, *more in (
        (20_000, 1),
        (20_000, 1, "--no-hash"),
        (100_000, 1),
        (20_000, 20_000),
        (20_000, 20_000, "-c", "500"),
        (100_000, 100_000),
    ):
        cost = run(spread_urls(port, count, number), folder, "-o", output, *map(str, more))
        say(f"{count:,} on {number:,} {' '.join(map(str, more))}", cost, count)
    for together in (True, False):
        cost = run(spread_urls(port, 20_000, 2_000, together=together), folder, "-o", output)
        say(f"20,000 on 2,000, {'together' if together else 'apart'}", cost, 20_000)


def descriptors(port: int, folder: Path) -> None:
    """The most descriptors that are open at once."""
    listing = folder / "urls.txt"
    listing.write_text("".join(f"{url}\n" for url in spread_urls(port, 20_000, 20_000)))
    for concurrency in (50, 500):
        command = [*FETCHCLI, str(listing), "-q", "-c", str(concurrency), "-o", f"jsonl:{folder}/rows.jsonl"]
        process, most = subprocess.Popen(command), 0
        while process.poll() is None:
            try:
                most = max(most, sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir()))
            except OSError:
                break
            time.sleep(0.01)
        process.wait()
        print(f"-c {concurrency}: {most} descriptors at most", flush=True)


def names(port: int, folder: Path) -> None:
    """Queries that reach the DNS server: the rows of a name together, and far apart."""
    grouped = [f"http://n{number // 2}.bench.test:{port}/own/{number}" for number in range(24_000)]
    apart = sorted(grouped, key=lambda url: int(url.rpartition("/")[2]) % 2)
    with dns_server(lambda _: ("127.0.0.1",)) as server:
        for title, urls in (("together", grouped), ("apart", apart)):
            server.asked.clear()
            cost = run(urls, folder, "--dns-servers", server.place, "-o", f"jsonl:{folder}/rows.jsonl")
            say(f"2 rows a name, {title}", cost, len(urls), f"{len(server.asked) / 12_000:.2f} queries a name")


def answers(port: int, folder: Path) -> None:
    """Memory that the answers of DNS servers take while they may be kept, beyond the first 10,000."""
    with dns_server(lambda _: ("127.0.0.1",)) as server:
        for server.ttl in (0, 3600):
            for count in (12_000, 36_000):
                urls = [f"http://www.site-{number}.bench.test:{port}/own/{number}" for number in range(count)]
                cost = run(urls, folder, "--dns-servers", server.place, "-o", f"jsonl:{folder}/rows.jsonl")
                say(f"{count:,} names, kept for {server.ttl} s", cost, count)


def tls(port: int, folder: Path) -> None:
    """What a TLS handshake costs, beside the same rows in plain HTTP, and the rows of ten to a connection."""
    issued = (authority := trustme.CA()).issue_cert("*.bench.test")
    certificate, root = folder / "cert.pem", folder / "root.pem"
    blobs = [issued.private_key_pem, *issued.cert_chain_pems]
    certificate.write_bytes(b"".join(blob.bytes() for blob in blobs))
    authority.cert_pem.write_to_path(str(root))
    tls_port = free_port()
    with nginx(tls_port=tls_port, cert=str(certificate)), dns_server(lambda _: ("127.0.0.1",)) as server:
        more = ("--dns-servers", server.place, "--cacert", str(root), "-o", f"jsonl:{folder}/rows.jsonl")
        for scheme, place in (("http", port), ("https", tls_port)):
            for rows, limit in ((1, 50), (10, 50), (10, 4), (10, 1)):
                urls = [f"{scheme}://h{number // rows}.bench.test:{place}/own/{number}" for number in range(3_000)]
                cost = run(urls, folder, *more, "--per-host", str(limit))
                say(f"{scheme}, {rows} rows a name, {limit} at once", cost, len(urls))


PARTS: dict[str, Callable[[int, Path], None]] = {
    "sizes": sizes,
    "hosts": hosts,
    "descriptors": descriptors,
    "names": names,
    "answers": answers,
    "tls": tls,
}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        with nginx() as port, tempfile.TemporaryDirectory() as folder:
            PARTS[name](port, Path(folder))


if __name__ == "__main__":
    main()
