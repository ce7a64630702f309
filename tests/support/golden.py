"""Golden files: compared byte for byte; ``pytest --regenerate`` writes them anew."""

from pathlib import Path

import pytest


class Golden:
    def __init__(self, folder: Path, regenerate: bool) -> None:
        self._folder = folder
        self._regenerate = regenerate

    def check(self, name: str, actual: bytes) -> None:
        path = self._folder / name
        if self._regenerate:
            path.write_bytes(actual)
        assert path.read_bytes() == actual, f"{path} differs; if that is intended: pytest --regenerate"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write golden files and generated docs anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.path.parent / "golden", request.config.getoption("--regenerate"))
