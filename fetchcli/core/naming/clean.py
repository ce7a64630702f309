"""Make one component of a path out of any text: valid on Linux, macOS and Windows, and never a way out of a folder."""

import re
from functools import lru_cache
from hashlib import blake2b
from unicodedata import normalize

from fetchcli.core.pattern import lazy_pattern

MAX_BYTES = 200  # of a component in UTF-8; file systems take 255, and a suffix must still fit
MAX_PATH_BYTES = 800  # of a path in UTF-8; macOS takes 1,024, and the folder of the user must still fit
_MAX_EXTENSION = 12  # characters that are kept of a name that is cut
_PLAIN = lazy_pattern(r"[A-Za-z0-9_+=,@-](?:[A-Za-z0-9._+=,@-]{0,98}[A-Za-z0-9_+=,@-])?")
# Components that need no cleaning and have at most 50 characters; the first is neither hidden nor an option.
_UNCHANGED = r"(?!(?i:con|prn|aux|nul|com|lpt))[A-Za-z0-9_+=,@-](?:[A-Za-z0-9._+=,@-]{0,48}[A-Za-z0-9_+=,@-])?"
_PLAIN_PATH = lazy_pattern(rf"(?!-){_UNCHANGED}(?:/{_UNCHANGED})*")
_DIGEST_SIZE = 6  # bytes
_FORBIDDEN = frozenset('<>:"/\\|?*')  # by Windows; "/" by all
# Devices of Windows, whatever extension follows.
_RESERVED = lazy_pattern(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)


def clean(text: str) -> str:
    """A component that stands for a text; what no file system or no terminal should meet is percent-encoded.

    Surrogates stand for bytes that are not UTF-8. Different texts may have the same component.
    """
    if not _PLAIN.fullmatch(text):
        text = "".join(map(_kept, normalize("NFC", text)))
        if text[:1] == " ":
            text = f"%20{text[1:]}"
        if text[-1:] in ("", ".", " "):  # Windows drops them; and "." and ".." are folders
            text = f"{text[:-1]}%{ord(text[-1]):02X}" if text else "_"
    if _RESERVED.match(text):
        text = f"_{text}"
    return text if len(text) <= MAX_BYTES // 4 else _cut(text)


def clean_first(text: str) -> str:
    """The first component below the destination: never hidden, and never read as an option."""
    return clean(f"_{text[1:]}" if text[:1] in (".", "-") else text)


def clean_path(text: str) -> str:
    """Components below the destination, joined by slashes, each of them clean."""
    if not _PLAIN_PATH.fullmatch(text):  # nearly all are plain
        first, *rest = text.split("/")
        text = "/".join((_clean_first(first), *map(_clean, rest[:-1]), *map(clean, rest[-1:])))
    return text if len(text) <= MAX_PATH_BYTES // 4 else _cut_path(text)


def with_suffix(name: str, suffix: str) -> str:
    """The last component of a path with a suffix before its extension: ``a/b-SUFFIX.html``."""
    folder, slash, name = name.rpartition("/")
    stem, extension = split_extension(name)
    return f"{folder}{slash}{stem}-{suffix}{extension}"


_clean, _clean_first = lru_cache(maxsize=4096)(clean), lru_cache(maxsize=4096)(clean_first)  # folders have many files


def split_extension(name: str) -> tuple[str, str]:
    """The stem and the extension with its dot: ``page`` and ``.html``; a dot at the start begins no extension."""
    at = name.rfind(".")
    return (name, "") if at < 1 or len(name) - at > _MAX_EXTENSION else (name[:at], name[at:])


def _kept(character: str) -> str:
    if character not in _FORBIDDEN and character.isprintable():
        return character
    try:
        data = character.encode()
    except UnicodeEncodeError:
        data = character.encode("utf-8", "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in data)


def _cut_path(path: str) -> str:
    """Put a hash in the place of the folders for which there is no room; names stay apart."""
    if len(path.encode()) <= MAX_PATH_BYTES:
        return path
    *folders, last = path.split("/")
    room = MAX_PATH_BYTES - len(last.encode()) - 2 * _DIGEST_SIZE - 2
    kept = 0
    while (room := room - len(folders[kept].encode()) - 1) >= 0:  # not all fit, or nothing were to be cut
        kept += 1
    left_out = "/".join(folders[kept:]).encode()
    return "/".join((*folders[:kept], blake2b(left_out, digest_size=_DIGEST_SIZE).hexdigest(), last))


def _cut(text: str) -> str:
    """Cut what is too long; a hash of the whole keeps names apart."""
    if len(text.encode()) <= MAX_BYTES:
        return text
    stem, extension = split_extension(text)
    digest = blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest()
    room = MAX_BYTES - len(extension.encode()) - len(digest) - 1
    kept = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{kept}-{digest}{extension}"
