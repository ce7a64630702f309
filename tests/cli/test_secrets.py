"""Secrets that a server echoes: nowhere in rows, reports and messages."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from fetchcli.sinks.formats import OUTPUT_FORMATS
from tests.support.command import Result, at_terminal, fetchcli
from tests.support.recorder import Recorder, ok, recorder

SECRET = 'top/s3cret "käse" it\'s+%'
LOGIN = f"deploy:{SECRET}"
BASIC = base64.b64encode(LOGIN.encode()).decode()
FORMS = [
    SECRET,
    BASIC,
    quote(SECRET),
    quote(SECRET, safe=""),
    quote(BASIC, safe=""),
    json.dumps(SECRET)[1:-1],
    "s3cret",
]
CHECKS = [
    *("--expect-header", "X-Echo: none", "--expect-body", "none", "--expect-json", 'echo == "none"'),
    *("--expect-final-url", "http://none/", "--retry", "0"),
]


def echo(request: bytes) -> bytes:
    """What was sent, in every place of an answer that is shown."""
    head = request.decode()
    value = next((line.partition(": ")[2] for line in head.split("\r\n") if line.startswith(("Auth", "X-Token"))), "")
    secret = value.removeprefix("Basic ").removeprefix("Bearer ")
    plain = base64.b64decode(secret).decode() if value.startswith("Basic") else secret
    target = head.split(" ")[1]
    if target == "/location":
        return ok(b"", f"Location: /end?a={quote(plain, safe='')}&b={quote(secret, safe='')}", status="302 Found")
    if target == "/bad":
        return f"HTTP/9.9 200 {plain}\r\n\r\n".encode()
    if target == "/length":
        return ok(b"x", f"Content-Length: {plain}")
    body = json.dumps(
        {"pad": "x" * (470 if target == "/" else 60), "echo": plain, "more": [plain, secret] * 3}
    ).encode()
    return ok(body, f"Content-Type: text/{plain}", f"Content-Encoding: {plain}", f"X-Echo: {'y' * 60} {plain} {secret}")


def assert_nowhere(result: Result, folder: Path, *, but: tuple[str, ...] = ()) -> None:
    texts = {"out": result.out, "err": result.err}
    for path in folder.iterdir():
        if path.is_file() and path.name not in but:
            data = path.read_bytes()
            texts[path.name] = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")
    assert "***" in "".join(texts.values())
    for name, text in texts.items():
        for form in FORMS:
            assert form not in text, (name, form)


WAYS = {
    "-u": (["-u", LOGIN], {}),
    "-u from the environment": (["-u", "${LOGIN}", "--expand-env", "user"], {"LOGIN": LOGIN}),
    "--bearer": (["--bearer", SECRET], {}),
    "--bearer from the environment": (["--bearer", "${TOKEN}", "--expand-env", "bearer"], {"TOKEN": SECRET}),
    "--bearer of two parts": (["--bearer", "${A}${B}", "--expand-env", "bearer"], {"A": SECRET[:5], "B": SECRET[5:]}),
    "-H": (["-H", "X-Token: ${TOKEN}", "--expand-env", "header"], {"TOKEN": SECRET}),
    "netrc": (["--netrc-file", "netrc"], {}),
    "a row": (["--expand-env", "rows"], {"TOKEN": SECRET}),
    "-H as it is": (["-H", f"X-Token: {SECRET}"], {}),
    "-u of a row": ([], {}),
    "credentials in a URL": ([], {}),
    "a header of a row": ([], {}),
}


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder(echo) as running:
        yield running


def prepare(folder: Path, server: Recorder, way: str) -> None:
    paths = ("/", "/location", "/bad", "/length")
    of_rows = {
        "a row": {"X-Token": "${TOKEN}"},
        "-u of a row": {"Authorization": f"Basic {BASIC}"},
        "a header of a row": {"X-Token": SECRET},
    }
    rows = [{"url": server.url(path), "headers": of_rows.get(way, {})} for path in paths]
    if way == "credentials in a URL":
        for row in rows:
            row["url"] = str(row["url"]).replace("://", f"://deploy:{quote(SECRET, safe='')}@")
    (folder / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    password = SECRET.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "netrc").write_text(f'machine 127.0.0.1 login deploy password "{password}"\n', encoding="utf-8")


@pytest.mark.parametrize("way", WAYS)
def test_20_no_echo_is_written(way: str, server: Recorder, tmp_path: Path) -> None:
    prepare(tmp_path, server, way)
    args, env = WAYS[way]
    outputs = [
        word for known in OUTPUT_FORMATS if not known.schemes for word in ("-o", f"{known.name}:report-{known.name}")
    ]
    command = ("list.jsonl", *args, *CHECKS, *outputs, "-o", "rows.csv.gz", "-v")
    ran = fetchcli(*command, cwd=tmp_path, env={**env, "GITHUB_ACTIONS": "true"})
    assert ran.code in (4, 6)
    # One more was asked again if it met a connection that the server had just closed.
    assert len({request.split(b" ", 2)[1] for request in server.requests}) == 5
    assert_nowhere(ran, tmp_path, but=("netrc", "list.jsonl"))
    template = "%{error_detail} %{failed_checks} %{url_effective} %{redirects} %{content_type} %{unknown_coding}\n"
    ran = fetchcli("list.jsonl", *args, *CHECKS, "-w", template, cwd=tmp_path, env=env)
    assert_nowhere(ran, tmp_path, but=("netrc", "list.jsonl"))
    shown = fetchcli("list.jsonl", *args, *CHECKS, "-w", template, "--show-secrets", cwd=tmp_path, env=env)
    assert "s3cret" in shown.out


def test_20_no_echo_is_shown_at_a_terminal(server: Recorder, tmp_path: Path) -> None:
    prepare(tmp_path, server, "-u")
    shown = at_terminal(str(tmp_path / "list.jsonl"), "-u", LOGIN, *CHECKS, "-v", columns=200)
    assert_nowhere(shown, tmp_path, but=("netrc", "list.jsonl"))


def test_20_no_echo_of_a_sitemap_is_shown(tmp_path: Path) -> None:
    with recorder(lambda _: ok(b"", f"Location: ftp://{quote(SECRET)}/", status="302 Found")) as server:
        ran = fetchcli(server.url(), "--input-format", "sitemap", "-u", LOGIN, cwd=tmp_path)
        assert ran.code == 3
        assert_nowhere(ran, tmp_path)


def test_20_a_url_of_a_sitemap_is_an_echo_too(tmp_path: Path) -> None:
    def answer(request: bytes) -> bytes:
        if b"/map" not in request:
            return ok()
        page = f"http://{request.decode().partition('Host: ')[2].split()[0]}/page?p={quote(SECRET)}"
        return ok(f"<urlset><url><loc>{page}</loc></url><url><loc>ftp://{quote(SECRET)}</loc></url></urlset>".encode())

    with recorder(answer) as server:
        ran = fetchcli(
            server.url("/map"), "--input-format", "sitemap", "-u", LOGIN, "-o", "jsonl", "-o", "junit:r.xml", "-v",
            cwd=tmp_path,
        )  # fmt: skip
        assert len(server.requests) == 2
        assert server.targets[1] == f"/page?p={quote(SECRET)}"  # it is requested as it is
        assert_nowhere(ran, tmp_path)


def test_20_headers_of_rows_whose_names_speak_of_secrets_are_masked(server: Recorder, tmp_path: Path) -> None:
    names = ["X-Auth", "Token", "X-Api-Key", "Secret", "Pass", "X-Pwd", "X-OTP", "Jwt", "DPoP", "Session", "Signature"]
    row = {"url": server.url("/"), "headers": dict.fromkeys([*names, "Cookie"], "hidden") | {"Accept": "shown"}}
    (tmp_path / "list.jsonl").write_text(json.dumps(row))
    ran = fetchcli("list.jsonl", "-q", "-o", "jsonl", cwd=tmp_path)
    assert "hidden" not in ran.out
    assert "shown" in ran.out
