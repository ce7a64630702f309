"""What users of curl, wget, httpie, lychee and hey type."""

from pathlib import Path

import pytest

from fetchcli.cli.definitions import OPTIONS
from fetchcli.cli.habits import ELSEWHERE, SAME, Elsewhere, translated
from fetchcli.core.errors import UsageError
from tests.support.command import fetchcli
from tests.support.recorder import ok, recorder

URL = "http://127.0.0.1:9/"
OWN = {flag for option in OPTIONS.values() for flag in option.flags.replace("/", " ").split()}


def test_no_flag_stands_in_two_tables() -> None:
    flags = " ".join([*(same.flags for same in SAME), *(other.flags for other in ELSEWHERE)]).split()
    assert len(set(flags)) == len(flags)
    assert not OWN.intersection(flags)
    for same in SAME:
        assert not same.here or same.here.partition("=")[0] in OWN


@pytest.mark.parametrize(
    ("words", "here"),
    [
        ("-sS URL", "--quiet URL"),
        ("-sSo rows.jsonl URL", "--quiet -o rows.jsonl URL"),
        ("-sSorows.jsonl URL", "--quiet -orows.jsonl URL"),
        ("-kfL URL", "-kL URL"),
        ("--max-time 3 --silent URL", "--timeout 3 --quiet URL"),
        ("--max-time=3 URL", "--timeout 3 URL"),
        ("-Z --parallel --parallel-max 9 --url URL", "--concurrency 9 URL"),
        ("--follow --input-file urls.txt", "--location urls.txt"),
        ("-nc --save pages/ --tries 3 urls.txt", "--skip-existing --save pages/ --retry 2 urls.txt"),
        ("--max-concurrency 9 --max-retries 1 --no-progress a", "--concurrency 9 --retry 1 --progress=none a"),
        ("--jobs 4 a", "--concurrency 4 a"),
        ("-sfo /dev/null --retry-connrefused --fail-with-body URL", "--quiet URL"),
        ("-o /dev/null -o rows.jsonl URL", "-o rows.jsonl URL"),
        ("-nv URL", "--quiet URL"),
        ("--post-data a=b --check-status URL", "--data a=b URL"),
        (
            "--exclude-file x --host-concurrency 2 --exclude-all-private a",
            "--exclude-from x --per-host 2 --block-private a",
        ),
        ("-d -s URL", "-d -s URL"),  # a value is no flag
        ("--data --silent URL", "--data --silent URL"),
        ("-H -i -A -T URL", "-H -i -A -T URL"),
        ("-- -s", "-- -s"),
        ("-q - ", "-q -"),
        ("--unknown -s", "--unknown --quiet"),
        ("-O URL://", "-O URL://"),
        ("-n -q URL", "-n -q URL"),
        ("-o", "-o"),
        ("--no-netrc -L", "--no-netrc -L"),
        ("-X", "-X"),
    ],
)
def test_what_means_the_same(words: str, here: str) -> None:
    assert translated(words.split()) == here.split()


@pytest.mark.parametrize("entry", ELSEWHERE)
def test_what_is_elsewhere_is_said(entry: Elsewhere) -> None:
    for flag in entry.flags.split():
        with pytest.raises(UsageError) as error:
            translated([flag, "x", URL])
        assert str(error.value) == f"{flag} of {entry.of} is not an option here: {entry.advice}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-o page.html URL", "-o writes rows, and 'page.html' is no format of rows; to save the body write"),
        ("-c cookies.txt URL", "-c is the number of requests at once, and not 'cookies.txt'; a cookie jar is"),
        ("-O page.html URL", "-O takes no name, as in curl; to save the body of one URL write --save page.html"),
        (
            "-n 100 URL",
            "-n reads ~/.netrc, as in curl; to fetch each URL 100 times, one round after the other, write --repeat 100",
        ),
        ("-q 10 URL", "-q takes no number: it writes data only; for 10 requests a second write --rate 10/s"),
        ("GET https://h/", "GET is no list: to choose the method write -X GET https://h/"),
        ("--tries 0 URL", "--tries: expected a number from 1, got '0'; --retry is the number of retries"),
        ("--max-time", "--max-time requires a value"),
    ],
)
def test_what_another_command_is_meant_by(words: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        translated(words.split())
    assert str(error.value).startswith(message)


def test_at_the_command_line(tmp_path: Path) -> None:
    with recorder(lambda _: ok()) as server:
        found = fetchcli("-sS", "--max-time", "5", "--url", server.url("/a"), "-f", cwd=tmp_path)
        assert (found.code, found.err) == (0, "")
        assert server.targets == ["/a"]
        refused = fetchcli("-i", server.url("/b"), cwd=tmp_path)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("fetchcli: -i of curl, wget is not an option here: ")
    assert server.targets == ["/a"]


@pytest.mark.parametrize(
    ("flag", "suggested"),
    [("--retrys", "--retry"), ("--colunms", "--columns"), ("--frobnicate", ""), ("--basline", "--baseline")],
)
def test_a_suggestion_is_near_or_there_is_none(flag: str, suggested: str) -> None:
    found = fetchcli(flag, URL)
    assert found.code == 2
    assert f"No such option: {flag}" in found.err
    assert (f"did you mean {suggested}" if suggested else "; see --help") in found.err
    assert bool(suggested) == ("did you mean" in found.err)
