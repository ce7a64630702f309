"""``--help`` and ``--version`` are quick: they import neither aiohttp nor anything optional."""

import subprocess
import sys

import pytest

PROBE = """
import sys
sys.argv = ["fetchcli", *{args!r}]
from fetchcli.cli.main import main
main()
print("LOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""
HEAVY = {"aiohttp", "uvloop", "pycares", "yarl", "brotli", "idna", "ada_url", "backports", "pydantic", "asyncio"}
HEAVY |= {"asyncpg", "pymysql", "arro3", "obstore", "sqlite3"}


def loaded(*args: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE.format(args=args)], capture_output=True, check=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    return set(line.split()) - {"LOADED"}


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("-c", "0"), ("--accept", "x", "http://h/")])
def test_nothing_heavy_is_imported(args: tuple[str, ...]) -> None:
    assert not loaded(*args) & HEAVY


def test_version_does_not_even_import_rich() -> None:
    assert "rich" not in loaded("--version")


def test_a_run_without_a_screen_imports_no_progress_bar() -> None:
    probe = PROBE.format(args=("http://127.0.0.1:1/", "-q")) + "\nassert not [m for m in sys.modules if 'rich' in m]"
    subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
