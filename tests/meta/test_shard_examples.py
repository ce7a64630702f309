"""The examples for --shard, run as far as one machine can: each part as its scheduler starts it, then the merge."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.meta.test_ready_made import loaded
from tests.support.command import environment
from tests.support.recorder import Recorder, ok, recorder

EXAMPLES = Path(__file__).parents[2] / ".github" / "examples"
SLURM, KUBERNETES, GITHUB = (EXAMPLES / name for name in ("shards.slurm", "shards.k8s.yml", "shards.yml"))
ROWS = 24
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder(lambda request: ok(status="404 Not Found" if b"/3 " in request else "200 OK")) as server:
        yield server


@pytest.fixture
def run(tmp_path: Path, server: Recorder) -> Run:
    """Runs a command in a folder with a list; the command fetchcli is on the path."""
    (tmp_path / "urls.txt").write_text("".join(f"http://h{at % 7}.test/{at}\n" for at in range(ROWS)))
    command = tmp_path / "bin" / "fetchcli"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fetchcli "$@"\n')
    command.chmod(0o755)

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = environment(
            PATH=f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            FETCHCLI_CONNECT_TO=f"::127.0.0.1:{server.port}",
            **variables,
        )
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=50)

    return run


def check_merge(run: Run, command: str, server: Recorder, folder: Path) -> None:
    """Every row was fetched once, and the report has them all; without a part, it says so."""
    assert len(server.requests) == ROWS
    merged = run("bash", "-c", command)
    assert merged.returncode == 5, merged.stderr  # one page is missing
    suite = ElementTree.parse(folder / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == (str(ROWS), "1")
    lost = min(folder.glob("part-*.jsonl"))
    lost.unlink()
    assert "is missing" in (again := run("bash", "-c", command)).stderr
    assert again.returncode == 3


def merge_in_comment(path: Path) -> str:
    (command,) = re.findall(r"fetchcli part-\*\.jsonl [^\"\n]*", path.read_text())
    return str(command)


@pytest.mark.timeout(150)
def test_slurm(run: Run, server: Recorder, tmp_path: Path) -> None:
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)=(.*)$", SLURM.read_text(), re.MULTILINE))
    first, last = map(int, options["array"].split("-"))
    for task in range(first, last + 1):
        variables = {"ID": task, "MIN": first, "MAX": last, "COUNT": last - first + 1, "STEP": 1}
        env = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in variables.items()}
        for _ in range(1 + (task == last)):  # the last one was requeued
            done = run("bash", str(SLURM), **env)
            assert done.returncode == 0, done.stderr
    assert run("bash", "-n", str(SLURM)).returncode == 0
    check_merge(run, merge_in_comment(SLURM), server, tmp_path)


@pytest.mark.timeout(150)
def test_kubernetes(run: Run, server: Recorder, tmp_path: Path) -> None:
    spec = loaded(KUBERNETES)["spec"]
    assert (spec["completionMode"], spec["parallelism"]) == ("Indexed", spec["completions"])
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # backoffLimitPerIndex requires it
    (container,) = pod["containers"]
    assert container["volumeMounts"][0]["name"] == pod["volumes"][0]["name"]
    for index in range(spec["completions"]):
        done = run(*container["command"], JOB_COMPLETION_INDEX=str(index))
        assert done.returncode == 0, done.stderr
    manifests = [json.loads(path.read_bytes()) for path in sorted(tmp_path.glob("*.shard.json"))]
    assert [manifest["shard"] for manifest in manifests] == list(range(1, spec["completions"] + 1))
    check_merge(run, merge_in_comment(KUBERNETES), server, tmp_path)


def expanded(text: str, **values: object) -> str:
    """A text of a workflow with the values of its expressions."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: str(values[found[1].replace(".", "_").replace("-", "_")]), text)


@pytest.mark.timeout(150)
def test_github(run: Run, server: Recorder, tmp_path: Path) -> None:
    jobs = loaded(GITHUB)["jobs"]
    numbers = jobs["fetch"]["strategy"]["matrix"]["part"]
    (args,) = (step["with"]["args"] for step in jobs["fetch"]["steps"] if "args" in step.get("with", {}))
    uploads = []
    for number in numbers:
        values = {"matrix_part": number, "strategy_job_total": len(numbers)}
        done = run("fetchcli", *shlex.split(expanded(args, **values)))
        assert done.returncode == 0, done.stderr
        uploads += [expanded(step["with"]["path"], **values) for step in jobs["fetch"]["steps"] if "if" in step]
    found = {path for pattern in uploads for path in tmp_path.glob(pattern)}
    assert found == {*tmp_path.glob("part-*.jsonl"), *tmp_path.glob("*.shard.json")}  # the manifests come along
    (command,) = (step["run"] for step in jobs["report"]["steps"] if step.get("name") == "Merge the parts")
    check_merge(run, command, server, tmp_path)


def test_the_files_are_yaml_and_say_what_they_run() -> None:
    for path in (KUBERNETES, GITHUB):
        assert yaml.safe_load(path.read_text())
    for path in (SLURM, KUBERNETES, GITHUB):
        assert "--shard" in path.read_text()
