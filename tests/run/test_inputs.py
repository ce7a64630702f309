"""Which inputs may keep a halted run waiting."""

import os
from pathlib import Path

import pytest

from fetchcli.core.settings import Reading
from fetchcli.inputs.base import Argument, File
from fetchcli.run.inputs import may_block


@pytest.mark.parametrize(
    ("name", "reading", "expected"),
    [
        ("urls.txt", Reading(), False),
        ("sitemap.xml", Reading(), True),
        ("SITEMAP.XML", Reading(), True),
        ("sitemap.xml.gz", Reading(), True),
        ("urls.txt", Reading(format="sitemap"), True),
        ("sitemap.xml", Reading(format="lines"), False),
    ],
)
def test_a_list_that_may_lead_to_the_web_may_block(tmp_path: Path, name: str, reading: Reading, expected: bool) -> None:
    (tmp_path / name).touch()
    assert may_block(File(str(tmp_path / name)), reading) is expected


def test_a_pipe_may_block_and_an_argument_may_not(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "urls.txt")
    assert may_block(File(str(tmp_path / "urls.txt")), Reading())
    assert may_block(File("-"), Reading())
    assert not may_block(Argument("http://h/sitemap.xml"), Reading())
