"""What is expected: how it is written, and whether a response is that."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.checks.evaluate import Evidence, checks_for, failed_checks, reads_body, same, takes_long
from fetchcli.core.errors import Redirect, UsageError
from fetchcli.core.expect.expectations import KEYS, Check, merged, parse_checks
from fetchcli.core.model.attempt import FailedCheck, Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url

NOW = 1_767_225_600.0
BODY = b'{"status": "ok", "n": 3, "up": true, "items": [{"p": 1}, {"p": 7}], "none": null, "who": {"a": 1}}'


def answer(body: bytes = BODY, status: int = 200, kind: str = "application/json", **more: Any) -> Response:
    fields = {b"content-type": [kind.encode()], b"x-two": [b"one", b"two"], b"x-bytes": [b"\xe9"]}
    facts: dict[str, Any] = {
        "size_decoded": len(body),
        "body": body,
        "headers": fields,
        "content_type": kind,
        "sha256": "ab" * 32,
        "cert_expires": NOW + 10.5 * 86_400,
        **more,
    }
    url = facts.pop("url", "http://h/end")
    return Response(status, url, Timings(), **facts)


def failures(response: Response, *said: tuple[str, str], seconds: float = 0.25) -> list[str]:
    checks = tuple(check for kind, text in said for check in parse_checks(kind, (text,)))
    failed = failed_checks(Evidence(response, seconds, NOW), Policy(), checks)
    return [one.text for one in failed]


PASSING = [
    ("status", "200"),
    ("header", "content-type: application/json"),
    ("header", "Content-Type:application/json"),
    ("header", "content-type: ~ ^application/(json|xml)"),
    ("header", "content-type ~ json"),
    ("header", "x-two: one"),
    ("header", "x-two: one, two"),
    ("header", "x-two: exists"),
    ("header", "X-Two exists"),
    ("header", "x-three: absent"),
    ("body", '"ok"'),
    ("body", '~ "n":\\s+\\d'),
    ("json", 'status == "ok"'),
    ("json", "status != null"),
    ("json", " status exists"),
    ("json", "n == 3.0"),
    ("json", "n >= 3"),
    ("json", "n<4"),
    ("json", "up == true"),
    ("json", "n ~ ^3$"),
    ("json", 'status ~ "^o"'),
    ("json", "items[?p > `5`].p == [7]"),
    ("json", "items[?p == `7`] | [0].p > 6"),
    ("json", "length(items[0:1]) == 1"),
    ("json", "length(items) == 2"),
    ("json", "items[*].p contains 7"),
    ("json", 'status contains "k"'),
    ("json", 'who contains "a"'),
    ("json", "contains(status, 'o') == true"),
    ("json", 'who == {"a": 1}'),
    ("json", "none absent"),
    ("json", "missing.deep absent"),
    ("json", "status exists"),
    ("json", 'status > "oa"'),
    ("json", '"status" == "ok"'),
    ("sha256", "AB" * 32),
    ("final_url", "HTTP://h/end"),
    ("final_url", "http://h/end#part"),
    ("final_url", "~ /end$"),
    ("redirects", "0"),
    ("redirects", "<=1"),
    ("size", ">1"),
    ("size", "< 1K"),
    ("size", f"{len(BODY)}"),
    ("cert_days", ">10"),
    ("max_latency", "250ms"),
]
FAILING = [
    ("status", "404", "status: expected 404, got 200"),
    ("header", "content-type: text/html", 'header: expected content-type: text/html, got "application/json"'),
    ("header", "content-type ~ html", 'header: expected content-type ~ html, got "application/json"'),
    ("header", "x-three: yes", "header: expected x-three: yes, got no such header"),
    ("header", "x-three: exists", "header: expected x-three: exists, got no such header"),
    ("header", "x-two: absent", 'header: expected x-two: absent, got "one, two"'),
    ("header", "x-bytes: absent", 'header: expected x-bytes: absent, got "\ufffd"'),
    ("body", "nope", "body: expected nope, got " + f'"{BODY.decode()}" ({len(BODY)} B)'),
    ("json", 'status == "up"', 'json: expected status == "up", got "ok"'),
    ("json", 'nosuch != "down"', 'json: expected nosuch != "down", got null'),
    ("json", "&n == 3", "json: expected &n == 3, got a value that cannot be shown as JSON"),
    ("json", "n == true", "json: expected n == true, got 3"),
    ("json", "up == 1", "json: expected up == 1, got true"),
    ("json", "up > 0", "json: expected up > 0, got true"),
    ("json", "n ~ 4", "json: expected n ~ 4, got 3"),
    ("json", "who ~ a", 'json: expected who ~ a, got {"a":1}'),
    ("json", "n contains 3", "json: expected n contains 3, got 3"),
    ("json", "status contains 1", 'json: expected status contains 1, got "ok"'),
    ("json", "items[*].p contains 8", "json: expected items[*].p contains 8, got [1,7]"),
    ("json", "missing exists", "json: expected missing exists, got null"),
    ("json", "status absent", 'json: expected status absent, got "ok"'),
    ("json", "length(n) == 1", "json: expected length(n) == 1, got no value: In function length(), invalid type"),
    ("sha256", "cd" * 32, f"sha256: expected {'cd' * 32}, got {'ab' * 32}"),
    ("final_url", "http://h/", "final_url: expected http://h/, got http://h/end"),
    ("redirects", "1", "redirects: expected 1, got 0"),
    ("size", ">1M", f"size: expected >1M, got {len(BODY)} B"),
    ("cert_days", ">14", "cert_days: expected >14, got 10.5 days"),
    ("max_latency", "100ms", "max_latency: expected 100ms, got 250 ms"),
]
MALFORMED = [
    ("status", "ok", "'ok' is not a status"),
    ("header", "nothing", "expected 'NAME: VALUE'"),
    ("header", ": x", "expected 'NAME: VALUE'"),
    ("header", "a:", "expected 'NAME: VALUE'"),
    ("header", "a b", "no colon after the name"),
    ("header", "a(b: c", "expected 'NAME: VALUE'"),
    ("header", "a: ~ (", "'(' is not a regular expression"),
    ("header", "a: ~", "no regular expression after ~"),
    ("body", "", "an empty text matches every body"),
    ("body", "~ [", "'[' is not a regular expression"),
    ("json", "status", "expected PATH OP VALUE"),
    ("json", "status = 1", "expected PATH OP VALUE"),
    ("json", "[?a == `1`]", "expected PATH OP VALUE"),
    ("json", "== 1", "is not a JMESPath expression"),
    ("json", "a..b == 1", "'a..b' is not a JMESPath expression"),
    ("json", "nofunction(a) == 1", "JMESPath has no function nofunction()"),
    ("json", "a[?b && [nofunction(a)]] == 1", "JMESPath has no function nofunction()"),
    ("json", "(" * 3000 + "a" + ")" * 3000 + " == 1", "nested too deep"),
    ("body", "~ " + "(" * 3000 + "a" + ")" * 3000, "nested too deep"),
    ("json", "a ==", "expected a value after =="),
    ("json", "a == ok", "'ok' is not a JSON value; put text in quotes"),
    ("json", "a exists 1", "expected nothing after exists"),
    ("json", "a < true", "< compares numbers or text"),
    ("json", "a > [1]", "> compares numbers or text"),
    ("json", "a ~ (", "'(' is not a regular expression"),
    ("sha256", "abc", "'abc' is not a SHA-256"),
    ("final_url", "somewhere", "'somewhere': no scheme"),
    ("final_url", "~ (", "'(' is not a regular expression"),
    ("redirects", "many", "'many' is not a number of redirects; write it as 0"),
    ("redirects", "", "is not a number of redirects"),
    ("size", "big", "'big' is not a size"),
    ("size", ">none", "'>none' is not a size; write it as"),
    ("size", "", "'' is not a size"),
    ("cert_days", "soon", "'soon' is not a number of days; write it as >14"),
    ("max_latency", "none", "'none' is not a limit"),
    ("max_latency", "quick", "'quick' is not a duration"),
]


@pytest.mark.parametrize(("kind", "text"), PASSING)
def test_what_is_expected_is_there(kind: str, text: str) -> None:
    assert failures(answer(), (kind, text)) == []


@pytest.mark.parametrize(("kind", "text", "said"), FAILING)
def test_what_is_not_says_what_was_there_instead(kind: str, text: str, said: str) -> None:
    (found,) = failures(answer(), (kind, text))
    assert found.startswith(said)
    assert "\n" not in found


@pytest.mark.parametrize(("kind", "text", "said"), MALFORMED)
def test_malformed_expectations_say_how_to_write_them(kind: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_checks(kind, (text,))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_kind_is_tried_in_all_three_ways() -> None:
    for table in (PASSING, FAILING, MALFORMED):
        assert {row[0] for row in table} == set(KEYS)


def test_statuses_of_a_row_take_the_place_of_those_of_the_run() -> None:
    assert failures(answer(status=404), ("status", "404")) == []
    assert failures(answer(status=404)) == ["status: expected 200..399, got 404"]
    assert failures(answer(status=404), ("body", "x"))[0] == "status: expected 200..399, got 404"


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(b""), "an empty body"),
        (answer(b"<html>", kind="text/html"), 'not JSON: "<html>" (text/html)'),
        (answer(b"[" * 100_000, kind=""), "not JSON:"),
        (answer(b"{}", size_decoded=5000), "a body of 5000 bytes; only the first 2 bytes were checked"),
        (answer(b"\xff"), "not JSON:"),
    ],
)
def test_what_is_no_json(response: Response, said: str) -> None:
    (found,) = failures(response, ("json", "a == 1"))
    assert f"got {said}" in found


def test_bodies_are_text_in_the_encoding_that_they_say() -> None:
    latin = answer("Grüße".encode("latin-1"), kind='text/html; charset="ISO-8859-1"')
    assert failures(latin, ("body", "Grüße")) == []
    assert failures(answer("Grüße".encode("latin-1")), ("body", "Gr\ufffd\ufffde")) == []
    assert failures(answer(b"\xef\xbb\xbf{}"), ("body", "~ ^\\{"), ("json", "@ == {}")) == []
    for strange in ("rot13", "idna", "nothing", "iso-8859-99"):
        assert failures(answer(b"abc", kind=f"text/plain; charset={strange}"), ("body", "abc")) == []


def test_an_empty_body_and_a_cut_one_are_said() -> None:
    assert failures(answer(b""), ("body", "x")) == ["body: expected x, got an empty body"]
    (cut,) = failures(answer(b"abc", size_decoded=5000), ("body", "x"))
    assert cut == 'body: expected x, got "abc" (5.0 kB; only the first 3 bytes were checked (--max-check-body))'


def test_redirects_say_where_they_led() -> None:
    led = answer(redirects=(Redirect("http://h/", 302),))
    assert failures(led, ("redirects", "0")) == ["redirects: expected 0, got 1, to http://h/end"]


def test_without_a_certificate_there_are_no_days() -> None:
    assert failures(answer(cert_expires=0.0), ("cert_days", ">0")) == [
        "cert_days: expected >0, got no verified certificate"
    ]


def test_a_pattern_that_takes_too_long_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        def search(self, _text: str, **_limits: object) -> None:
            raise TimeoutError

    monkeypatch.setattr("fetchcli.core.checks.evaluate.compile_regex", lambda _text: Endless())
    checks = parse_checks("body", ("~ x",))
    with pytest.raises(TimeoutError):
        failed_checks(Evidence(answer(), 0.1, NOW), Policy(), checks, time_limited=True)
    (said,) = failures(answer(), ("body", "~ x"))
    assert said == "body: expected ~ x, got no result in 2 s: the check is too slow for this response"


def test_an_expression_that_takes_too_many_steps_is_given_up() -> None:
    wide = b'{"a": [' + b",".join(b"%d" % number for number in range(20_000)) + b"]}"
    (said,) = failures(answer(wide), ("json", "map(&(map(&[@], [@,@,@,@,@,@,@,@,@,@,@,@,@,@,@,@])), a) == 5"))
    assert said.endswith("got no result in 2 s: the check is too slow for this response")


def test_what_has_no_body_is_not_judged_by_it() -> None:
    checks = [("size", "0"), ("sha256", "ab" * 32), ("json", "a absent"), ("body", "x"), ("header", "x-two: exists")]
    parsed = tuple(check for kind, text in checks for check in parse_checks(kind, (text,)))
    failed = failed_checks(Evidence(answer(b""), 0.1, NOW, head=True), Policy(), parsed)
    assert [(one.check, one.actual) for one in failed] == [
        (kind, "no body (the request was HEAD)") for kind in ("size", "sha256", "json", "body")
    ]
    foreign = failures(answer(unknown_coding="foo"), *checks)
    assert foreign[0] == "size: expected 0, got a body in an unknown coding (foo)"
    assert len(foreign) == 4


def test_the_status_comes_first() -> None:
    found = failures(answer(status=503), ("body", "zz"), ("status", "200"))
    assert [one.partition(":")[0] for one in found] == ["status", "body"]


def test_a_pattern_proves_nothing_of_a_body_that_was_cut() -> None:
    cut = answer(b"fine", size_decoded=5000)
    assert len(failures(cut, ("body", "~ ^(?!.*error)"))) == 1
    assert failures(cut, ("body", "fine")) == []


def test_credentials_are_no_part_of_where_it_ended() -> None:
    assert failures(answer(url="http://***@h/end"), ("final_url", "http://h/end")) == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a": 1e400, "b": 1}', "b == 1"),
        (b'{"a": ' + b"9" * 6000 + b"}", "a > 5"),
        (b'{"a": "\\ud800x"}', "a exists"),
        ('{"a": "é"}'.encode("utf-16"), 'a == "é"'),
    ],
)
def test_json_at_its_edges_is_json(body: bytes, text: str) -> None:
    kind = "application/json; charset=utf-16" if body[:1] == b"\xff" else "application/json"
    assert failures(answer(body, kind=kind), ("json", text)) == []
    assert len(failures(answer(b'{"a": NaN}'), ("json", "a absent"))) == 1


def test_values_that_cannot_be_shown_are_said_all_the_same() -> None:
    deep = b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}"
    (found,) = failures(answer(deep), ("json", "a == 1"))
    assert found.startswith("json: expected a == 1, got ")
    assert len(found) < 300


def test_which_checks_need_the_body_or_a_thread() -> None:
    size, text, pattern = (parse_checks(*one)[0] for one in (("size", ("1",)), ("body", ("a",)), ("body", ("~ a",))))
    assert not reads_body((size,))
    assert reads_body((size, text))
    assert not takes_long((pattern,), answer())
    assert not takes_long((size, text), answer())
    assert takes_long((text,), answer(b"x" * 100_000))
    assert not takes_long((size,), answer(b"x" * 100_000))


def test_rows_override_by_key() -> None:
    run = (*parse_checks("body", ("a", "b")), *parse_checks("size", (">1",)))
    expected = merged(run, {"body": ("c",), "status": ("404",)})
    assert [(check.kind, check.text) for check in expected.checks] == [
        ("size", ">1"),
        ("body", "c"),
        ("status", "404"),
    ]
    assert merged(run, {"body": ()}).checks == run[2:]
    with pytest.raises(UsageError, match=r"^size: 'x' is not a size"):
        merged((), {"size": ("x",)})
    row = Target(1, parse_url("http://h/"))
    assert checks_for(row, Policy(checks=run)) == run
    assert checks_for(Target(1, parse_url("http://h/"), expect=expected), Policy(checks=run)) == expected.checks


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_value_equals_itself_through_the_wire(value: object) -> None:
    body = json.dumps({"value": value}).encode()
    try:
        text = f"value == {json.dumps(value)}"
        check = parse_checks("json", (text,))
    except UsageError:
        pytest.fail(text)
    assert failed_checks(Evidence(answer(body), 0.1, NOW), Policy(), check) == ()


@given(JSON, JSON)
def test_sameness_is_that_of_json(one: object, other: object) -> None:
    def canonical(value: object) -> object:
        if isinstance(value, bool):
            return ("bool", value)
        if isinstance(value, dict):
            return ("dict", tuple(sorted((key, canonical(item)) for key, item in value.items())))
        return ("list", tuple(map(canonical, value))) if isinstance(value, list) else ("scalar", value)

    assert same(one, other) == (canonical(one) == canonical(other))
    assert same(one, one)


@given(st.sampled_from(sorted(KEYS)), st.text())
def test_any_text_is_a_check_or_a_usage_error(kind: str, text: str) -> None:
    try:
        (check,) = parse_checks(kind, (text,))
    except UsageError:
        return
    assert isinstance(check, Check)
    for failed in failed_checks(Evidence(answer(), 0.1, NOW), Policy(), (check,)):
        assert isinstance(failed, FailedCheck)
        assert len(failed.actual) < 400
