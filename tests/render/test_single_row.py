"""One URL at a terminal, as golden files and in its odd cases."""

import io
import json

import msgspec
import pytest
from rich.console import Console

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.timings import Timings
from fetchcli.render import single_row
from fetchcli.render.single_row import single_lines
from tests.support.golden import Golden
from tests.support.outcomes import STARTED, target

TIMINGS = Timings(namelookup=0.004, connect=0.02, appconnect=0.09, starttransfer=0.35, total=0.4)
JSON = json.dumps({"name": "日本", "list": [1, -2.5e3, None, True], "text": 'a: "b" c', "empty": {}}).encode()


def fetched(body: bytes, content_type: str, *, kept: int = 10_000, status: int = 200, **more: object) -> Outcome:
    response = Response(
        status, "https://example.com/%E6%97%A5", TIMINGS, content_type=content_type, remote_ip="192.0.2.1",
        size_download=len(body), size_decoded=len(body), body=body[:kept],
        headers={b"content-type": [content_type.encode()], b"x-odd": [b"\x1b[2J\xff", b"2"]},
    )  # fmt: skip
    response = msgspec.structs.replace(response, **more)
    return Outcome(
        target(1, "https://example.com/%E6%97%A5"), Verdict.OK, (Attempt(1, STARTED, TIMINGS.total, response),)
    )


def shown(outcome: Outcome, width: int = 80, *, whole: bool = False, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        markup=False,
        highlight=False,
        force_terminal=color,
        color_system="standard" if color else None,
    )
    for line in single_lines(outcome, console, whole=whole):
        console.print(line, soft_wrap=True)
    return stream.getvalue()


REDIRECTED = fetched(
    JSON, "application/json", redirects=(Redirect("http://example.com/", 301),), cert_expires=1_800_000_000.0,
    size_download=80,
)  # fmt: skip


@pytest.mark.parametrize("width", [30, 50, 80, 120, 200])
def test_golden(width: int, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_row, "time", lambda: 1_790_000_000.0)
    text = shown(REDIRECTED, width)
    golden.check(f"single-{width}.txt", text.encode())
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


def test_json_is_indented_and_coloured_and_still_the_same() -> None:
    text = shown(REDIRECTED, whole=True)
    assert json.loads(text[text.index("\n{") :]) == json.loads(JSON)
    colored = shown(REDIRECTED, whole=True, color=True)
    assert '\x1b[36m"name"\x1b[0m' in colored
    assert '\x1b[32m"日本"\x1b[0m' in colored
    assert "\x1b[35mnull\x1b[0m" in colored


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (fetched(b"\x89PNG\r\n\x00", "image/png"), "a body of 7 B (image/png); --save FILE saves it"),
        (fetched(b"\xff\xfe\xfd" * 9, ""), "a body of 27 B (no text); --save FILE saves it"),
        (fetched(b"x", "text/plain", unknown_coding="br2"), "a body of 1 B (text/plain); --save FILE saves it"),
        (fetched("grün".encode("latin-1"), "text/plain; charset=latin-1"), "grün"),
        (fetched(b"{nonsense", "application/json"), "{nonsense"),
        (fetched(b"line\n" * 90, "text/plain"), "… 450 B in all; --body prints it whole"),
        (fetched(b"x" * 900, "text/plain", kept=20), "… 900 B in all; --body prints it whole"),
        (fetched(b"a\tb\x1b[2J", "text/plain"), "a body of 7 B (text/plain); --save FILE saves it"),
        (fetched(b"", "", status=799), "799, 0 B"),
    ],
)
def test_bodies(outcome: Outcome, said: str) -> None:
    text = shown(outcome)
    assert said in text
    assert "\x1b" not in text


def test_a_whole_body_that_is_no_json() -> None:
    assert shown(fetched(b"line\n" * 90, "text/plain"), whole=True).count("line\n") == 90


def test_a_failure() -> None:
    refused = Failure(
        ErrorKind.CONNECT, "connection refused", remote_ip="192.0.2.1", timings=Timings(0.001, total=0.002)
    )
    outcome = Outcome(target(), Verdict.FAILED, (Attempt(3, STARTED, 0.002, refused),))
    text = shown(outcome)
    assert text.startswith(
        "connect: failed after 2.0 ms from 192.0.2.1, attempt 3\nhttp://example.com/a\nconnection refused\n"
    )
    assert "name lookup" in text
    assert "failed  " in text
    bare = Outcome(target(), Verdict.FAILED, (Attempt(1, STARTED, 0.002, Failure(ErrorKind.DNS, "no name")),))
    assert shown(bare) == "dns: failed after 2.0 ms\nhttp://example.com/a\nno name\n\n"
