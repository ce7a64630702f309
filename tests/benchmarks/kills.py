"""``python -m tests.benchmarks.kills [N]``: kill runs that save at random moments, and look at what is left.

After every kill: what rows say is saved is there, whole; nothing else stands under a final name; and a later run
reads the containers that were cut off.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from tests.support.command import COMMAND, environment
from tests.support.recorder import ok, recorder

PLACES = ("out/", "out/{sha256:2}/{sha256}{ext}", "all.zip", "all.tar", "all.warc.gz")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    chance = random.Random(14)
    bodies = {f"/{number}": os.urandom(chance.choice((20, 3000, 90_000, 400_000))) for number in range(300)}
    hashes = {sha256(body).hexdigest() for body in bodies.values()}
    claimed = final = 0
    with (
        recorder(lambda request: ok(bodies[request.split(b" ")[1].decode()])) as server,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        (folder / "urls.txt").write_text("".join(f"{server.url(path)}\n" for path in bodies))
        for number in range(count):
            place = PLACES[number % len(PLACES)]
            command = [*COMMAND, "urls.txt", "-q", "-c", "8", "--save", place, "-o", "rows.jsonl"]
            _kill(command, folder, chance.uniform(0.3, 1.5))
            rows = folder / "rows.jsonl"
            lines = rows.read_bytes().split(b"\n")[:-1] if rows.exists() else []
            if place.startswith("out"):
                for row in map(json.loads, lines):
                    assert sha256((folder / row["saved_as"]).read_bytes()).hexdigest() == row["sha256"], row
                files = [
                    path for path in (folder / "out").rglob("*") if path.is_file() and ".fetchcli" not in path.parts
                ]
                assert {sha256(path.read_bytes()).hexdigest() for path in files} <= hashes
                final += len(files)
            else:
                done = subprocess.run([*command, "-C", "-"], cwd=folder, env=environment(), check=False)
                assert done.returncode == 0
                final += _members(folder / place)
            claimed += len(lines)
            shutil.rmtree(folder / "out", ignore_errors=True)
            for old in (*folder.glob("all.*"), rows):
                old.unlink(missing_ok=True)
    print(
        f"{count} kills: {claimed:,} rows said that a body was saved, {final:,} files and members looked at, none wrong"
    )


def _kill(command: list[str], folder: Path, seconds: float) -> None:
    process = subprocess.Popen(command, cwd=folder, env=environment())
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _members(path: Path) -> int:
    """How many members a reader of the format finds; it fails if the file is damaged."""
    commands = {".zip": ["unzip", "-Z1"], ".tar": ["tar", "tf"], ".gz": ["gzip", "-t"]}
    if path.suffix == ".zip":
        subprocess.run(["unzip", "-tq", str(path)], check=True, capture_output=True)
    listed = subprocess.run([*commands[path.suffix], str(path)], check=True, capture_output=True)
    return listed.stdout.count(b"\n")


if __name__ == "__main__":
    main()
