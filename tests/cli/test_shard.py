"""--shard through a real process: parts of a list, and what is made of their results."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Result, at_terminal, fetchcli, lines_in, start, until
from tests.support.recorder import Recorder, ok, recorder

HOSTS = {"a": 9, "b": 7, "c": 6, "d": 5, "e": 2, "f": 1}


def answer(request: bytes) -> bytes:
    return ok(status="404 Not Found" if b"/missing" in request.partition(b"\r\n")[0] else "200 OK")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """All hosts lead to one server; `urls.txt` has rows of six hosts, taking turns."""
    monkeypatch.chdir(tmp_path)
    rows = [(number, host) for host, count in HOSTS.items() for number in range(count)]
    Path("urls.txt").write_text("".join(f"http://{host}.test/{number}\n" for number, host in sorted(rows)))
    with recorder(answer) as server:
        yield server


def run(server: Recorder, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
    return fetchcli(*args, "--connect-to", f"::127.0.0.1:{server.port}", stdin=stdin, env=env)


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_bytes().splitlines()]


def manifest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"{name}.shard.json").read_bytes())
    return found


def host(row: dict[str, Any]) -> str:
    return str(row["url"].split("/")[2])


def parts(server: Recorder, count: int, *args: str, code: int = 0, stdin: bytes = b"") -> list[str]:
    """Fetch all parts; the names of their results."""
    names = [f"part-{number}.jsonl" for number in range(1, count + 1)]
    for number, name in enumerate(names, 1):
        result = run(server, *args, "-q", "--ordered", "--shard", f"{number}/{count}", "-o", name, stdin=stdin)
        assert result.code == code, result.err
    return names


def merged(*names: str, code: int = 0) -> str:
    result = fetchcli(*names, "--from-results", "-q", "-o", "merged.jsonl")
    assert result.code == code, result.err
    return result.err


def facts(name: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[key] for key in ("seq", "url", "status", "verdict", "key")) for row in rows(name))


def test_all_parts_are_the_list(server: Recorder) -> None:
    assert run(server, "urls.txt", "-q", "-o", "whole.jsonl").code == 0
    names = parts(server, 3, "urls.txt")
    assert merged(*names) == ""
    assert facts("merged.jsonl") == facts("whole.jsonl")
    assert sorted(len(rows(name)) for name in names) == [9, 10, 11]
    owner = {(host(row), name) for name in names for row in rows(name)}
    assert len(owner) == len(HOSTS)
    assert Counter(server.targets) == Counter([row["url"].partition(".test")[2] for row in rows("whole.jsonl")] * 2)
    first = manifest(names[0])
    assert first == {
        "shard": 1,
        "of": 3,
        "dealing": "size",
        "list_rows": 30,
        "rows": len(rows(names[0])),
        "complete": True,
        "fingerprint": first["fingerprint"],
    }
    assert {manifest(name)["fingerprint"] for name in names} == {first["fingerprint"]}


def test_the_parts_of_what_was_selected(server: Recorder) -> None:
    text = Path("urls.txt").read_text()
    Path("urls.txt").write_text(f"nonsense\n{text}{text}mailto:x\n")
    chosen = ("urls.txt", "--exclude", "f.test", "--sample", "40", "--seed", "3", "--limit", "35", "--dedupe")
    whole = run(server, *chosen, "-q", "-o", "whole.jsonl")
    names = parts(server, 4, *chosen, "--exit-zero")
    merged(*names, code=whole.code)
    assert facts("merged.jsonl") == facts("whole.jsonl")
    assert len(rows("whole.jsonl")) == 35
    assert any(row["verdict"] == "SKIPPED" for row in rows("whole.jsonl"))


def test_large_hosts_are_split_only_if_asked(server: Recorder) -> None:
    Path("one.txt").write_text("".join(f"http://a.test/{number}\n" for number in range(10)))
    names = parts(server, 3, "one.txt")
    assert sorted(len(rows(name)) for name in names) == [0, 0, 10]
    names = parts(server, 3, "one.txt", "--split-hosts")
    assert sorted([row["seq"] for row in rows(name)] for name in names) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert merged(*names) == ""
    assert manifest(names[0])["dealing"] == "size, hosts split"


def test_a_pipe_is_dealt_by_hash_and_says_so(server: Recorder) -> None:
    data = Path("urls.txt").read_bytes()
    names = parts(server, 3, "-", stdin=data)
    assert merged(*names) == ""
    assert len(rows("merged.jsonl")) == 30
    sizes = [len(rows(name)) for name in names]
    result = run(server, "-", "--shard", "1/3", "-o", "jsonl:/dev/null", stdin=data)
    said = f"dealt by hash: 3 parts of {min(sizes)} to {max(sizes)} rows; the parts of a file have about the same size"
    assert sum(said in line for line in result.err.splitlines()) == 1
    assert not Path("/dev/null.shard.json").exists()
    run(server, "urls.txt", "--shard", "1/3", "-q", "-o", names[0])
    err = merged(*names, code=3)
    assert err == "fetchcli: part-1.jsonl and part-2.jsonl were dealt differently: by size, and by hash\n"
    refused = run(server, "-", "--shard", "1/3", "--split-hosts", stdin=data)
    assert (refused.code, refused.err) == (
        2, "fetchcli: --split-hosts requires lists that can be read twice, and stdin cannot\n"
    )  # fmt: skip


def test_what_is_missing_is_said(server: Recorder) -> None:
    names = parts(server, 4, "urls.txt")
    err = merged(names[0], names[3], code=3)
    lost = sorted(row["seq"] for name in names[1:3] for row in rows(name))
    assert "fetchcli: parts 2-3 of 4 are missing\n" in err
    assert f"{len(lost)} of the 30 rows of the list are missing: {lost[0]}" in err
    assert "part 4 of 4 is missing" in merged(*names[:3], code=3)
    kept = Path(names[1]).read_bytes().splitlines(keepends=True)
    Path(names[1]).write_bytes(b"".join(kept[2:]))
    err = merged(*names, code=3)
    gone = sorted(json.loads(line)["seq"] for line in kept[:2])
    assert f"part-2.jsonl: 2 of the {len(kept)} rows of part 2/4 are missing\n" in err
    assert f"2 of the 30 rows of the list are missing: {gone[0]}" in err
    Path(names[1]).write_bytes(b"".join(kept))
    Path(f"{names[1]}.shard.json").unlink()
    assert merged(*names) == ""  # all rows are there
    assert "part-2.jsonl: there is no manifest beside it" in merged(*names[:3], code=3)


@pytest.mark.parametrize("form", ["jsonl.gz", "csv", "json", "db", "parquet"])
def test_every_form_of_results_has_a_manifest(form: str, server: Recorder) -> None:
    names = [f"part-{number}.{form}" for number in (1, 2)]
    for number, name in enumerate(names, 1):
        assert run(server, "urls.txt", "-q", "--shard", f"{number}/2", "-o", name).code == 0
    assert merged(*names) == ""
    assert len(rows("merged.jsonl")) == 30
    assert "part 2 of 2 is missing" in merged(names[0], code=3)
    if form == "db":
        assert "part 2 of 2 is missing" in merged(f"sqlite:{names[0]}", code=3)


def test_rows_without_numbers(server: Recorder) -> None:
    names = parts(server, 2, "urls.txt", "--columns", "url,status,verdict,error")
    assert merged(*names) == ""
    assert merged(names[0], code=3) == "fetchcli: part 2 of 2 is missing\n"


def test_parts_that_do_not_belong_together(server: Recorder) -> None:
    names = parts(server, 2, "urls.txt")
    Path("copy.jsonl").write_bytes(Path(names[0]).read_bytes())
    Path("copy.jsonl.shard.json").write_bytes(Path(f"{names[0]}.shard.json").read_bytes())
    assert merged(*names, "copy.jsonl", code=3) == "fetchcli: part-1.jsonl and copy.jsonl are both part 1/2\n"
    run(server, "urls.txt", "-q", "--shard", "2/3", "-o", "copy.jsonl")
    assert merged(names[0], "copy.jsonl", code=3) == "fetchcli: part-1.jsonl is part 1/2, but copy.jsonl is part 2/3\n"
    run(server, "urls.txt", "-q", "--limit", "20", "--shard", "2/2", "-o", "copy.jsonl")
    err = merged(names[0], "copy.jsonl", code=3)
    assert err == "fetchcli: part-1.jsonl and copy.jsonl are parts of different lists\n"
    Path("copy.jsonl.shard.json").write_text("{}")
    err = merged(names[0], "copy.jsonl", code=3)
    assert err == "fetchcli: copy.jsonl.shard.json: not written by --shard; remove it, or fetch the part again\n"


def test_a_part_is_continued(server: Recorder) -> None:
    names = parts(server, 2, "urls.txt")
    whole = Path(names[0]).read_bytes()
    Path(names[0]).write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    before = len(server.requests)
    again = run(server, "urls.txt", "--shard", "1/2", "-o", names[0], "--resume")
    assert (again.code, len(server.requests) - before) == (0, 11)
    assert "15 accepted (4 from an earlier run)" in again.err
    assert "the list has changed" not in again.err
    assert merged(*names) == ""


def test_a_part_is_not_continued_as_another_one(server: Recorder) -> None:
    name, _ = parts(server, 2, "urls.txt")
    before = Path(name).read_bytes(), Path(f"{name}.shard.json").read_bytes()

    def refused(*args: str) -> str:
        result = run(server, "urls.txt", "-o", name, "--resume", *args)
        assert (result.code, Path(name).read_bytes(), Path(f"{name}.shard.json").read_bytes()) == (2, *before)
        return result.err.removeprefix("fetchcli: ")

    assert refused("--shard", "2/2") == f"--resume: {name} is part 1/2, and not part 2/2; use another file\n"
    assert refused("--shard", "1/3") == f"--resume: {name} is part 1/2, and not part 1/3; use another file\n"
    assert refused() == f"--resume: {name} is part 1/2 of a list; add --shard 1/2\n"
    split = refused("--shard", "1/2", "--split-hosts")
    assert split == f"--resume: {name} is of a list that was dealt by size, and not by size, hosts split\n"
    Path(f"{name}.shard.json").rename("elsewhere")
    result = run(server, "urls.txt", "-o", name, "--resume", "--shard", "1/2")
    assert (result.code, f"{name} holds results, but there is no {name}.shard.json" in result.err) == (2, True)
    Path(name).unlink()
    assert run(server, "urls.txt", "-q", "-o", name, "--resume", "--shard", "1/2").code == 0
    assert Path(f"{name}.shard.json").exists()


def test_a_file_that_holds_no_part_any_more(server: Recorder) -> None:
    name, _ = parts(server, 2, "urls.txt")
    Path("other.jsonl.shard.json").write_text('{"is": "something else"}')
    assert run(server, "urls.txt", "-q", "-o", name, "-o", "other.jsonl").code == 0
    assert not Path(f"{name}.shard.json").exists()
    assert Path("other.jsonl.shard.json").exists()
    assert run(server, "urls.txt", "-q", "-o", name, "--resume").code == 0


def test_a_list_that_has_changed(server: Recorder) -> None:
    names = parts(server, 2, "urls.txt")
    lines = Path("urls.txt").read_text().splitlines(keepends=True)
    Path("urls.txt").write_text("".join([*lines[2:], *(f"http://g.test/{number}\n" for number in range(8))]))
    for number, name in enumerate(names, 1):
        result = run(server, "urls.txt", "-o", name, "--resume", "--shard", f"{number}/2")
        assert result.code == 0
        assert "the list has changed, so the other parts have changed, too: continue them with --resume" in result.err
    assert merged(*names) == ""
    assert sorted(row["seq"] for row in rows("merged.jsonl")) == list(range(1, 37))


def test_a_run_that_was_stopped(server: Recorder) -> None:
    names = parts(server, 2, "urls.txt")
    Path(names[0]).unlink()
    args = ("urls.txt", "-q", "--shard", "1/2", "--connect-to", f"::127.0.0.1:{server.port}", "-o", names[0])
    process = start(*args, "--rate", "20/m")
    until(lambda: lines_in(Path(names[0])), "a row is there", process)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 130
    done = lines_in(Path(names[0]))
    assert f"interrupted after {done} outcome{'s' * (done > 1)}; {15 - done} rows were not fetched" in err
    assert manifest(names[0])["complete"] is False
    missing = f"part-1.jsonl: {15 - done} of the 15 rows of part 1/2 are missing; its run has not ended"
    assert missing in merged(*names, code=3)
    process = start(*args, "--rate", "1/s", "--resume")
    before = len(server.requests)
    until(lambda: len(server.requests) > before, "a request", process)
    process.kill()
    process.communicate(timeout=30)
    assert fetchcli(*args, "--resume").code == 0
    assert merged(*names) == ""


def test_a_pipe_that_was_stopped(server: Recorder) -> None:
    names = parts(server, 2, "-", stdin=Path("urls.txt").read_bytes())
    Path(f"{names[0]}.shard.json").write_text('{"shard": 1, "of": 2, "dealing": "hash"}')
    assert merged(*names) == ""  # all rows are there
    Path(names[0]).write_bytes(b"".join(Path(names[0]).read_bytes().splitlines(keepends=True)[1:]))
    err = merged(*names, code=3)
    assert "part-1.jsonl: the run of part 1/2 has not ended, so rows may be missing" in err


def test_order_with_large_gaps(server: Recorder) -> None:
    lines = [f"http://a.test/{number}\n" for number in range(12_000)]
    Path("urls.txt").write_text("http://b.test/first\n" + "".join(lines) + "http://b.test/last\n")
    found = [
        run(server, "urls.txt", "--shard", f"{number}/2", "--dry-run").out.startswith("2 rows") for number in (1, 2)
    ]
    number = 1 + found.index(True)
    result = run(server, "urls.txt", "-q", "--ordered", "--shard", f"{number}/2", "-o", "jsonl:rows.jsonl")
    assert result.code == 0
    assert [row["seq"] for row in rows("rows.jsonl")] == [1, 12_002]


SCHEDULERS: list[dict[str, str]] = [
    {
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_TASK_MIN": "5",
        "SLURM_ARRAY_TASK_COUNT": "3",
        "SLURM_ARRAY_TASK_STEP": "2",
    },
    {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"},
    {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "3"},
    {"JOB_COMPLETION_INDEX": "1"},
]


@pytest.mark.parametrize("variables", SCHEDULERS, ids=["slurm", "gitlab", "aws", "kubernetes"])
def test_the_part_of_a_job(variables: dict[str, str], server: Recorder) -> None:
    shard = "auto/3" if "JOB_COMPLETION_INDEX" in variables else "auto"
    result = run(server, "urls.txt", "-q", "--shard", shard, "-o", "rows.jsonl", env=variables)
    assert (result.code, result.err) == (0, "")
    assert (manifest("rows.jsonl")["shard"], manifest("rows.jsonl")["of"]) == (2, 3)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--shard", "0/3"], "--shard: '0/3': the first part is 1/3, and the last one 3/3"),
        (["--shard", "3"], "--shard: '3': expected K/N, such as 2/5, or auto, or auto/N"),
        (["--shard", "auto"], "--shard: auto: no array job and no parallel job was found: none of SLURM_ARRAY_TASK_ID"),
        (["--shard", "1/2", "--sample", "3"], "--shard: --sample requires --seed"),
        (["--shard", "1/2", "--from-results"], "--shard and --from-results cannot be combined"),
        (["--split-hosts"], "--split-hosts requires --shard"),
    ],
)
def test_usage_errors_are_one_line(args: list[str], message: str, server: Recorder) -> None:
    result = run(server, "urls.txt", *args)
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert message in result.err
    assert server.requests == []


def test_other_options(server: Recorder) -> None:
    shown = [run(server, "urls.txt", "--shard", f"{number}/3", "--dry-run").out for number in (1, 2, 3)]
    assert sorted(int(text.partition(" ")[0]) for text in shown) == [9, 10, 11]
    commands = [run(server, "urls.txt", "--shard", f"{number}/3", "--print-curl").lines for number in (1, 2, 3)]
    assert len({line for lines in commands for line in lines}) == 30
    assert 'shard = "2/3"  # command line' in run(server, "urls.txt", "--shard", "2/3", "--print-config").out
    assert (
        'shard = "2/3"  # FETCHCLI_SHARD'
        in run(server, "urls.txt", "--print-config", env={"FETCHCLI_SHARD": "2/3"}).out
    )
    assert run(server, "urls.txt", "-q", "--shard", "1/3", "--repeat", "2", "-o", "rows.jsonl").code == 0
    assert Counter(row["seq"] for row in rows("rows.jsonl")).most_common()[0][1] == 2
    assert len(rows("rows.jsonl")) == 2 * manifest("rows.jsonl")["rows"]
    empty = run(server, "http://a.test/", "--shard", "1/2", "--exit-zero")
    other = run(server, "http://a.test/", "--shard", "2/2", "--exit-zero")
    assert (empty.code, other.code) == (0, 0)
    assert "has none of the 1 rows of the list" in empty.err + other.err
    nothing = run(server, "-", "--shard", "1/2")
    assert (nothing.code, "the input contains no URL" in nothing.err) == (3, True)


def test_rows_of_other_parts_are_not_gone(server: Recorder) -> None:
    run(server, "urls.txt", "-q", "-o", "old.jsonl")
    result = run(server, "urls.txt", "--shard", "1/3", "--baseline", "old.jsonl", "-o", "jsonl:rows.jsonl")
    assert (result.code, "gone" in result.err) == (0, False)


def test_progress_counts_the_part(server: Recorder) -> None:
    connect = ("--connect-to", f"::127.0.0.1:{server.port}")
    shown = at_terminal("urls.txt", "--shard", "1/3", "--rate", "20/s", "-o", "rows.jsonl", *connect)
    assert f"/{len(rows('rows.jsonl'))}" in shown.out


def test_the_manifest_cannot_be_written(server: Recorder) -> None:
    Path("rows.jsonl.shard.json").mkdir()
    result = run(server, "urls.txt", "--shard", "1/3", "-o", "rows.jsonl")
    assert (result.code, len(server.requests)) == (8, 0)
    assert "rows.jsonl.shard.json: Is a directory" in result.err
    Path("rows.jsonl.shard.json").rmdir()
    Path("urls.txt").rename("rows.jsonl.shard.json")
    result = run(server, "rows.jsonl.shard.json", "--input-format", "lines", "--shard", "1/3", "-o", "rows.jsonl")
    assert (result.code, "rows.jsonl.shard.json: is also read by the run" in result.err) == (8, True)


def test_a_resumed_run_keeps_the_order_behind_many_rows_that_are_done(server: Recorder) -> None:
    Path("urls.txt").write_text("".join(f"http://a.test/{number}\n" for number in range(10_030)))
    args = ("urls.txt", "-q", "--ordered", "-o", "rows.jsonl")
    assert run(server, *args).code == 0
    whole = Path("rows.jsonl").read_bytes().splitlines(keepends=True)
    Path("rows.jsonl").write_bytes(b"".join(whole[:10_010]))
    assert run(server, *args, "--resume").code == 0
    assert [row["seq"] for row in rows("rows.jsonl")] == list(range(1, 10_031))


def test_a_signal_while_rows_are_counted(server: Recorder) -> None:
    Path("urls.txt").write_text("".join(f"http://h{number % 999}.test/{number}\n" for number in range(600_000)))
    process = start("urls.txt", "-q", "--shard", "1/2", "-o", "rows.jsonl")
    until(Path("rows.jsonl.shard.json").exists, "a manifest", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    found = manifest("rows.jsonl")
    assert (process.returncode, found["complete"], found["fingerprint"]) == (130, False, None)
    assert server.requests == []
