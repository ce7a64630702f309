"""``--dask``: one row for each row, whatever becomes of workers and of the command itself."""

import json
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fetchcli.core.errors import ExitCode
from tests.support.command import fetchcli, start, until
from tests.support.counting_server import CountingServer, counting_server
from tests.support.dask_cluster import WITH_SMALL_FILES, dask_cluster, processes_of_shards
from tests.support.recorder import ok, recorder, see

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ends processes as Linux does")

HOSTS, ROWS = 6, 720
PER_HOST, RATE = 4, 100  # requests in flight, and a second
COMMAND = ("urls.txt", "--per-host", str(PER_HOST), "--host-rate", f"{RATE}/s", "-o", "rows.jsonl", "-q")


def write_list(folder: Path, server: CountingServer) -> None:
    urls = [server.url(number % HOSTS + 1, f"/{number}") for number in range(ROWS)]
    (folder / "urls.txt").write_text("\n".join(urls))


def run(folder: Path, cluster: str, *more: str) -> None:
    """Run to the end: all is well, and nothing is said."""
    process = start(*COMMAND, "--dask", cluster, *more, cwd=folder)
    _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, b"")


def require_whole(folder: Path, server: CountingServer) -> None:
    """One row for each row of the list, and no host was asked for too much."""
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    urls = (folder / "urls.txt").read_text().splitlines()
    assert sorted(row["seq"] for row in rows) == list(range(1, ROWS + 1))
    assert all(row["url"] == urls[row["seq"] - 1] for row in rows)
    assert {row["verdict"] for row in rows} == {"OK"}
    assert set(server.most.values()) <= set(range(1, PER_HOST + 1))
    for times in server.times.values():
        for number, came in enumerate(times):  # the first may have come late, the others never too early
            assert came - times[0] > (number // RATE) - 0.5
    assert not (folder / "rows.jsonl.job").exists()


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with counting_server() as server:
        yield server


def test_on_this_machine(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    alone = start(*COMMAND, "-o", "alone.csv", cwd=tmp_path)
    alone.communicate(timeout=60)
    assert alone.returncode == 0
    server.reset()
    run(tmp_path, "local", "-o", "rows.csv", "-o", "report.json:report.json")
    require_whole(tmp_path, server)
    header, *rows = (tmp_path / "rows.csv").read_text().splitlines()
    assert header == (tmp_path / "alone.csv").read_text().splitlines()[0]
    assert len(rows) == ROWS


def test_a_worker_that_is_killed(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask") as cluster:
        server.hooks[150] = cluster.workers[0].kill
        run(tmp_path, cluster.address)
    require_whole(tmp_path, server)
    assert server.total > ROWS


def test_a_worker_that_hangs(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask") as cluster:
        server.hooks[150] = lambda: cluster.workers[1].send_signal(signal.SIGSTOP)
        run(tmp_path, cluster.address)
    require_whole(tmp_path, server)


def test_a_command_that_is_killed_and_goes_on_with_more_workers(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask", workers=2) as cluster:
        process = start(*COMMAND, "--dask", cluster.address, cwd=tmp_path)
        until(lambda: list(tmp_path.glob("rows.jsonl.job/done-*")), "a shard is done", process)
        process.kill()
        process.communicate()
        cluster.add_worker()
        done = server.total
        run(tmp_path, cluster.address, "--resume")
    require_whole(tmp_path, server)
    assert server.total - done < ROWS


def test_a_full_disk_at_one_worker(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask", workers=0) as cluster:
        for command in (WITH_SMALL_FILES, (), ()):
            cluster.add_worker(*command)
        run(tmp_path, cluster.address)
    require_whole(tmp_path, server)


def test_disks_that_are_all_full_end_the_run_and_nothing_is_lost(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask", workers=0) as cluster:
        cluster.add_worker(*WITH_SMALL_FILES)
        process = start(*COMMAND, "--dask", cluster.address, cwd=tmp_path)
        _, err = process.communicate(timeout=100)
        assert process.returncode == ExitCode.OUTPUT
        assert b"File too large" in err
        assert b"--resume" in err
        cluster.add_worker()
        cluster.workers[0].kill()
        run(tmp_path, cluster.address, "--resume")
    require_whole(tmp_path, server)


def test_a_scheduler_that_dies_ends_the_run(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    with dask_cluster(tmp_path / "dask", workers=2) as cluster:
        server.hooks[150] = cluster.scheduler.kill
        process = start(*COMMAND, "--dask", cluster.address, cwd=tmp_path)
        _, err = process.communicate(timeout=100)
        assert process.returncode == ExitCode.INTERNAL
        assert err.startswith(f"fetchcli: the scheduler at {cluster.address} is gone; ".encode())
        until(lambda: not processes_of_shards(tmp_path), "no shard is fetched any more")


def test_an_interrupted_run_goes_on(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    process = start(*COMMAND, "--dask", "local", cwd=tmp_path)
    until(lambda: list(tmp_path.glob("rows.jsonl.job/done-*")), "a shard is done", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.SIGINT
    assert b"interrupted; " in err
    assert err.endswith(b"--dask local --resume\n")
    assert not processes_of_shards(tmp_path)
    run(tmp_path, "local", "--resume")
    require_whole(tmp_path, server)


def test_a_job_that_has_not_ended_is_neither_begun_again_nor_mixed_with_another_list(
    tmp_path: Path, server: CountingServer
) -> None:
    write_list(tmp_path, server)
    process = start(*COMMAND, "--dask", "local", cwd=tmp_path)
    until(lambda: list(tmp_path.glob("rows.jsonl.job/done-*")), "a shard is done", process)
    process.kill()
    process.communicate()
    again = fetchcli(*COMMAND, "--dask", "local", cwd=tmp_path)
    assert again.code == ExitCode.USAGE
    assert "holds a job that has not ended; --resume goes on with it, or remove the folder" in again.err
    other = fetchcli(*COMMAND, "--dask", "local", "--resume", "--split-hosts", cwd=tmp_path)
    assert other.code == ExitCode.USAGE
    assert "was begun with other columns or another --split-hosts" in other.err
    urls = (tmp_path / "urls.txt").read_text().splitlines()
    (tmp_path / "urls.txt").write_text("\n".join(reversed(urls)))
    changed = fetchcli(*COMMAND, "--dask", "local", "--resume", cwd=tmp_path)
    assert changed.code == ExitCode.OUTPUT
    assert "holds results of another list; remove the folder to begin anew" in changed.err


@pytest.mark.needs_netns
def test_a_worker_that_does_not_see_the_folder(tmp_path: Path, server: CountingServer) -> None:
    write_list(tmp_path, server)
    shared = tmp_path / "shared"
    shared.mkdir()
    hidden = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs none "{shared}" && exec "$0" "$@"')
    with dask_cluster(tmp_path / "dask", workers=0) as cluster:
        cluster.add_worker(*hidden)
        found = fetchcli(*COMMAND, "--job", "shared/job", "--dask", cluster.address, cwd=tmp_path)
    assert found.code == ExitCode.USAGE
    assert f"does not see the files of {shared}/job; name a folder that all workers share (--job)" in found.err
    assert server.total == 0


def test_something_else_that_listens_is_no_scheduler(tmp_path: Path) -> None:
    with recorder() as other:
        found = fetchcli(other.url(), "--dask", f"tcp://127.0.0.1:{other.port}", "-o", "rows.jsonl", cwd=tmp_path)
    assert found.code == ExitCode.USAGE
    assert f"--dask tcp://127.0.0.1:{other.port}: no scheduler answers there (" in found.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dask", "tcp://127.0.0.1:9", "-o", "rows.jsonl"], "--dask tcp://127.0.0.1:9: no scheduler answers there"),
        (
            ["--dask", "lcoal", "-o", "rows.jsonl"],
            "--dask: expected local, or the address of a scheduler such as tcp://",
        ),
        (["--dask", "http://h:1", "-o", "rows.jsonl"], "--dask: expected local, or the address of a scheduler such as"),
        (
            ["--dask", "local", "-o", "rows.jsonl", "--resume"],
            "holds no job of --dask to go on with; leave out",
        ),
        (["--dask", "local", "-o", "rows.jsonl", "-o", "junit:/proc/no/r.xml"], "/proc/no/r.xml: No such file or"),
        (["--dask", "local"], "--dask requires a folder for the job: write rows to a file (-o rows.jsonl), or name"),
        (["--dask", "local", "--halt", "failed>3"], "--dask and --halt cannot be combined"),
        (["--dask", "local", "--processes", "2"], "--dask and --processes cannot be combined"),
        (["--job", "there"], "--job requires --dask"),
        (["--dask", "local", "-o", "rows.jsonl", "--job", "/proc/none"], "/proc/none: No such file or directory"),
    ],
)
def test_what_cannot_work_is_said_at_once(tmp_path: Path, options: list[str], message: str) -> None:
    found = fetchcli("http://127.0.0.1:9/", *options, cwd=tmp_path)
    assert found.code in (ExitCode.USAGE, ExitCode.OUTPUT)
    assert message in found.err
    assert len(found.err.splitlines()) == 1
    assert not (tmp_path / "rows.jsonl.job").exists()


def answer(request: bytes) -> bytes:
    path = request.split(b" ")[1]
    if path.startswith(b"/away"):
        return see("/there")
    return ok(path, "Server: test", "Content-Type: text/plain", status="404 Not Found" if b"404" in path else "200 OK")


def test_all_that_one_process_says_is_said(tmp_path: Path) -> None:
    """Columns, headers, carried columns, invalid rows, expectations: the rows are the same."""
    found = []
    with recorder(answer) as server:
        rows = [("/1", "one", ""), ("/1", "two", "other"), ("/404", "four", ""), ("/away", "six", "")]
        lines = [f"{server.url(path)},{name},{body}" for path, name, body in rows]
        lines += ["ftp://x/,three,", "http://127.0.0.1:9/,five,"]
        (tmp_path / "urls.csv").write_text("\n".join(["url,name,expect_body", *lines]))
        for more in ([], ["--dask", "local"]):
            options = ["--keep", "name", "--columns", "+headers,+header:content-type", "-w", "%header{server}\\n"]
            outputs = ["-o", "rows.jsonl", "-o", "junit.xml", "--threshold", "error_rate<1%"]
            result = fetchcli("urls.csv", *options, *outputs, *more, cwd=tmp_path)
            raw = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
            told = [{name: value for name, value in row.items() if name[:4] not in ("time", "star")} for row in raw]
            cases = re.findall(r'<testcase [^>]*name="([^"]*)"', (tmp_path / "junit.xml").read_text())
            told.sort(key=lambda row: int(str(row["seq"])))
            found.append((result.code, sorted(result.out.splitlines()), told, sorted(cases)))
    assert found[0] == found[1]
    assert found[0][0] == ExitCode.INPUT


def test_bodies_are_saved_by_workers_under_the_names_of_one_process(tmp_path: Path) -> None:
    saved = []
    with recorder(answer) as server:
        (tmp_path / "urls.txt").write_text("\n".join(map(server.url, ["/1", "/1?2", "/1", "/404"] * 20)))
        for more in ([], ["--dask", "local"]):
            result = fetchcli("urls.txt", "-o", "rows.jsonl", "--save", "pages/", *more, cwd=tmp_path)
            assert result.code == ExitCode.STATUS
            rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
            saved.append({row["seq"]: (row["saved_as"], row["size_saved"]) for row in rows})
            files = {str(path.relative_to(tmp_path)) for path in (tmp_path / "pages").rglob("*") if path.is_file()}
            assert files == {name for name, _ in saved[-1].values() if name}
            shutil.rmtree(tmp_path / "pages")
    assert saved[0] == saved[1]


@pytest.mark.parametrize(
    ("save", "message"),
    [
        ("all.zip", "with --dask bodies are saved as files; name a folder or a template"),
        ("one.html", "with --dask bodies are saved as files; name a folder or a template"),
        (
            "p/{name}{ext}",
            "with --dask, names that are known only with the response must differ; add {seq} or {sha256}",
        ),
    ],
)
def test_bodies_that_workers_cannot_save(tmp_path: Path, save: str, message: str) -> None:
    found = fetchcli("http://127.0.0.1:9/", "--dask", "local", "-o", "rows.jsonl", "--save", save, cwd=tmp_path)
    assert (found.code, found.err) == (ExitCode.USAGE, f"fetchcli: --save {save}: {message}\n")
    assert not (tmp_path / "rows.jsonl.job").exists()
