"""The compressions of lists and outputs, by the extension of a file."""

from fetchcli.core.pattern import lazy_pattern

MAX_MEMBER = 1024 * 1024  # bytes before compression of what fetchcli writes as one member or frame
EXTENSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
_EXTENSION = lazy_pattern(r"[^/](\.[^./]+)\Z")


def compression_of(name: str) -> str:
    """The compression that a file name stands for, or empty."""
    return EXTENSIONS.get(_extension(name), "")


def inner_extension(name: str) -> str:
    """The extension of a file in lower case, that of its compression ignored: ``.csv`` for ``rows.csv.gz``."""
    extension = _extension(name)
    return _extension(name[: -len(extension)]) if extension in EXTENSIONS else extension


def _extension(name: str) -> str:
    match = _EXTENSION.search(name)
    return match[1].lower() if match else ""
