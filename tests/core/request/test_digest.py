"""Digest challenges and answers: the examples of the RFCs, and what servers write."""

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.request.credentials import Login
from fetchcli.core.request.digest import Challenge, answer, find_challenge

MUFASA = Login(name="Mufasa", password="Circle of Life")
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def answered(challenge: str, target: str = "/dir/index.html", login: Login = MUFASA, content: bytes = b"") -> str:
    found = find_challenge([challenge.encode()])
    assert found is not None
    assert not found.problem
    return answer(found, login, method="GET", target=target, content=content, count=1, cnonce=CNONCE)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(algorithm: str, response: str) -> None:
    field = answered(RFC_7616.format(algorithm))
    assert f'response="{response}"' in field
    assert f"algorithm={algorithm}, qop=auth, nc=00000001" in field
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in field


def test_sha_512_256_and_a_hidden_name() -> None:
    """RFC 7616 section 3.9.2 (the response that it prints is of another hash: erratum 4897)."""
    realm, nonce = "api@example.org", "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"
    challenge = f'Digest realm="{realm}", qop="auth", algorithm=SHA-512-256, nonce="{nonce}", userhash=true'
    field = answered(challenge, "/doe.json", Login(name="J\u00e4s\u00f8n Doe", password="Secret, or not?"))

    def digest(text: str) -> str:
        return hashlib.new("sha512_256", text.encode()).hexdigest()

    secret = digest(f"J\u00e4s\u00f8n Doe:{realm}:Secret, or not?")
    response = digest(f"{secret}:{nonce}:00000001:{CNONCE}:auth:{digest('GET:/doe.json')}")
    assert 'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"' in field
    assert f'response="{response}"' in field
    assert field.endswith("userhash=true")


def test_the_oldest_form_has_no_qop() -> None:
    field = answered('Digest realm="r", nonce="n"')

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    expected = md5(f"{md5('Mufasa:r:Circle of Life')}:n:{md5('GET:/dir/index.html')}")
    assert field == (f'Digest username="Mufasa", realm="r", nonce="n", uri="/dir/index.html", response="{expected}"')


def test_a_session_and_the_content_are_hashed() -> None:
    plain, session = (
        answered(f'Digest realm="r", nonce="n", qop="auth", algorithm={name}') for name in ("MD5", "MD5-sess")
    )
    assert plain.partition("response=")[2] != session.partition("response=")[2]
    one, other = (answered('Digest realm="r", nonce="n", qop="auth-int"', content=data) for data in (b"1", b"2"))
    assert "qop=auth-int" in one
    assert one != other


@pytest.mark.parametrize(
    ("target", "shown"), [("/x?", 'uri="/x?"'), ('/64"', r'uri="/64\""'), ("/a\\b", r'uri="/a\\b"')]
)
def test_the_target_stands_as_it_is_sent_in_quotes(target: str, shown: str) -> None:
    assert f"{shown}, response" in answered('Digest realm="r", nonce="n"', target)


@given(realm=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20))
def test_a_realm_is_returned_as_it_came(realm: str) -> None:
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    assert f'realm="{quoted}", nonce="n"' in answered(f'Digest realm="{quoted}", nonce="n"')


@pytest.mark.parametrize(
    "fields",
    [
        [b'Basic realm="b", Digest realm="r", nonce="n"'],
        [b"Basic realm=b", b"digest  realm = r , nonce= n"],
        [b'Digest realm="x", nonce="x", algorithm=SHA3-256, Digest realm="r", nonce="n", algorithm="MD5"'],
        [b'Newauth a="1, Digest x", b, Digest nonce="n", realm="r", domain="/ http://other.example/"'],
    ],
)
def test_the_first_challenge_that_can_be_answered(fields: list[bytes]) -> None:
    found = find_challenge(fields)
    assert found is not None
    assert (found.realm, found.nonce) == ("r", "n")


@pytest.mark.parametrize(
    "field",
    [
        b"Digest " + b"a" * 4000,
        b"Digest " + b"a = " * 1000,
        b'Digest x="' + b'\\"' * 2000,
        b"Digest " + b", a b" * 800,
        b"Digest " * 600,
        b"Digest realm=r, nonce=n, x=" + b"a" * 300_000,
    ],
)
def test_a_server_cannot_make_it_take_long(field: bytes) -> None:
    """Measured in processor time of this thread, whatever else the machine does."""
    before = time.thread_time()
    find_challenge([field] * 50)
    assert time.thread_time() - before < 1


def test_challenges_that_cannot_be_answered() -> None:
    assert find_challenge([b'Basic realm="Digest x"', b"Digest", b""]) is None
    assert find_challenge([b"Digest algorithm=X, nonce=n"]) is None
    assert Challenge(realm="r", nonce="").problem == "the challenge has no nonce"
    assert Challenge(realm="r", nonce="n", qops=("auth-conf",)).problem == "no known qop: auth-conf"
    stale = find_challenge([b"Digest nonce=n, stale=TRUE"])
    assert stale is not None
    assert stale.stale
