"""BEHAVIOUR sections B and D on the wire: what the server is sent, hop by hop."""

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fetchcli import Timeouts, Verdict, fetch
from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy, Redirects
from fetchcli.core.network.overrides import parse_detour
from fetchcli.core.request.request import RequestOptions
from tests.support.recorder import Recorder, ok, recorder, see
from tests.transport.conftest import Send, Sender

SECRETS = (
    ("Authorization", "Bearer one"),
    ("authorization", "Bearer two"),
    ("Cookie", "a=b"),
    ("X-Api-Key", "key"),
)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("/%2f%7E%27%2e%2e/%zz%", "/%2f%7E%27%2e%2e/%zz%"),  # 14
        ("/a b?c d", "/a%20b?c%20d"),  # 15
        ("/é", "/%C3%A9"),  # 16
        ("/a#b", "/a"),  # 17
        ("/?", "/?"),  # 18
        ("?a", "/?a"),
        ("/a//b/../c/.", "/a//b/../c/."),
        ("/'\"<>[]{}|\\^`", "/'\"<>[]{}|\\^`"),
    ],
)
async def test_14_to_18_the_target_is_what_was_written(send: Send, written: str, target: str) -> None:
    with recorder() as server:
        assert isinstance(await send(server.url(written)), Response)
        assert server.targets == [target]


async def test_23_the_a_label_is_sent_and_recorded(sender: Sender) -> None:
    with recorder() as server:
        network = Network(detours=(parse_detour(f"::127.0.0.1:{server.port}"),))
        response = await sender(Policy(network=network))("http://bücher.test/")
        assert isinstance(response, Response)
        assert (server.header("host"), response.url) == ("xn--bcher-kva.test", "http://xn--bcher-kva.test/")


async def test_user_headers_and_content(sender: Sender) -> None:
    request = RequestOptions("POST", (("X-A", "é"), ("Accept", ""), ("User-Agent", "me"), ("Host", "other")), b"a=b")
    with recorder() as server:
        assert isinstance(await sender(Policy(request=request))(server.url("/form")), Response)
        assert server.requests == [
            "POST /form HTTP/1.1\r\nHost: other\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
            "X-A: é\r\nUser-Agent: me\r\n\r\na=b".encode()
        ]


async def test_the_users_authorization_comes_before_the_urls(sender: Sender) -> None:
    policy = Policy(request=RequestOptions(headers=(("Authorization", "Bearer x"),)))
    with recorder() as server:
        await sender(policy)(server.url().replace("http://", "http://user:pass@"))
        assert server.header("authorization") == "Bearer x"


async def chain(sender: Sender, second: Recorder, location: str) -> Recorder:
    """Ask a server that sends on to another, with every kind of secret."""
    with recorder(see(location)) as first:
        url = first.url("/a").replace("http://", "http://user:pass@")
        assert isinstance(await sender(Policy(request=RequestOptions(headers=SECRETS)))(url), Response)
        assert first.header("authorization") == "Bearer one,Bearer two"
        assert first.header("x-api-key") == "key"
        return first


async def test_36_37_40_another_port_gets_no_header_of_the_user(sender: Sender) -> None:
    with recorder() as second:
        await chain(sender, second, second.url("/b"))
        for name, _ in SECRETS:
            assert second.header(name) is None, name
        assert second.header("host") == f"127.0.0.1:{second.port}"
        assert second.header("user-agent") == "fetchcli-test"


async def test_36_another_host_gets_no_host_of_the_user(sender: Sender) -> None:
    with recorder(address="127.0.0.2") as second, recorder(see(f"http://127.0.0.2:{second.port}/")) as first:
        policy = Policy(request=RequestOptions(headers=(("Host", "inner.example"),)))
        assert isinstance(await sender(policy)(first.url()), Response)
        assert first.header("host") == "inner.example"
        assert second.header("host") == f"127.0.0.2:{second.port}"


async def test_the_same_origin_keeps_them(sender: Sender) -> None:
    def answer(request: bytes) -> bytes:
        return see("/b") if request.startswith(b"GET /a ") else ok()

    with recorder(answer) as server:
        assert isinstance(await sender(Policy(request=RequestOptions(headers=SECRETS)))(server.url("/a")), Response)
        assert [server.header("x-api-key", index) for index in (0, 1)] == ["key", "key"]


async def test_39_a_secret_does_not_come_back(sender: Sender) -> None:
    first_port = 0

    def away_and_back(request: bytes) -> bytes:
        return see(f"http://127.0.0.1:{first_port}/again")

    def first_answer(request: bytes) -> bytes:
        return ok() if request.startswith(b"GET /again ") else see(second.url())

    with recorder(away_and_back) as second, recorder(first_answer) as first:
        first_port = first.port
        url = first.url().replace("http://", "http://user:pass@")
        assert isinstance(await sender(Policy(request=RequestOptions(headers=SECRETS)))(url), Response)
        assert first.targets == ["/", "/again"]
        assert first.header("authorization", 0) is not None
        for name, _ in SECRETS:
            assert first.header(name, 1) is None, name


async def test_41_no_authorization_is_made_of_a_location(send: Send) -> None:
    with recorder() as second, recorder(see(f"http://u:p@127.0.0.1:{second.port}/")) as first:
        response = await send(first.url())
        assert isinstance(response, Response)
        assert second.header("authorization") is None
        assert response.url == second.url()


async def test_42_netrc_is_never_read(sender: Sender, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\nmachine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with recorder() as second, recorder(see(second.url())) as first:
        assert isinstance(await sender(Policy())(first.url()), Response)
        assert first.header("authorization") is None
        assert second.header("authorization") is None


async def test_43_a_cookie_that_one_url_sets_is_not_sent_with_another(send: Send) -> None:
    with recorder(ok(b"", "Set-Cookie: a=b; Path=/")) as server:
        for _ in range(2):
            await send(server.url())
        assert server.header("cookie") is None
        assert server.connections == 1


async def test_46_the_uri_header_is_ignored(send: Send) -> None:
    with recorder(ok(b"", "URI: /other", status="302 Found")) as server:
        response = await send(server.url())
        assert isinstance(response, Response)
        assert (response.status, server.targets) == (302, ["/"])


async def test_48_a_byte_beyond_ascii_in_a_location(send: Send) -> None:
    def answer(request: bytes) -> bytes:
        return see("/caf\xe9") if request.startswith(b"GET / ") else ok()

    with recorder(answer) as server:
        assert isinstance(await send(server.url()), Response)
        assert server.targets == ["/", "/caf%E9"]


@pytest.mark.parametrize("limit", [0, 1, 3])
async def test_49_exactly_as_many_redirects_as_allowed(send: Send, limit: int) -> None:
    with recorder(see("/next")) as server:
        failure = await send(server.url(), Policy(redirects=Redirects(limit=limit)))
        assert isinstance(failure, Failure)
        assert (failure.kind, len(server.requests)) == (ErrorKind.REDIRECT_LIMIT, limit + 1)
        assert len(failure.redirects) == limit


async def test_51_credentials_are_masked_in_the_chain(send: Send) -> None:
    with recorder() as second, recorder(see(f"http://u:secret@127.0.0.1:{second.port}/")) as first:
        response = await send(first.url().replace("http://", "http://user:secret@"))
        assert isinstance(response, Response)
        assert "secret" not in repr(response)


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
async def test_50_content_goes_where_the_method_goes(sender: Sender, method: str, status: str) -> None:
    content = b"a=b" if method in ("POST", "PUT") else None

    def answer(request: bytes) -> bytes:
        reply = see("/b", status) if request.split(b" ")[1] == b"/a" else ok()
        return reply if not request.startswith(b"HEAD") else reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    with recorder(answer) as server:
        response = await sender(Policy(request=RequestOptions(method, content=content)))(server.url("/a"))
        assert isinstance(response, Response), response
        _, last = server.requests
        became_get = not last.startswith(method.encode())
        assert last.endswith(b"a=b") is (content is not None and not became_get)
        assert (server.header("content-type") is None) is (content is None or became_get)


async def test_83_a_body_after_head_does_not_poison_the_next_response(sender: Sender) -> None:
    with recorder(ok(b"HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n")) as server:
        send = sender(Policy(request=RequestOptions("HEAD")))
        for _ in range(20):
            response = await send(server.url())
            assert isinstance(response, Response), response
            assert (response.status, response.size_download) == (200, 0)


async def test_connection_close_is_kept_to_on_this_side_too(sender: Sender) -> None:
    with recorder() as server:
        send = sender(Policy(request=RequestOptions(headers=(("Connection", "close"),))))
        for _ in range(3):
            assert isinstance(await send(server.url()), Response)
        assert server.connections == 3


async def test_a_post_is_sent_once_even_where_its_redirect_meets_a_closed_connection() -> None:
    """The server answers 303 as if to keep the connection, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen: list[bytes] = []
        done = ok(b"", "Connection: close")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        request = connection.recv(65536)
                        seen.append(request.split(b" ")[0])
                        connection.sendall(see("/done", "303 See Other") if request.startswith(b"POST") else done)

        threading.Thread(target=serve, daemon=True).start()
        policy = Policy(1, request=RequestOptions("POST", content=b"x"))
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}/{number}" for number in range(20)]
        outcomes = [outcome async for outcome in fetch(urls, policy)]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK] * 20
    assert seen == [b"POST", b"GET"] * 20


async def test_an_answer_before_the_request_was_sent_whole_ends_the_connection(sender: Sender) -> None:
    """What is still unsent would go on into the next request."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hasty(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(1024)
                connection.sendall(ok())
                over.wait(60)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=hasty, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        policy = Policy(request=RequestOptions("PUT", content=bytes(20_000_000)), timeouts=Timeouts(total=20.0))
        send = sender(policy)
        for _ in range(3):
            assert isinstance(await send(f"http://127.0.0.1:{listener.getsockname()[1]}/"), Response)
        over.set()


async def test_an_upload_that_goes_on_is_no_silence(sender: Sender) -> None:
    """The server reads 12 MB slowly and the rest at once: what the kernel holds (a few MB) goes out unseen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

        def serve(steps: int, rest: int) -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for _ in range(steps):
                    connection.recv(1_000_000, socket.MSG_WAITALL)
                    time.sleep(0.15)
                if rest:
                    connection.recv(rest, socket.MSG_WAITALL)
                    connection.sendall(ok())
                over.wait(60)

        over = threading.Event()
        policy = Policy(request=RequestOptions("PUT", content=bytes(20_000_000)), timeouts=Timeouts(read=1.2))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        threading.Thread(target=serve, args=(12, 8_000_000), daemon=True).start()
        assert isinstance(await sender(policy)(url), Response)
        threading.Thread(target=serve, args=(2, 0), daemon=True).start()
        failure = await sender(policy)(url)
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TIMEOUT_TTFB
        assert failure.detail.endswith("while sending the request")
        over.set()


async def test_an_empty_header_takes_the_urls_credentials_away(sender: Sender) -> None:
    policy = Policy(request=RequestOptions(headers=(("Authorization", ""),)))
    with recorder() as server:
        await sender(policy)(server.url().replace("http://", "http://user:pass@"))
        assert server.header("authorization") is None
