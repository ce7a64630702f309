"""BEHAVIOUR 67-72: decoders that know when a stream is whole."""

import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.decode import PIECE, decoder_for


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
TEXT = b"The quick brown fox jumps over the lazy dog. " * 40


def decode(coding: str, body: bytes, step: int | None = None) -> bytes:
    decoder, known = decoder_for(coding)
    assert decoder is not None
    assert known
    out = b""
    for start in range(0, len(body), step or max(len(body), 1)):
        for piece in decoder.feed(body[start : start + (step or len(body))]):
            assert len(piece) <= PIECE
            out += piece
    decoder.finish()
    return out


def problem_kind(coding: str, body: bytes) -> ErrorKind:
    with pytest.raises(TransportError) as caught:
        decode(coding, body)
    return caught.value.failure.kind


@given(st.sampled_from(sorted(ENCODERS)), st.binary(max_size=5000), st.integers(1, 700))
def test_any_body_in_any_pieces(coding: str, body: bytes, step: int) -> None:
    assert decode(coding, ENCODERS[coding](body), step) == body


@pytest.mark.parametrize("step", [1, 3, None])
def test_deflate_without_its_wrapper(step: int | None) -> None:
    assert decode("deflate", raw_deflate(TEXT), step) == TEXT


@pytest.mark.parametrize("more", [0, 1, 2, 100, 257])
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_bodies_about_as_long_as_a_piece(coding: str, pieces: int, more: int) -> None:
    body = bytes(PIECE * pieces + more)
    assert decode(coding, ENCODERS[coding](body)) == body
    if coding == "deflate":
        assert decode(coding, raw_deflate(body)) == body


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_67_cut_at_any_offset_is_decode(coding: str) -> None:
    whole = ENCODERS[coding](TEXT)
    for end in range(len(whole)):
        assert problem_kind(coding, whole[:end]) is ErrorKind.DECODE, end


def test_68_a_wrong_checksum_is_decode() -> None:
    whole = bytearray(gzip.compress(TEXT, mtime=0))
    whole[-8] ^= 1
    assert problem_kind("gzip", bytes(whole)) is ErrorKind.DECODE
    adler = bytearray(zlib.compress(TEXT))
    adler[-1] ^= 1
    assert problem_kind("deflate", bytes(adler)) is ErrorKind.DECODE


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_68_garbage_is_decode(coding: str) -> None:
    assert problem_kind(coding, b"\xffnot what it says it is" * 9) is ErrorKind.DECODE


@pytest.mark.parametrize("step", [1, 7, None])
def test_69_all_members(step: int | None) -> None:
    assert decode("gzip", gzip.compress(b"one") + gzip.compress(b"two") + b"\0\0", step) == b"onetwo"
    assert decode("zstd", zstd.compress(b"one") + zstd.compress(b"two"), step) == b"onetwo"


def test_69_garbage_after_a_member_is_decode() -> None:
    assert problem_kind("gzip", gzip.compress(b"one") + b"garbage") is ErrorKind.DECODE


@pytest.mark.parametrize("step", [1, 50, None])
def test_70_stacked_codings(step: int | None) -> None:
    body = brotli.compress(gzip.compress(gzip.compress(TEXT)))
    assert decode("gzip, GZIP , br", body, step) == TEXT


def test_70_too_many_codings_are_refused() -> None:
    with pytest.raises(TransportError):
        decoder_for(",".join(["gzip"] * 6))


@pytest.mark.parametrize("coding", ["", "identity", ","])
def test_nothing_to_undo(coding: str) -> None:
    assert decoder_for(coding) == (None, True)


@pytest.mark.parametrize("coding", ["x-unknown", "gzip, x-unknown"])
def test_71_a_coding_that_nobody_knows(coding: str) -> None:
    assert decoder_for(coding) == (None, False)


@pytest.mark.parametrize("coding", sorted(ENCODERS))
def test_72_a_bomb_comes_in_small_pieces(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(50_000_000))
    assert len(bomb) < 100_000
    decoder, known = decoder_for(coding)
    assert decoder is not None
    assert known
    size = 0
    for piece in decoder.feed(bomb):
        assert len(piece) <= PIECE
        size += len(piece)
    decoder.finish()
    assert size == 50_000_000
