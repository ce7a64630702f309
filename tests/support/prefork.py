"""A process that has imported fetchcli, and forks a real process for each command.

Importing takes two thirds of the time of a short run, and the suite makes thousands of them. Tests of what an
interpreter does at its start, of signals and of terminals start one (`tests.support.command.start`).
"""

import array
import atexit
import gc
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_BLOCK = 1 << 16
_READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "SSL_CERT_")  # beginnings of variables that matter only then


def read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter reads at its start."""
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_START)}


class Prefork:
    """The process, and the socket on which it takes commands."""

    def __init__(self) -> None:
        self.env = read_at_start(os.environ)
        self._socket, theirs = socket.socketpair()
        streams = {"stdin": theirs, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}  # no terminal, as later
        with theirs:
            self._process = subprocess.Popen([sys.executable, "-m", __name__], cwd=_ROOT, **streams)  # type: ignore[call-overload]
        self._lock = threading.Lock()
        atexit.register(self._close)

    def run(
        self,
        arguments: Sequence[str],
        stdin: bytes,
        env: Mapping[str, str],
        cwd: str,
        timeout: float,
        started: Callable[[int], None] = lambda pid: None,
    ) -> tuple[int, bytes, bytes]:
        """Run a command to its end: exit code (negative: a signal), stdout, stderr.

        Args:
            started: called with the number of the process.

        Raises:
            TimeoutExpired: it did not end in time; it is killed.
        """
        pipes = [os.pipe() for _ in range(4)]
        (stdin_read, stdin_write), *outputs = pipes
        command = json.dumps([list(arguments), dict(env), cwd]).encode()
        request = len(command).to_bytes(4, "big") + command
        theirs = array.array("i", [stdin_read, *(write for _, write in outputs)])
        with self._lock:  # a test may run commands side by side
            sent = self._socket.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, theirs)])
            self._socket.sendall(request[sent:])
        for fd in theirs:
            os.close(fd)
        readers = [read for read, _ in outputs]
        begun = os.read(readers[-1], 16)
        if begun:
            started(int(begun.split()[0]))
        out, err, status = _communicate(stdin_write, stdin, readers, timeout)
        status = begun + status
        if not status and self._process.poll() is None:
            raise subprocess.TimeoutExpired(list(arguments), timeout, out, err)
        if not status:
            raise ChildProcessError(self._process.communicate()[1].decode())
        pid, *code = status.split()
        if not code:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), timeout, out, err)
        return os.waitstatus_to_exitcode(int(code[0])), out, err

    def _close(self) -> None:
        self._socket.close()
        self._process.communicate()


def _communicate(stdin: int, data: bytes, outputs: Sequence[int], timeout: float) -> list[bytes]:
    """Write all of ``data``, and read all outputs to their ends, or as far as they come in time."""
    received = {fd: bytearray() for fd in outputs}
    deadline, left = time.monotonic() + timeout, memoryview(data)
    os.set_blocking(stdin, False)
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        for fd in outputs:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map() and (seconds := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(seconds):
                if key.fd == stdin:
                    try:
                        left = left[os.write(stdin, left[:_BLOCK]) :] if left else left
                    except BrokenPipeError:
                        left = left[:0]
                    if left:
                        continue
                elif block := os.read(key.fd, _BLOCK):
                    received[key.fd] += block
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
        for key in list(selector.get_map().values()):
            os.close(key.fd)
    return [bytes(part) for part in received.values()]


def _serve() -> None:
    """Take commands until the socket is closed; in a child, become the command."""
    for module in pkgutil.walk_packages(import_module("fetchcli").__path__, "fetchcli."):
        if not module.name.endswith("__main__") and not module.name.startswith("fetchcli.run.dask."):
            import_module(module.name)
    _warm_up()
    gc.freeze()  # what is shared with children stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how the watchers ended
    requests = socket.socket(fileno=os.dup(0))
    while True:
        head, ancillary, _, _ = requests.recvmsg(4, socket.CMSG_SPACE(4 * 4))
        if not head:
            return
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        size, request = int.from_bytes(head, "big"), b""
        while len(request) < size:
            request += requests.recv(size - len(request))
        if not os.fork():
            requests.close()
            _watch(*json.loads(request), *fds)
        for fd in fds:
            os.close(fd)


def _warm_up() -> None:
    """Do once what each command would do anew: patterns are compiled at their first use, and the loop is imported.

    The command is built from the table of options once, too, which is always the same.
    """
    import_module("uvloop")
    typer = import_module("typer.main")
    command = typer.get_command(import_module("fetchcli.cli.app").app)
    vars(typer)["get_command"] = lambda _: command
    for more in (["--print-curl"], ["--dry-run"]):
        sys.argv[1:] = ["http://127.0.0.1:9/", "--no-config", "-o", "jsonl", *more]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            import_module("fetchcli.cli.main").main()


def _watch(arguments: list[str], env: dict[str, str], cwd: str, *fds: int) -> None:
    """Fork the command, and say how it ended: a parent knows that of its own children only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, status = fds
    pid = os.fork()
    if not pid:
        os.close(status)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
            os.close(fd)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        sys.argv[1:] = arguments
        runpy.run_module("fetchcli", run_name="__main__", alter_sys=True)
    for fd in (*streams, 0, 1, 2):
        os.close(fd)
    os.write(status, b"%d " % pid)
    os.write(status, b"%d" % os.waitpid(pid, 0)[1])
    os._exit(0)


if __name__ == "__main__":
    _serve()
