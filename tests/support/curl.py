"""The installed curl, as an oracle."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

BINARY = shutil.which("curl", path="/usr/bin:/bin:/usr/local/bin")


class Answer(NamedTuple):
    """What curl says of one URL."""

    code: int
    status: int
    sha256: str
    redirects: int
    url: str
    times: dict[str, float]


def curl(url: str, folder: Path, *options: str) -> Answer:
    """Fetch as ``curl --compressed -L`` does, reading no configuration."""
    assert BINARY is not None
    body = folder / "body"
    body.write_bytes(b"")
    command = [BINARY, "-q", "-sS", "--compressed", "-L", "--max-time", "10", "--noproxy", "*", "-o", str(body)]
    done = subprocess.run(
        [*command, "-w", "%{json}", *options, url], capture_output=True, text=True, timeout=30, check=False
    )
    said = json.loads(done.stdout)
    return Answer(
        done.returncode,
        said["http_code"],
        hashlib.sha256(body.read_bytes()).hexdigest(),
        said["num_redirects"],
        said["url_effective"],
        {name: value for name, value in said.items() if name.startswith("time_")},
    )
