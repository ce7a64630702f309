"""What others copy or call: the action, the pre-commit hook, the image, and the pipeline of the README."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.test_service import problems, write_list
from tests.support.service import deployed

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "fetchcli" / "action.yml"
EXAMPLE = ROOT / ".github" / "examples" / "smoke.yml"
DOCKERFILE = ROOT / ".github" / "Dockerfile"
WHEELS = os.environ.get("WHEELHOUSE", "")


def needs_wheelhouse(test: Any) -> Any:
    there = pytest.mark.skipif(not WHEELS, reason="WHEELHOUSE names no folder")
    return pytest.mark.timeout(180)(pytest.mark.needs_wheelhouse(there(test)))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """That of a runner; pip takes what it needs from the wheelhouse, and asks no index."""
    runner = {
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_ACTION_PATH": str(ACTION.parent),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_ACTIONS": "true",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": WHEELS,
        "PYTHON": sys.executable,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FETCHCLI_", "PYTHON", "PIP_"))}
    return {**kept, **runner, **extra}


def step(name: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as a runner does."""
    (run,) = (step["run"] for step in loaded(ACTION)["runs"]["steps"] if step["name"] == name)
    script = folder / "step.sh"
    script.write_text(run)
    (folder / "temp").mkdir(exist_ok=True)
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=110)


@cache
def fake_installation(folder: Path) -> None:
    """The command where the action would install it."""
    commands = folder / "temp" / "fetchcli" / "bin"
    commands.mkdir(parents=True)
    for name, args in (("fetchcli", "-m fetchcli "), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {args}"$@"\n')
        (commands / name).chmod(0o755)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.github-workflows", EXAMPLE),
        ("vendor.github-workflows", EXAMPLE.with_name("shards.yml")),
        *(("vendor.github-workflows", path) for path in sorted((ROOT / ".github" / "workflows").iterdir())),
    ],
)
def test_github_would_take_it(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_readme_links_to_the_pipeline() -> None:
    assert f"({EXAMPLE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()


def example_args() -> str:
    (args,) = (
        step["with"]["args"] for step in loaded(EXAMPLE)["jobs"]["smoke"]["steps"] if "args" in step.get("with", {})
    )
    return str(args)


@pytest.mark.parametrize(("fault", "code"), [("", 0), ("field-false", 6), ("wrong-type", 6)])
def test_the_pipeline_decides_truly(fault: str, code: int, tmp_path: Path) -> None:
    fake_installation(tmp_path)
    with deployed(fault) as base:
        write_list(tmp_path, base)
        args = example_args().replace("60s", "1s") + " -o summary:out.json"
        done = step("Run fetchcli", tmp_path, environment(tmp_path, ARGS=args))
    assert done.returncode == code, done.stderr
    assert (tmp_path / "output").read_text() == f"exit-code={code}\n"
    assert (tmp_path / "report.xml").read_text().count("<testcase") == 6
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 4
    assert len(problems(tmp_path)) == done.stderr.count("::error file=smoke.csv,line=") == (1 if fault else 0)
    assert (tmp_path / "summary.md").read_text().startswith("## fetchcli: ")


@pytest.mark.parametrize("args", ["'unmatched", 'a "b'])
def test_arguments_that_cannot_be_split_fail_the_step(args: str, tmp_path: Path) -> None:
    fake_installation(tmp_path)
    done = step("Run fetchcli", tmp_path, environment(tmp_path, ARGS=args))
    assert done.returncode == 1
    assert "No closing quotation" in done.stderr


def test_arguments_are_data_and_nothing_is_expanded(tmp_path: Path) -> None:
    fake_installation(tmp_path)
    args = "http://127.0.0.1:1/$(touch${IFS}owned) '`touch owned`' -q -o jsonl:out.jsonl ; touch owned"
    done = step("Run fetchcli", tmp_path, environment(tmp_path, ARGS=args))
    assert done.returncode == 3  # the other words are no files
    assert not (tmp_path / "owned").exists()


@needs_wheelhouse
def test_the_action_installs_what_it_runs(tmp_path: Path) -> None:
    env = environment(tmp_path, ARGS="--version")
    done = step("Install fetchcli", tmp_path, env)
    assert done.returncode == 0, done.stderr
    assert step("Run fetchcli", tmp_path, env).stdout.startswith("fetchcli ")


@needs_wheelhouse
def test_the_pre_commit_hook_fetches_the_lists_that_changed(tmp_path: Path) -> None:
    hook = ROOT / ".pre-commit-hooks.yaml"
    pre_commit = [sys.executable, "-m", "pre_commit"]
    subprocess.run([*pre_commit, "validate-manifest", str(hook)], check=True, capture_output=True)
    source = tmp_path / "source"
    copied(source, "pyproject.toml", "README.md", "LICENSE", "fetchcli", ".pre-commit-hooks.yaml")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for folder in (source, tmp_path / "user"):
        folder.mkdir(exist_ok=True)
        subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
        subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
        subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], cwd=folder, check=True)
    env = environment(tmp_path, PRE_COMMIT_HOME=str(tmp_path / "cache"), GITHUB_ACTIONS="")
    with deployed("empty-page") as base:
        listing = tmp_path / "user" / "smoke.csv"
        for rows, code in (("/,Welcome", 1), ("/account,Hello", 0)):
            listing.write_text(f"url,expect_body\n{base}{rows}\n")
            subprocess.run(["git", "add", "-A"], cwd=tmp_path / "user", check=True)
            command = [*pre_commit, "try-repo", str(source), "fetchcli", "--verbose", "--all-files"]
            done = subprocess.run(
                command, env=env, cwd=tmp_path / "user", capture_output=True, text=True, check=False, timeout=110
            )
            assert done.returncode == code, done.stdout + done.stderr
            assert ("body: expected Welcome, got an empty body" in done.stdout) == bool(code)


def copied(target: Path, *names: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_dockerfile_is_well_made() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    found = instructions()
    assert [value for name, value in found if name == "FROM"] == ["python:3.13-slim AS build", "python:3.13-slim"]
    (user,) = (value for name, value in found if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


@needs_wheelhouse
def test_what_the_image_is_made_by_makes_it(tmp_path: Path) -> None:
    source, prefix = tmp_path / "src", tmp_path / "opt"
    for name, value in instructions():
        if name == "COPY" and not value.startswith("--from"):
            copied(source, *value.split()[:-1])
    env = environment(tmp_path)
    for name, value in instructions():
        if name == "RUN":
            script = value.replace("/opt/fetchcli", str(prefix))
            done = subprocess.run(
                ["sh", "-c", script], cwd=source, env=env, capture_output=True, text=True, check=False, timeout=110
            )
            assert done.returncode == 0, done.stderr
    (entry,) = (json.loads(value) for name, value in instructions() if name == "ENTRYPOINT")
    (command,) = (json.loads(value) for name, value in instructions() if name == "CMD")
    shutil.rmtree(source)  # the second stage has none of it
    run = subprocess.run(
        [*entry, *command], env={"PATH": f"{prefix}/bin", "COLUMNS": "80"}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, "Usage: fetchcli" in run.stdout) == (0, True)


def test_actions_are_pinned_by_commit_and_permissions_are_named() -> None:
    for path in (EXAMPLE, *(ROOT / ".github" / "workflows").iterdir()):
        workflow = loaded(path)
        assert workflow["permissions"] == {"contents": "read"}, path
        used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
        for action in used:
            assert action.startswith("OWNER/") or re.search(r"@[0-9a-f]{40}$", action), action
