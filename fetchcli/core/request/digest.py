"""Digest access authentication (RFC 7616): read challenges, and answer them."""

import hashlib
import re
from collections.abc import Callable, Iterable

import msgspec

from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.credentials import Login

MAX_FIELD = 4096  # bytes of a field that is looked at, and of all together
_QUOTED = r"\"(?:[^\"\\]++|\\.)*+\""
# A quoted text of another challenge is passed over; a comma ends a challenge if a scheme and a parameter follow.
_CHALLENGE = lazy_pattern(rf"{_QUOTED}|\bdigest ++((?:[^\",]++|{_QUOTED}|,(?! *[\w-]+ +[\w-]+ *=))++)", re.IGNORECASE)
# Possessive: a server must not decide how long the run looks at what it sent.
_PARAMETER = lazy_pattern(r"(?<![\w*-])([\w*-]++)[ \t]*+=[ \t]*+(?:\"((?:[^\"\\]++|\\.)*+)\"|([^\s,\"]++))", re.ASCII)
_QUOTED_PAIR = lazy_pattern(r"\\(.)")
_TO_QUOTE = lazy_pattern(r"([\"\\])")
SESSION = "-SESS"
# Names as servers write them; those without a hyphen are older than the RFC.
_HASHES = {
    "MD5": "md5",
    "SHA": "sha1",
    "SHA256": "sha256",
    "SHA-256": "sha256",
    "SHA512": "sha512",
    "SHA-512": "sha512",
    "SHA-512-256": "sha512_256",
}
_QOPS = ("auth", "auth-int")  # in the order of preference


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """One Digest challenge.

    Attributes:
        realm: what the login is for.
        nonce: the number that the answer is made with.
        algorithm: as the server wrote it, or empty.
        opaque: returned as it is, or None.
        qops: the ways to answer that the server offers; none before RFC 2617.
        stale: the answer before was right but for its nonce.
        hides_name: the name is sent as a hash (``userhash``).
    """

    realm: str
    nonce: str
    algorithm: str = ""
    opaque: str | None = None
    qops: tuple[str, ...] = ()
    stale: bool = False
    hides_name: bool = False

    @property
    def problem(self) -> str:
        """Why the challenge cannot be answered, or empty."""
        if not self.nonce:
            return "the challenge has no nonce"
        if self.qops and not any(qop in self.qops for qop in _QOPS):
            return f"no known qop: {', '.join(self.qops)}"
        return ""


def find_challenge(fields: Iterable[bytes]) -> Challenge | None:
    """The first Digest challenge of WWW-Authenticate fields whose algorithm is known, or None."""
    short = [field.decode("utf-8", "surrogateescape") for field in fields if len(field) <= MAX_FIELD]
    text = ", ".join(short)[:MAX_FIELD]
    for match in _CHALLENGE.finditer(text):
        if match[1] is None:
            continue
        parameters = {
            name.lower(): token or _QUOTED_PAIR.sub(r"\1", quoted)
            for name, quoted, token in _PARAMETER.findall(match[1])
        }
        algorithm = parameters.get("algorithm", "")
        if (algorithm.upper().removesuffix(SESSION) or "MD5") in _HASHES:
            return Challenge(
                realm=parameters.get("realm", ""),
                nonce=parameters.get("nonce", ""),
                algorithm=algorithm,
                opaque=parameters.get("opaque"),
                qops=tuple(re.findall(r"[\w-]+", parameters.get("qop", "").lower())),
                stale=parameters.get("stale", "").lower() == "true",
                hides_name=parameters.get("userhash", "").lower() == "true",
            )
    return None


def answer(  # noqa: PLR0913 - all that is hashed
    challenge: Challenge, login: Login, *, method: str, target: str, content: bytes, count: int, cnonce: str
) -> str:
    """The Authorization field for a request (RFC 7616 section 3.4).

    Args:
        challenge: one without a `Challenge.problem`.
        login: name and password.
        method: the method.
        target: the request target as it is sent.
        content: the content, empty if there is none.
        count: number of requests with this nonce, this one included.
        cnonce: a random text.
    """
    algorithm = challenge.algorithm.upper()
    digest = _hash(_HASHES[algorithm.removesuffix(SESSION) or "MD5"])
    secret = digest(f"{login.name}:{challenge.realm}:{login.password}")
    if algorithm.endswith(SESSION):
        secret = digest(f"{secret}:{challenge.nonce}:{cnonce}")
    qop = next((qop for qop in _QOPS if qop in challenge.qops), "")
    subject = f"{method}:{target}"
    if qop == "auth-int":
        subject += f":{digest(content)}"
    between = f"{count:08x}:{cnonce}:{qop}:" if qop else ""
    response = digest(f"{secret}:{challenge.nonce}:{between}{digest(subject)}")
    name = digest(f"{login.name}:{challenge.realm}") if challenge.hides_name else login.name
    quoted = {"username": name, "realm": challenge.realm, "nonce": challenge.nonce, "uri": target, "response": response}
    if challenge.opaque is not None:
        quoted["opaque"] = challenge.opaque
    parts = [f'{parameter}="{_quote(value)}"' for parameter, value in quoted.items()]
    parts += [f"algorithm={challenge.algorithm}"] if algorithm else []
    parts += [f"qop={qop}, nc={count:08x}", f'cnonce="{cnonce}"'] if qop else []
    parts += ["userhash=true"] if challenge.hides_name else []
    return f"Digest {', '.join(parts)}"


def _hash(name: str) -> Callable[[str | bytes], str]:
    """A hash of text (the bytes that were received or typed) or bytes, hexadecimal."""

    def digest(data: str | bytes) -> str:
        data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()

    return digest


def _quote(value: str) -> str:
    return _TO_QUOTE.sub(r"\\\1", value)
