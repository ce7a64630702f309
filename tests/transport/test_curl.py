"""The installed curl is asked the same; where we differ on purpose, the reason stands here."""

import asyncio
import gzip
import time
from pathlib import Path

import brotli
import pytest

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.request.request import RequestOptions
from tests.support.certificates import server_context, trusting
from tests.support.curl import BINARY, curl
from tests.support.faults import MODES, FaultServer, slug
from tests.support.framing import GOOD
from tests.support.recorder import Recorder, ok, recorder, see
from tests.transport.conftest import Send, Sender

pytestmark = [pytest.mark.needs_curl, pytest.mark.skipif(BINARY is None, reason="curl is not installed")]

WELL_FORMED = [
    *(f"good-{slug(name)}" for name in GOOD),
    "ok", "ok-chunked", "ok-empty", "ok-until-close", "ok-then-close", "ok-continue", "ok-18k-header", "no-content",
    "redirect-ok", "gzip", "escape-codes", "gzip-empty", "gzip-empty-chunked", "bad-names", "redirect-bad-name",
]  # fmt: skip
# Where we differ on purpose, and why.
DIFFERS = {
    "good-66-obs-fold": "a folded Content-Length: older curls see none; RFC 9112 section 5.2 says a fold is a space"
}


@pytest.mark.parametrize("name", WELL_FORMED)
@pytest.mark.parametrize("mode", MODES)
async def test_well_formed_responses_are_what_curl_says(
    send: Send, faults: FaultServer, tmp_path: Path, name: str, mode: str
) -> None:
    url = faults.url(name, "split" if name == "ok-18k-header" and mode == "bytewise" else mode)
    said = await asyncio.to_thread(curl, url, tmp_path)
    response = await send(url)
    assert isinstance(response, Response), response
    ours = (response.status, response.sha256, len(response.redirects), response.url)
    if name not in DIFFERS:
        assert (said.code, ours) == (0, (said.status, said.sha256, said.redirects, said.url))


CODINGS = {
    "gzip": gzip.compress(b"hello " * 1000, mtime=0),
    "br": brotli.compress(b"hello " * 1000),
    "gzip, br": brotli.compress(gzip.compress(b"hello " * 1000, mtime=0)),
}


@pytest.mark.parametrize("coding", CODINGS)
async def test_codings(send: Send, tmp_path: Path, coding: str) -> None:
    with recorder(ok(CODINGS[coding], f"Content-Encoding: {coding}")) as server:
        said = await asyncio.to_thread(curl, server.url(), tmp_path)
        response = await send(server.url())
        assert isinstance(response, Response)
        assert (said.code, said.sha256) == (0, response.sha256)


def requests(server: Recorder) -> list[str]:
    return [
        request.split(b" ")[0].decode() + " " + request.partition(b"\r\n\r\n")[2].decode()
        for request in server.requests
    ]


CURL_OPTIONS = {"GET": (), "HEAD": ("-I",), "POST": ("-d", "a=b"), "PUT": ("-T", "content")}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", CURL_OPTIONS)
async def test_50_the_method_matrix_is_curls(sender: Sender, tmp_path: Path, method: str, status: int) -> None:
    def answer(request: bytes) -> bytes:
        reply = see("/b", f"{status} x") if request.split(b" ")[1] == b"/a" else ok()
        return reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.startswith(b"HEAD") else reply

    (tmp_path / "content").write_bytes(b"a=b")
    options = [str(tmp_path / option) if option == "content" else option for option in CURL_OPTIONS[method]]
    content = b"a=b" if method in ("POST", "PUT") else None
    with recorder(answer) as theirs, recorder(answer) as ours:
        said = await asyncio.to_thread(curl, theirs.url("/a"), tmp_path, "-H", "Expect:", *options)
        response = await sender(Policy(request=RequestOptions(method, content=content)))(ours.url("/a"))
        assert said.code == 0
        assert isinstance(response, Response)
        assert requests(ours) == requests(theirs)


@pytest.mark.parametrize("secure", [False, True])
async def test_phase_times_mean_what_curls_do(sender: Sender, tmp_path: Path, secure: bool) -> None:
    def answer(request: bytes) -> bytes:
        time.sleep(1)
        return ok()

    tls = trusting(tmp_path)
    with recorder(answer, context=server_context() if secure else None) as server:
        said = (await asyncio.to_thread(curl, server.url(), tmp_path, "--cacert", str(tls.cacert))).times
        response = await sender(Policy(tls=tls))(server.url())
    assert isinstance(response, Response)
    ours = response.timings
    for name in ("namelookup", "connect", "appconnect", "starttransfer", "total"):
        theirs = said[f"time_{name}"]
        assert (getattr(ours, name) == 0) is (theirs == 0), name
        # What the server does is the same for both; the rest is the two machines' own few milliseconds.
        assert (getattr(ours, name) >= 1) is (theirs >= 1), name
    assert 0 < ours.namelookup <= ours.connect <= ours.starttransfer <= ours.total
    if secure:
        assert ours.connect < ours.appconnect < ours.starttransfer
