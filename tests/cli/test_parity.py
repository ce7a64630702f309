"""BEHAVIOUR 66: the same outcomes under ``-X dev`` and PYTHONASYNCIODEBUG, for the whole catalogue."""

import json
import subprocess
import sys

import pytest

from tests.support.command import COMMAND, environment
from tests.support.faults import CATALOGUE, MODES, FaultServer

SLOW = {"ok-18k-header", "huge-header", "headers-for-ever", "continue-for-ever"}  # byte by byte they say nothing new
COMPARED = ("url", "status", "error", "sha256", "num_redirects", "url_effective", "length_verified")


def rows(server: FaultServer, interpreter: list[str], **env: str) -> list[tuple[object, ...]]:
    urls = [
        server.url(name, mode)
        for name in sorted(CATALOGUE)
        for mode in MODES
        if not (mode == "bytewise" and name in SLOW)
    ]
    # Each on a connection of its own: a stray answer must not depend on who comes next.
    command = [*interpreter, "-m", "fetchcli", "-", "-q", "--ordered", "-o", "jsonl", "-m", "2", "-c", "30"]
    done = subprocess.run(
        [*command, "-H", "Connection: close"],
        input="\n".join(urls),
        capture_output=True,
        text=True,
        env=environment(**env),
        timeout=100,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(urls)
    assert "internal" not in {row["error"] for row in found}
    return [tuple(row[name] for name in COMPARED) for row in found]


@pytest.mark.timeout(120)
def test_66_every_mode_of_python_reads_the_same(faults: FaultServer) -> None:
    plain = rows(faults, COMMAND[:1])
    for interpreter, env in (([sys.executable, "-X", "dev"], {}), (COMMAND[:1], {"PYTHONASYNCIODEBUG": "1"})):
        other = rows(faults, interpreter, **env)
        assert [pair for pair in zip(plain, other, strict=True) if pair[0] != pair[1]] == []
