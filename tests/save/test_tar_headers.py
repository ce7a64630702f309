"""Headers of tar files, which are written by hand."""

import tarfile

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.save.container import Member
from fetchcli.save.tar import Tar

NUMBERS = st.integers(0, 8**11 - 1)


@given(st.text(st.sampled_from("aZ09._-+@ /"), max_size=98), NUMBERS, NUMBERS)
def test_they_are_those_of_tarfile(text: str, size: int, seconds: int) -> None:
    name = f"x{text}y"
    header, _ = Tar().frame(Member(name, size, 0, seconds + 0.5, 0))
    info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    assert (info.name, info.size, info.mtime, info.mode) == (name, size, seconds, 0o644)
    assert info.isreg()
    assert len(header) == 512


@given(st.text(st.sampled_from("aé\udcff"), max_size=300), st.integers(0, 2**40), st.integers(-(2**33), 2**35))
def test_what_they_do_not_hold_is_in_a_pax_header(text: str, size: int, seconds: int) -> None:
    name = f"x{text}y"
    header, _ = Tar().frame(Member(name, size, 0, seconds, 0))
    if len(header) == 512:
        assert len(name) <= 100
        assert size < 8**11
    else:
        assert header[156:157] == tarfile.XHDTYPE
        records = header.decode("utf-8", "surrogateescape")
        assert (f" path={name}\n" in records) is (len(name) > 100 or not name.isascii())
        assert (f" size={size}\n" in records) is (size >= 8**11)
