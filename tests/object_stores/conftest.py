"""A bucket of a server on loopback."""

from pathlib import Path

import pytest

from tests.support.object_store import Bucket, moto


@pytest.fixture
def bucket() -> Bucket:
    return moto().bucket()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
