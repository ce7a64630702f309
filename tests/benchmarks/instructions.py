"""``python -m tests.benchmarks.instructions REV``: instructions per URL and at start, against a commit.

Valgrind's cachegrind counts them over the scripted wire of `wire`. The counts repeat within 0.3 %
however busy the machine is, so that "no slower than before" can be said of one commit.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
WIRE = Path("tests/benchmarks/wire.py")
FEW, MANY = 200, 1200  # rows of the two runs: their difference is what URLs cost, without the start


class Count(NamedTuple):
    """Instructions: per URL, of the rest of that run, and of printing the version and the help."""

    url: float
    start: float
    version: float
    help: float


def count(tree: Path, folder: Path) -> Count:
    """Count the instructions of the code in a folder."""
    wire = tree / WIRE if (tree / WIRE).exists() else ROOT / WIRE
    few, many = (instructions(tree, folder, [str(wire), *fetch_arguments(folder, rows)]) for rows in (FEW, MANY))
    url = (many - few) / (MANY - FEW)
    version, usage = (instructions(tree, folder, ["-m", "fetchcli", option]) for option in ("--version", "--help"))
    return Count(url, few - url * FEW, version, usage)


def fetch_arguments(folder: Path, rows: int) -> list[str]:
    """Arguments of a run of that many rows."""
    urls = folder / f"{rows}.txt"
    urls.write_text("".join(f"http://127.0.0.1/page/{number}\n" for number in range(rows)))
    return [str(urls), "-c", "50", "-q", "-o", f"jsonl:{folder}/{rows}.jsonl"]


def instructions(tree: Path, folder: Path, arguments: list[str]) -> int:
    """Run Python twice: once to write the byte code, and once to count."""
    fixed = {"PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "", "COLUMNS": "80"}
    env = {**os.environ, **fixed}
    command = [sys.executable, *arguments]
    subprocess.run(command, env=env, check=True, capture_output=True)
    log = folder / "log"
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    subprocess.run([*valgrind, f"--log-file={log}", *command], env=env, check=True, capture_output=True)
    found = re.search(r"I *refs: *([\d,]+)", log.read_text())
    assert found is not None, log.read_text()
    return int(found[1].replace(",", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rev", metavar="REV", help="the commit to compare the working tree with")
    parser.add_argument("--at-most", type=float, default=float("inf"), metavar="RATIO", help="fail beyond this ratio")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("this benchmark needs valgrind")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = folder / "tree"
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", str(tree), arguments.rev], check=True)
        try:
            before, now = count(tree, folder), count(ROOT, folder)
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=True)
    print(f"\n| thousand instructions | {arguments.rev} | now | ratio |\n| --- | --: | --: | --: |")
    names = ("a URL", "start and end of a run", "--version", "--help")
    for name, old, new in zip(names, before, now, strict=True):
        print(f"| {name} | {old / 1000:,.1f} | {new / 1000:,.1f} | {new / old:.4f} |")
    worst = max(new / old for old, new in zip(before, now, strict=True))
    if worst > arguments.at_most:
        raise SystemExit(f"{worst:.4f} of the instructions before is more than {arguments.at_most}")


if __name__ == "__main__":
    main()
