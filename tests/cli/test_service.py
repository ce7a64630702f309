"""A service deployed badly in ten ways: each is caught by the expectation meant for it; deployed well, none is."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.certificates import trusting
from tests.support.command import Result, fetchcli
from tests.support.service import BAD, deployed

# What is expected, row by row, as a table has it.
SMOKE = [
    {
        "url": "/",
        "expect_header": "x-frame-options: DENY",
        "expect_body": "Welcome",
        "expect_size": ">10",
        "tag": "page",
    },
    {
        "url": "/health",
        "expect_header": "content-type: ~ ^application/json",
        "expect_json": 'status == "ok"\nchecks.database == true',
        "expect_max_latency": "5s",
        "tag": "health",
    },
    {
        "url": "/account",
        "expect_body": "Hello",
        "expect": '{"redirects": 0, "final_url": "~ /account$"}',
        "tag": "account",
    },
    {"url": "/file", "expect_size": "1000", "tag": "file"},
]
MET = ("--threshold", "error_rate < 1%", "--threshold", "flaky_rate < 5%", "--threshold", "p95(time_total) < 5s")


def write_list(folder: Path, base: str) -> None:
    with (folder / "smoke.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, dict.fromkeys(name for row in SMOKE for name in row))
        table.writeheader()
        table.writerows({**row, "url": base + row["url"]} for row in SMOKE)


def smoke(folder: Path, base: str, *args: str) -> Result:
    write_list(folder, base)
    reports = ("-o", "summary:out.json", "-o", "out.jsonl", "-o", "out.xml")
    return fetchcli("smoke.csv", *reports, "--retry", "0", *args, cwd=folder)


def problems(folder: Path) -> list[tuple[str, str]]:
    found = json.loads((folder / "out.json").read_text())
    return [(one["group"], one["problem"]) for one in found["problems"]]


CAUGHT = {
    "wrong-status": (5, "health", "status: expected 200..399, got 500"),
    "wrong-type": (6, "health", 'header: expected content-type: ~ ^application/json, got "text/html; charset=utf-8"'),
    "missing-header": (6, "page", "header: expected x-frame-options: DENY, got no such header"),
    "slow": (6, "health", "max_latency: expected 5s, got 6."),
    "redirect-to-login": (6, "account", "body: expected Hello, got \"<form>Please log in</form>\" (26 B); redirects: "
                          "expected 0, got 1, to {base}/login; final_url: expected ~ /account$, got {base}/login"),
    "expiring-certificate": (6, "page", "cert_days: expected >14, got 7.0 days"),
    "truncated-body": (4, "file", "truncated: "),
    "field-false": (6, "health", "json: expected checks.database == true, got false"),
    "empty-page": (6, "page", "body: expected Welcome, got an empty body; size: expected >10, got 0 B"),
}  # fmt: skip


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_bad_deployment_is_caught(fault: str, tmp_path: Path) -> None:
    code, group, problem = CAUGHT[fault]
    tls = fault == "expiring-certificate"
    trusting(tmp_path)
    extra = ("--cacert", "ca.pem", "--expect-cert-days", ">14") if tls else ()
    with deployed(fault, tls=tls) as base:
        result = smoke(tmp_path, base, *extra)
    found = problems(tmp_path)
    assert result.code == code
    assert len(found) == (4 if tls else 1)
    assert found[0][0] == group
    assert found[0][1].startswith(problem.format(base=base))
    said = "500" if fault == "wrong-status" else problem.format(base=base).partition(":")[2][:20]
    assert said in result.err


def test_a_flaky_deployment_is_caught_by_its_own_verdict(tmp_path: Path) -> None:
    with deployed("flaky") as base:
        result = smoke(tmp_path, base, *MET, "--retry", "8", "--retry-delay", "10ms", "--repeat", "20")
    found = json.loads((tmp_path / "out.json").read_text())
    assert result.code == 7
    assert found["accepted"] == 80
    assert 10 <= found["flaky"] <= 40
    assert found["problems"] == []
    assert all(one["problem"].startswith("flaky: accepted on attempt ") for one in found["flaky_rows"])
    assert [one["met"] for one in found["thresholds"]] == [True, False, True]
    assert "missed   flaky_rate < 5%" in result.err
    assert (tmp_path / "out.xml").read_text().count("<flakyFailure") >= found["flaky"]


def test_every_way_is_tried() -> None:
    assert {*CAUGHT, "flaky"} == set(BAD)


def test_a_good_deployment_passes_two_hundred_times_of_two_hundred(tmp_path: Path) -> None:
    trusting(tmp_path)
    extra = ("--cacert", "ca.pem", "--expect-cert-days", ">14", "--repeat", "200", "-q")
    with deployed(tls=True) as base:
        result = smoke(tmp_path, base, *MET, *extra)
    found = json.loads((tmp_path / "out.json").read_text())
    assert (result.code, result.err) == (0, "")
    assert (found["total"], found["accepted"], found["flaky"]) == (800, 800, 0)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["round"] for row in rows} == set(range(1, 201))
    assert all(row["failed_checks"] == [] and row["cert_expires"] for row in rows)
