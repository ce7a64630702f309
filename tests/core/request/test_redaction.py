"""Secrets in texts that are shown."""

import json
import pickle
import threading
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.request.redaction import MIN_LENGTH, Redactor

SECRETS = st.text(st.characters(codec="utf-8"), min_size=MIN_LENGTH, max_size=20).filter(
    lambda text: len(text.strip()) == len(text)
)


def as_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def all_percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


WAYS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    lambda text: all_percent(text).upper(),
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    as_json,
    lambda text: as_json(text).replace("/", "\\/"),
    all_percent,
    lambda text: text.encode().decode("latin-1"),
    lambda text: repr(text.encode())[2:-1],
    lambda text: all_percent(text[:3]) + as_json(text[3:5]).replace("%", "%25") + all_percent(text[5:]),
]


@pytest.mark.parametrize("others", [0, 100])
@pytest.mark.parametrize("way", WAYS)
@given(secret=SECRETS, around=st.sampled_from([("", ""), ("token=", "&b=1"), ('{"a": "', '"}')]))
def test_a_secret_is_found_however_it_is_encoded(
    others: int, way: Callable[[str], str], secret: str, around: tuple[str, str]
) -> None:
    before, after = around
    redact = Redactor([secret, *(f"another secret {number}" for number in range(others))])
    assert redact(f"{before}{way(secret)}{after}") == f"{before}***{after}"


@pytest.mark.parametrize("way", [str, quote, as_json])
@given(
    secret=SECRETS.filter(lambda text: not {".", "…"} & set(text)),
    cut=st.integers(MIN_LENGTH, 19),
    after=st.sampled_from(["", "…", "...' more"]),
)
def test_a_secret_that_was_cut_off_is_found(way: Callable[[str], str], secret: str, cut: int, after: str) -> None:
    shown = Redactor([secret])(f"got '{way(secret[:cut])}{after}")
    assert shown == f"got '***{after}"


SECRET_NAMES = ("яяяяяяяяяяяя1", "пароль", "ключ-для-входа", "käse-top-secret")


@pytest.mark.parametrize("secret", SECRET_NAMES)
def test_text_in_the_alphabet_of_a_secret_stays(secret: str) -> None:
    texts = ("Это страница не найдена " * 200, "?????? what", "\ufffd" * 2000, "Ð\x9f" * 3000, "%D1%8F" * 3000)
    began = time.thread_time()
    for text in texts:
        assert Redactor([secret])(text).replace("***", "") != ""
        if "яя" not in secret:
            assert Redactor([secret])(text) == text
    assert time.thread_time() - began < 2.0  # nothing is tried again and again


def test_a_secret_in_another_encoding_than_ours() -> None:
    secret = "käse-top-secret"
    for echoed in (
        secret.encode("latin-1").decode("utf-8", "surrogateescape"),
        secret.encode("latin-1").decode("utf-8", "replace").replace("\ufffd", "?"),
        secret.encode().decode("latin-1"),
        secret.encode().decode("ascii", "replace"),
    ):
        assert Redactor([secret])(f"a {echoed} b") == "a *** b", echoed


def test_a_secret_that_comes_while_others_are_replaced_is_seen_at_once() -> None:
    redact = Redactor()
    failed: list[str] = []
    done = threading.Event()

    def replace() -> None:
        while not done.is_set():
            redact("some text 'secret-1")

    thread = threading.Thread(target=replace)
    thread.start()
    for number in range(300):
        redact.add(f"secret-{number}-x")
        if (shown := redact(f"<secret-{number}-x>")) != "<***>":
            failed.append(shown)
    done.set()
    thread.join()
    assert not failed


def test_short_values_and_other_texts_stay() -> None:
    redact = Redactor(["short", "  ", ""])
    assert redact("short 'short") == "short 'short"
    redact.add("longer secret")
    redact.add("longer")
    redact.add("longer secret")
    assert redact("a longer secret, a longer one, a long one") == "a ***, a *** one, a long one"
    assert redact("longer secre t") == "*** secre t"
    assert redact("") == ""
    assert Redactor(["abcdefgh"])("abcdefg h abcdefg") == "abcdefg h ***"


def test_a_lone_surrogate_beside_a_secret() -> None:
    assert Redactor(["s3cret"])("a \ud800 s3cret").endswith(" ***")
    assert Redactor(["s3cret", "secret-2"])("s3cretsecret-2, s3cret") == "******, ***"


def test_what_a_row_adds_overlaps_with_what_is_known() -> None:
    run = Redactor(["abcdef", "uvwxyz-long"])
    row = run.with_more(["abcdef-ghijkl", "uvwxyz"])
    assert row("abcdef-ghijkl, uvwxyz-long, abcdef, uvwxyz") == "***, ***, ***, ***"
    run.add("later on")
    assert row("later on") == "***"
    assert run("abcdef-ghijkl") == "***-ghijkl"


def test_a_redactor_goes_to_other_processes_with_all_that_it_knows() -> None:
    redactor = Redactor(["first secret"]).with_more(["second secret"])
    text = "first secret, second secret, nothing"
    copy = pickle.loads(pickle.dumps(redactor))
    assert copy(text) == redactor(text) == "***, ***, nothing"
