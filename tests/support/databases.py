"""PostgreSQL and MariaDB of this machine, each with a cluster of its own on a free port of loopback."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import pymysql

from tests.support.nginx import free_port

SECONDS = 60.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POSTGRES = """
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 32MB
"""


def postgres_tools() -> Path | None:
    """The folder of the newest PostgreSQL; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def mariadb_installed() -> bool:
    return shutil.which("mariadbd", path=_PATH) is not None


class PostgresServer:
    """A cluster, as a user that is not root: PostgreSQL refuses to run as root."""

    def __init__(self, tools: Path) -> None:
        self._tools, self.port = tools, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="fetchcli-postgres-"))
        self.folder.chmod(0o755)
        self._user = {} if os.getuid() else {"user": "postgres", "group": "postgres", "extra_groups": ()}
        if self._user:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        options = ("-U", "fetchcli", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        self._call("initdb", "-D", "data", *options)
        with (self.folder / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(_POSTGRES.format(port=self.port))
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://fetchcli@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self._call("pg_ctl", "-D", "data", "-l", "log", "-w", "-s", "start")

    def stop(self) -> None:
        """Stop as in a crash."""
        self._call("pg_ctl", "-D", "data", "-s", "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, tool: str, *args: str) -> None:
        environment = {"PATH": _PATH, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [str(self._tools / tool), *args],
            cwd=self.folder,
            env=environment,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=SECONDS,
            **self._user,  # type: ignore[call-overload]
        )


class MariadbServer:
    """A server with an empty database ``fetchcli``."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="fetchcli-mariadb-"))
        self._user = [] if os.getuid() else ["--user=root"]
        install = [
            *("mariadb-install-db", "--no-defaults", *self._user, f"--datadir={self.folder}/data", "--skip-test-db"),
            *("--auth-root-authentication-method=normal", "--skip-name-resolve", "--cross-bootstrap"),
        ]
        subprocess.run(install, check=True, capture_output=True, env={"PATH": _PATH}, timeout=SECONDS)
        self.start()

    @property
    def url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/fetchcli"

    def start(self) -> None:
        data = self.folder / "data"
        command = [
            *("mariadbd", "--no-defaults", *self._user, f"--datadir={data}", f"--port={self.port}"),
            *("--bind-address=127.0.0.1", f"--socket={data}/s", f"--pid-file={data}/pid", "--skip-name-resolve"),
            *("--skip-log-bin", "--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"),
            *("--innodb-log-file-size=16M", "--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4"),
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": _PATH}, start_new_session=True
            )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", connect_timeout=5)
                break
            except (pymysql.Error, OSError):
                assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS fetchcli")
        connection.close()

    def stop(self) -> None:
        """Stop as in a crash."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(SECONDS)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def postgres() -> PostgresServer:
    """The server of this process of tests."""
    tools = postgres_tools()
    assert tools is not None
    server = PostgresServer(tools)
    atexit.register(server.remove)
    return server


@cache
def mariadb() -> MariadbServer:
    """The server of this process of tests."""
    server = MariadbServer()
    atexit.register(server.remove)
    return server
