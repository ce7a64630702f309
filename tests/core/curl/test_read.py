"""curl command lines as rows."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.curl.commands import split_commands
from fetchcli.core.curl.read import read_curl_line
from fetchcli.core.request.multipart import form_string, parse_part
from fetchcli.core.request.row_request import RowProblem, RowRequest

# As Chromium copies it ("Copy as cURL (bash)").
CHROMIUM = r"""curl 'https://example.com/api/items?page=2' \
  -H 'accept: application/json, text/plain, */*' \
  -H 'accept-language: en-US,en;q=0.9' \
  -H 'content-type: application/json' \
  -b 'session=abc; theme=dark' \
  -H 'origin: https://example.com' \
  -H 'priority: u=1, i' \
  -H 'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"' \
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' \
  --data-raw $'{"name":"it\'s","emoji":"\u00e9"}' \
  --insecure"""


def row(line: str) -> tuple[str, RowRequest]:
    read = read_curl_line(split_commands(line)[0].words)
    return read.url, read.row_request


def test_as_chromium_copies_it() -> None:
    url, row_request = row(CHROMIUM)
    assert url == "https://example.com/api/items?page=2"
    assert row_request.method == "POST"
    assert row_request.body == '{"name":"it\'s","emoji":"é"}'
    headers = dict(row_request.headers)
    assert headers["Cookie"] == "session=abc; theme=dark"
    assert headers["sec-ch-ua"] == '"Chromium";v="142", "Not_A Brand";v="99"'
    assert len(row_request.headers) == 8


@pytest.mark.parametrize(
    ("line", "method", "body"),
    [
        ("curl http://h/", "GET", None),
        ("/usr/bin/curl -sSL http://h/", "GET", None),
        ("curl -I http://h/", "HEAD", None),
        ("curl -X PUT -I http://h/", "PUT", None),
        ("curl -XDELETE http://h/", "DELETE", None),
        ("curl -sXDELETE http://h/ -o out -m 5 --retry 3", "DELETE", None),
        ("curl -d a=1 -d b=2 http://h/", "POST", "a=1&b=2"),
        ("curl -da=1 http://h/", "POST", "a=1"),
        ("curl --data-raw @x http://h/", "POST", "@x"),
        ("curl --data-urlencode 'n=a b&c' http://h/", "POST", "n=a+b%26c"),
        ("curl --data-urlencode 'a b' http://h/", "POST", "a+b"),
        ("curl --data-urlencode '=a b' http://h/", "POST", "a+b"),
        ("curl --json '{\"a\":' --json 1} http://h/", "POST", '{"a":1}'),
    ],
)
def test_method_and_body(line: str, method: str, body: str | None) -> None:
    url, row_request = row(line)
    assert (url, row_request.method, row_request.body) == ("http://h/", method, body)


def test_headers_of_their_own_options() -> None:
    _, row_request = row("curl http://h/ -A me -e http://r/ -u a:b -r 0-4 -H 'X;' -H 'Y:'")
    basic = base64.b64encode(b"a:b").decode()
    assert dict(row_request.headers) == {
        "User-Agent": "me",
        "Referer": "http://r/",
        "Authorization": f"Basic {basic}",
        "Range": "bytes=0-4",
        "X": ";",
        "Y": "",
    }
    assert dict(row("curl http://h/ --oauth2-bearer t")[1].headers) == {"Authorization": "Bearer t"}
    labelled = dict(row("curl http://h/ --json 1 -H 'accept: x'")[1].headers)
    assert labelled == {"accept": "x", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("curl -G -d a=1 http://h/p", "http://h/p?a=1"),
        ("curl -G -d a=1 'http://h/p?b=2#f'", "http://h/p?b=2&a=1#f"),
        ("curl h/p", "http://h/p"),
        (r"curl 'http://h/p?a\[\]=1&b=\{c\}'", "http://h/p?a[]=1&b={c}"),
        ("curl -g 'http://h/[1-2]'", "http://h/[1-2]"),
        ("curl 'http://h/{a}'", "http://h/a"),
        ("curl 'h/p?u=http://i/'", "http://h/p?u=http://i/"),
        ("$ curl.exe h/p", "http://h/p"),
        ("curl --url https://h/p", "https://h/p"),
    ],
)
def test_urls(line: str, url: str) -> None:
    found, row_request = row(line)
    assert found == url
    assert row_request.body is None
    assert row_request.method == "GET"


def test_of_most_options_the_last_counts_and_headers_come_first() -> None:
    _, row_request = row("curl http://h/ -A a -A b -b a=1 -b b=2 -u x:y --oauth2-bearer t")
    assert dict(row_request.headers) == {"User-Agent": "b", "Cookie": "a=1; b=2", "Authorization": "Bearer t"}
    _, row_request = row("curl http://h/ -A a -H 'user-agent: c' -u x:y -H 'Authorization: z'")
    assert row_request.headers == (("user-agent", "c"), ("Authorization", "z"))


def test_a_form() -> None:
    _, row_request = row("curl http://h/ -F a=b --form 'f=@x.png;type=image/png' --form-string 'n=@\"x\\'")
    assert row_request.form == ("a=b", "f=@x.png;type=image/png", 'n="@\\"x\\\\"')
    assert row_request.method == "POST"
    note = parse_part(row_request.form[2], lambda _: b"")
    assert (note.name, note.content, note.filename) == ("n", b'@"x\\', None)


@given(st.text(max_size=20), st.text("ab", min_size=1))
def test_form_string_takes_any_text(text: str, name: str) -> None:
    assert parse_part(form_string(f"{name}={text}"), lambda _: b"").content == text.encode("utf-8", "surrogatepass")


def test_how_the_host_is_reached() -> None:
    _, row_request = row("curl -4 -x p:1 --resolve h:80:127.0.0.1 http://h/ -x '' -6 --resolve +i:80:[::1]")
    assert (row_request.proxy, row_request.resolve, row_request.family) == ("", ("h:80:127.0.0.1", "+i:80:[::1]"), 6)
    assert row_request.method == "GET"


def test_a_file_to_send() -> None:
    assert row("curl --data-binary @b.bin http://h/")[1].body_file == "b.bin"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wget http://h/", "expected a curl command, got 'wget'"),
        ("curl http://h/ http://i/", "url: expected one URL, got two"),
        ("curl -s", "url: the URL is missing"),
        ("curl http://h/ -H", "-H: expected a value after it"),
        ("curl http://h/ -H nothing", "-H: header 'nothing' has no colon"),
        ("curl http://h/ -r 5-1", "expected a byte range such as 0-499, 500- or -500, got '5-1'"),
        ("curl http://h/ -e ';auto'", "';auto' is for the whole run: use it on the command line of fetchcli"),
        ("curl http://h/ -F a", "--form: expected NAME=TEXT or NAME=@FILE, got 'a'"),
        ("curl http://h/ -F a=b -d c", "--form: it cannot be combined with --data, --json or --get"),
        ("curl http://h/ -F a=b -G", "--form: it cannot be combined with --data, --json or --get"),
        ("curl http://h/ --ntlm", "curl's option --ntlm is not supported in a row"),
        ("curl http://h/ -b jar.txt", "--cookie: expected NAME=VALUE"),
        ("curl http://h/ -d @f", "--data: expected text; only a single --data-binary may be a @FILE"),
        ("curl http://h/ --data-binary @f -d x", "--data-binary: a @FILE cannot be combined"),
        ("curl http://h/ -d x --data-binary @f", "--data-binary: expected text"),
        ("curl 'http://h/[1-2]'", "url: expected one URL, got a glob; --globoff uses it literally"),
        ("curl 'http://h/{'", "url: glob: unclosed '{'"),
        ("curl http://h/ -X ''", "method: expected a token, got ''"),
        ("curl http://h/ '--header=Authorization: secret'", "curl's option --header is not supported in a row"),
        (f"curl http://h/ -{'s' * 100}", "curl's options -sssssssss... are too many at once"),
        ("curl http://h/ --data-urlencode n@f", "--data-urlencode: expected text, got a @FILE"),
        ("curl http://h/ -G --data-binary @f", "--data-binary: a @FILE cannot be combined with other data or --get"),
        ("curl http://h/ -u 'a:${P}'", "-u: variables are expanded only in headers"),
        ("curl http://h/ -X 'GE T'", "method: expected a token, got 'GE T'"),
    ],
)
def test_what_would_change_the_request_and_is_not_understood(line: str, said: str) -> None:
    with pytest.raises(RowProblem) as problem:
        row(line)
    assert said in str(problem.value)


def test_no_words() -> None:
    with pytest.raises(RowProblem, match="expected a curl command"):
        read_curl_line([])
