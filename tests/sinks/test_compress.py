"""Compressed outputs: standard tools read them, blocks stand alone, and a kill costs only the last one."""

import bz2
import gzip
import lzma
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.compression import EXTENSIONS
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.record import Incomplete
from fetchcli.sinks import compress
from fetchcli.sinks.atomic_output import AtomicOutput
from fetchcli.sinks.output import Output
from tests.support.command import until

MODULES: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: b"".join(decompressed(iter([data]))),
}
TOOLS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
ROWS = [b'{"seq":%d,"url":"http://h/%d"}\n' % (number, number) for number in range(1000)]


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("pieces", [[], ROWS, [b"x" * 3_000_000], [os.urandom(1 << 20), b"", b"y"]])
def test_other_programs_read_it(extension: str, pieces: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / f"rows{extension}"
    output = Output(str(path), lambda output: pytest.fail(output.failure))
    output.begin()
    for piece in pieces:
        output.write(piece)
    output.close()
    assert MODULES[extension](path.read_bytes()) == b"".join(pieces)
    if tool := shutil.which(TOOLS[extension]):
        done = subprocess.run([tool, "-dc", str(path)], capture_output=True, check=True)
        assert done.stdout == b"".join(pieces)


@pytest.mark.parametrize("extension", EXTENSIONS)
@given(sizes=st.lists(st.integers(0, 3 * compress.MAX_BLOCK), max_size=6))
def test_no_block_is_too_large_and_only_large_pieces_are_divided(extension: str, sizes: list[int]) -> None:
    blocks: list[bytes] = []

    def note(data: bytes) -> bytes:
        blocks.append(data)
        return b""

    pieces = [bytes([at + 1]) * size for at, size in enumerate(sizes)]
    assert compress.compressor_for(f"x{extension}") is not None
    compress.compressed(pieces, note)
    assert b"".join(blocks) == b"".join(pieces)
    assert all(len(block) <= compress.MAX_BLOCK for block in blocks)
    for at, size in enumerate(sizes):
        holding = [block for block in blocks if bytes([at + 1]) in block]
        assert len(holding) <= max(1, -(-size // compress.MAX_BLOCK))


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_what_was_flushed_is_readable_before_the_end(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{extension}"
    output = Output(str(path), lambda output: pytest.fail(output.failure))
    output.begin()
    chance = random.Random(1)
    rows = [chance.randbytes(1000) for _ in range(1100)]  # more than a block
    for row in rows:
        output.write(row)

    def readable() -> bytes:
        try:
            return MODULES[extension](path.read_bytes())
        except (Incomplete, EOFError, ValueError, lzma.LZMAError):  # in the middle of a write
            return b""

    until(readable, "the first block")
    read = readable()
    assert len(read) % 1000 == 0
    assert b"".join(rows).startswith(read)
    output.write(b"late")
    until(lambda: readable().endswith(b"late"), "a small block")
    output.close()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_report_is_compressed_too(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"report.xml{extension}"
    output = AtomicOutput(str(path), lambda output: pytest.fail(output.failure))
    output.begin()
    output.write(b"<x/>\n")
    output.close()
    assert MODULES[extension](path.read_bytes()) == b"<x/>\n"


def test_other_names_are_not_compressed() -> None:
    assert all(compress.compressor_for(name) is None for name in ("-", "rows.jsonl", "rows.zip", "gz"))
