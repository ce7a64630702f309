"""httpbin, a server that others wrote, for what it offers to a GET."""

import hashlib
from collections.abc import Iterator

import pytest

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Redirects
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.request import RequestOptions
from tests.support.httpbin import httpbin_server
from tests.transport.conftest import Send, Sender


@pytest.fixture(scope="module")
def httpbin() -> Iterator[str]:
    with httpbin_server() as server:
        yield server.url


@pytest.mark.parametrize("status", [200, 204, 304, 404, 418, 500, 503])
async def test_status(send: Send, httpbin: str, status: int) -> None:
    response = await send(f"{httpbin}/status/{status}")
    assert isinstance(response, Response)
    assert response.status == status


@pytest.mark.parametrize("coding", ["gzip", "deflate", "brotli"])
async def test_codings(send: Send, httpbin: str, coding: str) -> None:
    response = await send(f"{httpbin}/{coding}")
    assert isinstance(response, Response)
    assert response.content_type == "application/json"
    assert response.size_decoded > response.size_download > 0


@pytest.mark.parametrize("kind", ["redirect", "absolute-redirect", "relative-redirect"])
async def test_redirects(send: Send, httpbin: str, kind: str) -> None:
    response = await send(f"{httpbin}/{kind}/3")
    assert isinstance(response, Response)
    assert (response.status, len(response.redirects), response.url) == (200, 3, f"{httpbin}/get")
    failure = await send(f"{httpbin}/{kind}/3", Policy(redirects=Redirects(limit=2)))
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.REDIRECT_LIMIT


async def test_redirect_to(send: Send, httpbin: str) -> None:
    response = await send(f"{httpbin}/redirect-to?url=/status/200&status_code=307")
    assert isinstance(response, Response)
    assert [hop.status for hop in response.redirects] == [307]


@pytest.mark.parametrize(
    ("path", "size"),
    [("bytes/3000?seed=1", 3000), ("stream-bytes/4000?seed=1&chunk_size=7", 4000), ("range/500", 500)],
)
async def test_bodies(send: Send, httpbin: str, path: str, size: int) -> None:
    response = await send(f"{httpbin}/{path}")
    assert isinstance(response, Response)
    assert response.size_download == size
    if path.startswith("range"):
        assert response.sha256 == hashlib.sha256(bytes(97 + n % 26 for n in range(500))).hexdigest()


async def test_drip_and_delay(send: Send, httpbin: str) -> None:
    drip = await send(f"{httpbin}/drip?numbytes=5&duration=0.3&delay=0.1")
    assert isinstance(drip, Response)
    assert drip.size_download == 5
    delay = await send(f"{httpbin}/delay/5", total=0.2)
    assert isinstance(delay, Failure)
    assert delay.kind is ErrorKind.TIMEOUT_TOTAL


async def test_digest_auth_is_refused_politely(send: Send, httpbin: str) -> None:
    """Digest asks for a second request; without it the challenge is the answer, and nothing is sent twice."""
    for url in (
        f"{httpbin}/digest-auth/auth/user/pass",
        httpbin.replace("//", "//user:pass@") + "/digest-auth/auth/user/pass",
    ):
        response = await send(url)
        assert isinstance(response, Response)
        assert (response.status, response.redirects) == (401, ())


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
async def test_digest_answers_the_challenge(sender: Sender, httpbin: str, algorithm: str, qop: str) -> None:
    url = f"{httpbin}/digest-auth/{qop}/user/pass/{algorithm}"
    for password, status in (("pass", 200), ("wrong", 401)):
        credentials = Credentials(digest=Login(name="user", password=password))
        response = await sender(
            Policy(credentials=credentials, request=RequestOptions(headers=(("Cookie", "fake=1"),)))
        )(url)
        assert isinstance(response, Response)
        assert response.status == status


async def test_basic_auth_from_the_url(send: Send, httpbin: str) -> None:
    url = f"{httpbin}/basic-auth/user/pass"
    allowed = await send(url.replace("http://", "http://user:pass@"))
    refused = await send(url)
    assert isinstance(allowed, Response)
    assert isinstance(refused, Response)
    assert (allowed.status, refused.status) == (200, 401)
    assert allowed.url == url.replace("http://", "http://user:***@")
