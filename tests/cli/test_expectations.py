"""Every expectation by option and by row: passing, failing and malformed; and the exit code of all that can happen."""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.core.expect.test_expectations import FAILING, MALFORMED, PASSING
from tests.support.certificates import authority, server_context
from tests.support.command import COMMAND, environment, fetchcli, start, until
from tests.support.recorder import Recorder, ok, recorder

BODY = b'{"status": "ok", "n": 3}'
# One of each in all three ways, for a server at this base.
CASES = {
    "--accept": ("200..299,!204", "404", "ok"),
    "--expect-header": ("content-type: application/json", "content-type: ~ html", "content-type"),
    "--expect-body": ('~ "n":\\s*3', "down", ""),
    "--expect-json": ('status == "ok"', "n > 3", "status = ok"),
    "--expect-sha256": ("5b7ca52c5ed0ac02d7bdaab12e5a97f0ed0ee6e85b8e1a2bb2a8f0a0c5ba5ad1", "ab" * 32, "abc"),
    "--expect-final-url": ("{base}/end", "{base}/", "somewhere"),
    "--expect-redirects": ("1", "0", "some"),
    "--expect-size": (f"{len(BODY)}", ">1K", "big"),
    "--expect-cert-days": (">14", "<1", "soon"),
    "--max-latency": ("20s", "0.001ms", "quick"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    folder = tmp_path_factory.mktemp("authority")
    authority().cert_pem.write_to_path(str(folder / "ca.pem"))

    def answer(request: bytes) -> bytes:
        if request.startswith(b"GET / "):
            return ok(b"", "Location: /end", status="302 Found")
        return ok(BODY, "Content-Type: application/json")

    with recorder(answer, context=server_context()) as made:
        made.folder = folder  # type: ignore[attr-defined]
        yield made


def run(server: Recorder, *args: str, rows: bytes | None = None) -> tuple[int, str, list[dict[str, Any]]]:
    cacert = str(server.folder / "ca.pem")  # type: ignore[attr-defined]
    source = ["-"] if rows is not None else [server.url("/")]
    result = fetchcli(*source, "-o", "jsonl", "-q", "--cacert", cacert, *args, stdin=rows or b"")
    return result.code, result.err, [json.loads(line) for line in result.lines]


def text_of(server: Recorder, option: str, which: int) -> str:
    if option == "--expect-sha256" and which == 0:
        return hashlib.sha256(BODY).hexdigest()
    return CASES[option][which].replace("{base}", server.url(""))


def key_of(option: str) -> str:
    return {"--accept": "status"}.get(option, option.removeprefix("--expect-").lstrip("-").replace("-", "_"))


@pytest.mark.parametrize("option", CASES)
def test_by_option(server: Recorder, option: str) -> None:
    code, err, (row,) = run(server, option, text_of(server, option, 0))
    assert (code, err, row["verdict"], row["failed_checks"]) == (0, "", "OK", [])
    code, _, (row,) = run(server, option, text_of(server, option, 1))
    (failed,) = row["failed_checks"]
    assert (code, failed["check"]) == (5 if option == "--accept" else 6, key_of(option))
    code, err, found = run(server, option, text_of(server, option, 2))
    assert (code, found) == (2, [])
    assert err.startswith(f"fetchcli: {option}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("option", CASES)
def test_by_row(server: Recorder, option: str, tmp_path: Path) -> None:
    key = key_of(option)
    for which, expected in enumerate((0, 5 if key == "status" else 6)):
        rows = json.dumps({"url": server.url("/"), "expect": {key: text_of(server, option, which)}}).encode()
        code, _, (row,) = run(server, rows=rows)
        assert code == expected
        assert row["expect"] == {key: [text_of(server, option, which)]}
    malformed = text_of(server, option, 2) or "~ ("
    listing = tmp_path / "smoke.jsonl"
    listing.write_text(json.dumps({"url": server.url("/"), "expect": {key: malformed}}) + "\n")
    before = len(server.requests)
    result = fetchcli(str(listing))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"fetchcli: {listing}:1: expect: {key}: ")
    assert result.err.count("\n") == 1
    assert len(server.requests) == before


@pytest.mark.parametrize("table", [PASSING, FAILING, MALFORMED], ids=["passing", "failing", "malformed"])
def test_the_tables_of_the_core_and_of_the_command_know_the_same(table: list[tuple[str, ...]]) -> None:
    assert {row[0] for row in table} == {key_of(option) for option in CASES}


def test_a_malformed_expectation_of_a_pipe_is_a_rejected_row(server: Recorder) -> None:
    rows = json.dumps({"url": server.url("/end"), "expect_body": "~ ("}) + f'\n"{server.url("/end")}"\n'
    code, _, found = run(server, rows=rows.encode())
    assert code == 3
    found.sort(key=lambda row: str(row["seq"]))
    assert [(row["verdict"], row["error"]) for row in found] == [("REJECTED", "invalid_row"), ("OK", None)]


def test_malformed_expectations_of_tables_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("url,expect_size\nhttp://h/,1\nhttp://h/,x\nhttp://h/,y\n")
    result = fetchcli("a.csv", cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert (
        result.err
        == "fetchcli: a.csv:3: expect: size: 'x' is not a size; write it as '>1K', '<=2M' or 512 (and 1 more)\n"
    )
    (tmp_path / "b.csv").write_text("url,expect_sise\n" + "http://h/,1\n" * 200)
    result = fetchcli("b.csv", cwd=tmp_path)
    assert result.err.startswith("fetchcli: b.csv:2: expect_sise: unknown expectation; known: status,")
    assert result.err.endswith(" (and many more)\n")


def test_rows_override_the_run_by_key_and_results_carry_what_they_said(server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "url,expect,expect_body\n"
        f'{server.url("/end")},200,\n{server.url("/end")},,nope\n{server.url("/end")},"{{""body"": []}}",\n'
    )
    cacert = ("--cacert", str(server.folder / "ca.pem"))  # type: ignore[attr-defined]
    args = ("-q", "--ordered", *cacert, "--expect-body", "down")
    assert fetchcli("a.csv", *args, "-o", "out.jsonl", "-o", "out.csv", cwd=tmp_path).code == 6
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [[check["expected"] for check in row["failed_checks"]] for row in rows] == [["down"], ["nope"], []]
    for again in ("out.jsonl", "out.csv"):
        result = fetchcli(again, "--only-failed", *args, "-o", "jsonl", cwd=tmp_path)
        found = [json.loads(line) for line in result.lines]
        assert [row["expect"] for row in found] == [{"status": ["200"]}, {"body": ["nope"]}]


def test_a_body_is_looked_at_only_so_far(server: Recorder) -> None:
    code, _, (row,) = run(server, "--expect-body", "ok", "--max-check-body", "10")
    (failed,) = row["failed_checks"]
    assert code == 6
    assert failed["actual"].endswith("only the first 10 bytes were checked (--max-check-body))")
    assert run(server, "--expect-body", "stat", "--max-check-body", "10")[0] == 0


def test_what_never_can_be_known_is_refused() -> None:
    assert fetchcli("-k", "--expect-cert-days", ">1", "http://h/").err.startswith(
        "fetchcli: --expect-cert-days and --insecure cannot be combined"
    )
    assert (
        "--max-check-body: expected a size such as 10M, got 'none'"
        in fetchcli("--max-check-body", "none", "http://h/").err
    )


def test_patterns_that_never_end_end_and_hold_up_nobody() -> None:
    slow = b"a" * 5000
    with recorder(lambda request: ok(slow if b"/slow" in request else b"fast")) as plain:
        urls = [plain.url("/slow"), *(plain.url(f"/{number}") for number in range(20))]
        result = fetchcli(*urls, "--expect-body", "~ ^(?:(?:a|a)*)*b|fast", "-o", "jsonl", "-q", "--timeout", "5s")
    rows = [json.loads(line) for line in result.lines]
    assert result.code == 6
    assert [row["verdict"] for row in rows].count("OK") == 20


# Everything that can decide how a run ends, and the arguments that make it happen (DESIGN: the table of exit codes).
ENDINGS: dict[int, tuple[list[str], list[str]]] = {
    3: (["nonsense"], []),
    4: (["http://127.0.0.1:1/"], []),
    5: (["{base}/missing"], []),
    6: (["{base}/a?wrong"], ["--expect-header", "x-ok: yes"]),
    7: ([], ["--threshold", "max(time_total) < 0.0001ms"]),
    8: ([], ["-o", "jsonl:/dev/full"]),
    130: (["{base}/hang"], []),
    143: (["{base}/hang"], []),
}


@pytest.fixture(scope="module")
def plain() -> Iterator[Recorder]:
    over = threading.Event()

    def answer(request: bytes) -> bytes:
        if b"/hang" in request:
            over.wait(60)
        status = "404 Not Found" if b"/missing" in request else "200 OK"
        return ok(b"x", *(() if b"?wrong" in request else ("X-Ok: yes",)), status=status)

    with recorder(answer) as made:
        yield made
    over.set()


def ended(plain: Recorder, *codes: int, extra: tuple[str, ...] = ()) -> int:
    urls, args = [plain.url("/a")], ["-q", "-o", "text:/dev/null", *extra]
    for code in codes:
        urls += [url.replace("{base}", plain.url("")) for url in ENDINGS[code][0]]
        args += ENDINGS[code][1]
    listing = "".join(f"{url}\n" for url in urls).encode()
    numbers = {130: signal.SIGINT, 143: signal.SIGTERM}
    signals = [numbers[code] for code in codes if code in numbers]
    if not signals:
        return fetchcli("-", *args, stdin=listing).code
    before = sum(b"/hang" in request for request in plain.requests)
    with tempfile.TemporaryFile() as file:
        file.write(listing)
        file.seek(0)
        process = start("-", *args, stdin=file)
    until(lambda: sum(b"/hang" in request for request in plain.requests) > before, "a request hangs", process)
    process.send_signal(signals[0])
    process.communicate(timeout=30)
    return process.returncode


PAIRS = [pair for pair in combinations(ENDINGS, 2) if pair != (130, 143)]


@pytest.mark.parametrize("code", ENDINGS)
def test_one_ending(plain: Recorder, code: int) -> None:
    assert ended(plain, code) == code


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_of_two_endings_signals_first_then_outputs_then_the_lowest(plain: Recorder, pair: tuple[int, int]) -> None:
    expected = pair[1] if pair[1] in (130, 143) else 8 if 8 in pair else min(pair)
    assert ended(plain, *pair) == expected


@pytest.mark.parametrize("code", [3, 4, 5, 6, 7])
def test_exit_zero_leaves_outcomes_out_of_it(plain: Recorder, code: int) -> None:
    assert ended(plain, code, extra=("--exit-zero",)) == 0


def test_the_environment_and_files_say_it_too(server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "fetchcli.toml").write_text('expect-json = ["n == 3", "n == 4"]\nmax-latency = "20s"\nfor = "1s"\n')
    cacert = str(server.folder / "ca.pem")  # type: ignore[attr-defined]
    command = [*COMMAND, server.url("/end"), "-K", "fetchcli.toml", "--repeat", "1", "--cacert", cacert]
    env = environment(FETCHCLI_EXPECT_BODY="nope", FETCHCLI_NO_CONFIG="")
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 6
    assert b"json: expected n == 4, got 3" in done.stdout
    assert b"body: expected nope" in done.stdout
    assert os.environ.get("FETCHCLI_EXPECT_BODY") is None
    assert fetchcli("http://h/", env={"FETCHCLI_FOR": "soon"}).err == (
        "fetchcli: FETCHCLI_FOR: 'soon' is not a duration; write it as 500ms, 2.5s, 1m30s, 1h or none\n"
    )
