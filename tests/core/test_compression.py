"""What the extensions of a file stand for."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.compression import EXTENSIONS, compression_of, inner_extension


@pytest.mark.parametrize(
    ("name", "compression", "extension"),
    [
        ("rows.csv.gz", "gzip", ".csv"),
        ("a.b/ROWS.JSONL.ZST", "zstd", ".jsonl"),
        ("x.xz", "xz", ""),
        ("x.tar.bz2", "bzip2", ".tar"),
        ("rows.csv", "", ".csv"),
        (".gz", "", ""),
        ("a/.csv.gz", "gzip", ""),
        ("a.gz/b", "", ""),
        ("-", "", ""),
    ],
)
def test_extensions(name: str, compression: str, extension: str) -> None:
    assert (compression_of(name), inner_extension(name)) == (compression, extension)


@given(st.from_regex(r"[a./]{0,6}(\.csv)?(\.gz)?", fullmatch=True).filter(lambda name: not name.endswith(("/", "."))))
def test_a_path_would_say_the_same(name: str) -> None:
    path = PurePosixPath(name)
    assert compression_of(name) == EXTENSIONS.get(path.suffix, "")
    assert inner_extension(name) == (path.with_suffix("") if path.suffix == ".gz" else path).suffix
