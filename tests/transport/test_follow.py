"""The whole fetch over scripted hops: what `follow` does alike for every hop transport."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Redirect, Remedy, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Limits, Policy, Redirects, Timeouts
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.url.parse import HttpUrl, parse_url
from fetchcli.transport.base import BodyPlan, Consumers, HopRequest
from fetchcli.transport.digest import DigestAuth
from fetchcli.transport.fake import ScriptedHops
from fetchcli.transport.follow import FollowingTransport

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
ORIGINS = ["http://a.example", "https://a.example", "http://a.example:81", "http://b.example"]


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def answer_in_order(*answers: bytes | TransportError) -> ScriptedHops:
    remaining = list(answers)
    return ScriptedHops(lambda request: remaining.pop(0))


async def fetch(
    hops: ScriptedHops,
    url: str = "http://a.example/",
    policy: Policy | None = None,
    request: RequestOptions | None = None,
) -> Response:
    return await FollowingTransport(hops, "test").send(parse_url(url), policy or Policy(), request=request)


async def failure_kind(hops: ScriptedHops, policy: Policy | None = None) -> ErrorKind:
    with pytest.raises(TransportError) as caught:
        await fetch(hops, policy=policy)
    return caught.value.failure.kind


async def test_redirects_are_followed_and_recorded() -> None:
    hops = answer_in_order(redirect("/next", 301), redirect("http://b.example/end?q"), HELLO)
    response = await fetch(hops)
    assert response.url == "http://b.example/end?q"
    assert response.redirects == (Redirect("http://a.example/", 301), Redirect("http://a.example/next", 302))
    assert response.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert [hop.host for hop in hops.sent] == ["a.example", "a.example", "b.example"]


@given(st.lists(st.sampled_from(ORIGINS), min_size=1, max_size=9))
def test_credentials_stay_with_their_origin_and_every_hop_is_closed(origins: list[str]) -> None:
    first = "http://user:secret@a.example/0"
    hops = answer_in_order(*(redirect(f"{origin}/{n}") for n, origin in enumerate(origins, 1)), HELLO)
    policy = Policy(redirects=Redirects(downgrade=True))
    asyncio.run(fetch(hops, first, policy))
    left = False
    for request, origin in zip(hops.sent, [ORIGINS[0], *origins], strict=True):
        left = left or origin != ORIGINS[0]
        assert bool(request.authorization) is not left, "and they do not come back"
    assert all(hop.closed for hop in hops.hops)


async def test_a_default_login_is_not_sent_after_a_redirect_to_another_origin() -> None:
    hops = answer_in_order(redirect("http://b.example/"), HELLO)
    await fetch(hops, policy=Policy(credentials=Credentials(default=Login(name="user", password="secret"))))
    assert [bool(request.authorization) for request in hops.sent] == [True, False]


@pytest.mark.parametrize(
    ("status", "method", "sent"),
    [(303, "POST", "GET"), (301, "POST", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT"), (303, "HEAD", "HEAD")],
)
async def test_a_redirect_changes_the_method_as_the_fetch_standard_says(status: int, method: str, sent: str) -> None:
    hops = answer_in_order(redirect("/next", status), b"HTTP/1.1 204 No Content\r\n\r\n")
    await fetch(hops, request=RequestOptions(method, content=b"data" if method != "HEAD" else None))
    assert [hop.method for hop in hops.sent] == [method, sent]
    assert (hops.sent[1].content is None) is (sent != method or method == "HEAD")


async def test_a_request_that_must_not_be_repeated_is_marked_at_every_hop() -> None:
    hops = answer_in_order(redirect("/next", 303), HELLO)
    await fetch(hops, request=RequestOptions("POST", content=b"data"))
    assert [(hop.once, hop.fresh) for hop in hops.sent] == [(True, False), (False, False)]
    hops = answer_in_order(redirect("/next", 307), HELLO)
    await fetch(hops, request=RequestOptions("POST", content=b"data"))
    assert [(hop.once, hop.fresh) for hop in hops.sent] == [(True, False), (True, False)]


async def test_an_answered_redirect_is_not_asked_again() -> None:
    """The second hop meets a connection that the server had closed: only that hop is repeated."""
    stale = TransportError(ErrorKind.EMPTY, "connection closed", Remedy.FRESH)
    hops = answer_in_order(redirect("/next"), stale, redirect("/last"), HELLO)
    transport = FollowingTransport(hops, "test")
    with pytest.raises(TransportError) as caught:
        await transport.send(parse_url("http://a.example/"), Policy())
    assert caught.value.failure.remedy is Remedy.FRESH
    assert caught.value.resume is not None
    response = await transport.send(parse_url("http://a.example/"), Policy(), fresh=caught.value.resume)
    assert [(hop.url.target, hop.fresh) for hop in hops.sent] == [
        ("/", False),
        ("/next", False),
        ("/next", True),
        ("/last", True),
    ]
    assert [redirect.url for redirect in response.redirects] == ["http://a.example/", "http://a.example/next"]


async def test_a_failure_says_when_its_phases_were_over() -> None:
    hops = answer_in_order(redirect("/next"), HELLO[:-1])
    with pytest.raises(TransportError) as caught:
        await fetch(hops)
    assert caught.value.failure.timings.starttransfer != 0
    assert caught.value.resume is None


@pytest.mark.parametrize(
    ("answers", "policy", "kind"),
    [
        ([redirect("/a"), redirect("/b")], Policy(redirects=Redirects(limit=1)), ErrorKind.REDIRECT_LIMIT),
        ([redirect("ftp://a.example/")], Policy(), ErrorKind.REDIRECT_INVALID),
        ([TransportError(ErrorKind.CONNECT, "refused")], Policy(), ErrorKind.CONNECT),
        ([redirect("/a"), b""], Policy(), ErrorKind.EMPTY),
        ([HELLO[:-1]], Policy(), ErrorKind.TRUNCATED),
        ([HELLO], Policy(limits=Limits(size=4)), ErrorKind.TOO_LARGE),
    ],
)
async def test_what_fails_keeps_its_kind(
    answers: list[bytes | TransportError], policy: Policy, kind: ErrorKind
) -> None:
    hops = answer_in_order(*answers)
    assert await failure_kind(hops, policy) is kind
    assert len(hops.sent) == len(answers), "each request is sent exactly once"


async def test_a_failure_names_the_url_that_failed() -> None:
    hops = answer_in_order(redirect("http://b.example/x"), TransportError(ErrorKind.CONNECT, "refused"))
    with pytest.raises(TransportError) as caught:
        await fetch(hops)
    assert caught.value.failure.url == "http://b.example/x"
    assert "redirected to http://b.example/x" in caught.value.failure.detail


async def test_the_total_time_limit_covers_every_hop() -> None:
    hops = ScriptedHops(lambda request: redirect(f"{request.url.target}x"))
    policy = Policy(redirects=Redirects(limit=10**9), timeouts=Timeouts(total=0.05))
    assert await failure_kind(hops, policy) is ErrorKind.TIMEOUT_TOTAL


async def test_consumers_get_the_decoded_body_of_the_last_response_only() -> None:
    received: list[bytes] = []
    heads: list[int] = []

    def choose(_url: str, head: Head) -> Consumers:
        heads.append(head.status)
        return Consumers((received.append,))

    hops = answer_in_order(redirect("/next"), HELLO)
    await FollowingTransport(hops, "test").send(parse_url("http://a.example/"), Policy(), body=BodyPlan(choose))
    assert (heads, b"".join(received)) == ([200], b"hello")


class AnswerOnce:
    """An authenticator that answers the first challenge with a fixed field."""

    async def ask(
        self,
        url: HttpUrl,
        request: RequestOptions,
        send: Callable[[str], Awaitable[Head]],
        discard: Callable[[], Awaitable[None]],
    ) -> Head:
        head = await send("")
        if head.status != 401:
            return head
        await discard()
        return await send(f"Digest for {url.host}")


async def test_a_challenge_without_an_answer_fails_at_once_and_its_body_is_not_read() -> None:
    hops = answer_in_order(
        b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="x", nonce="n", qop="auth-int2"\r\n'
        b"Content-Length: 5\r\n\r\nhello"
    )
    transport = FollowingTransport(hops, "test", DigestAuth(Login(name="user", password="secret")))
    with pytest.raises(TransportError) as caught:
        await transport.send(parse_url("http://a.example/"), Policy())
    assert caught.value.failure.kind is ErrorKind.PROTOCOL
    assert hops.hops[0].closed
    assert await hops.hops[0].read() == b"hello", "nobody has read it"


async def test_a_challenge_is_answered_where_the_login_belongs_and_nowhere_else() -> None:
    challenge = b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="x"\r\nContent-Length: 0\r\n\r\n'

    def script(request: HopRequest) -> bytes:
        if request.url.host == "a.example" and request.authorization:
            return redirect("http://b.example/")
        return challenge

    hops = ScriptedHops(script)
    response = await FollowingTransport(hops, "test", AnswerOnce()).send(parse_url("http://a.example/"), Policy())
    assert response.status == 401, "the other origin's challenge is the last response"
    assert [request.authorization for request in hops.sent] == ["", "Digest for a.example", ""]
    assert all(hop.closed for hop in hops.hops)


def challenge(nonce: str, more: str = "") -> bytes:
    return (
        f'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="r", nonce="{nonce}", qop="auth"{more}\r\n'
        "Content-Length: 0\r\n\r\n"
    ).encode()


async def digest_statuses(*answers: bytes | TransportError, rows: int) -> tuple[list[int], list[str]]:
    """The statuses of rows to one origin, and the nonce of each request (empty: no Authorization)."""
    hops = answer_in_order(*answers)
    transport = FollowingTransport(hops, "test", DigestAuth(Login(name="user", password="secret")))
    statuses = [(await transport.send(parse_url("http://a.example/x?"), Policy())).status for _ in range(rows)]
    nonces = [re.search('nonce="(.*?)"', hop.authorization) for hop in hops.sent]
    return statuses, [found[1] if found else "" for found in nonces]


async def test_an_accepted_nonce_is_used_again() -> None:
    statuses, nonces = await digest_statuses(challenge("n"), HELLO, HELLO, rows=2)
    assert (statuses, nonces) == ([200, 200], ["", "n", "n"])


async def test_a_stale_nonce_is_replaced() -> None:
    statuses, nonces = await digest_statuses(challenge("n"), HELLO, challenge("m", ", stale=true"), HELLO, rows=2)
    assert (statuses, nonces) == ([200, 200], ["", "n", "n", "m"])


async def test_a_nonce_that_was_stale_when_it_arrived_is_replaced_once_more() -> None:
    stale = ", stale=true"
    statuses, nonces = await digest_statuses(challenge("n"), challenge("m", stale), HELLO, rows=1)
    assert (statuses, nonces) == ([200], ["", "n", "m"])
    statuses, nonces = await digest_statuses(
        challenge("n"), challenge("m", stale), challenge("k", stale), HELLO, rows=2
    )
    assert (statuses, nonces) == ([401, 200], ["", "n", "m", ""])


async def test_requests_that_get_one_nonce_count_it_together() -> None:
    """A server that counts refuses a number that it has seen."""
    hops = ScriptedHops(lambda request: HELLO if request.authorization else challenge("same"))
    transport = FollowingTransport(hops, "test", DigestAuth(Login(name="user", password="secret")))
    responses = await asyncio.gather(*(transport.send(parse_url("http://a.example/"), Policy()) for _ in range(6)))
    assert [response.status for response in responses] == [200] * 6
    counts = [found[1] for hop in hops.sent if (found := re.search("nc=([0-9a-f]{8})", hop.authorization))]
    assert sorted(counts) == [f"{number:08x}" for number in range(1, 7)]


async def test_a_rejected_nonce_and_password_are_not_presented_twice() -> None:
    refused = await digest_statuses(challenge("n"), challenge("m"), challenge("k"), HELLO, rows=2)
    assert refused == ([401, 200], ["", "n", "", "k"])
    same_nonce = await digest_statuses(challenge("n"), HELLO, challenge("n"), challenge("k"), HELLO, rows=3)
    assert same_nonce == ([200, 401, 200], ["", "n", "n", "", "k"])


async def test_a_challenge_is_not_asked_for_again_over_a_new_connection() -> None:
    stale = TransportError(ErrorKind.EMPTY, "connection closed", Remedy.FRESH)
    hops = answer_in_order(redirect("/next"), challenge("n"), stale, HELLO)
    transport = FollowingTransport(hops, "test", DigestAuth(Login(name="user", password="secret")))
    with pytest.raises(TransportError) as caught:
        await transport.send(parse_url("http://a.example/"), Policy())
    assert caught.value.resume is not None
    await transport.send(parse_url("http://a.example/"), Policy(), fresh=caught.value.resume)
    assert [(hop.url.target, bool(hop.authorization)) for hop in hops.sent] == [
        ("/", False),
        ("/next", False),
        ("/next", True),
        ("/next", True),
    ]
