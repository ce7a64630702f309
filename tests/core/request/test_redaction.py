"""Secrets in texts that are shown."""

import json
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
    lambda text: text.encode().decode("ascii", "replace"),
    lambda text: "".join(char if char.isascii() else repr(char.encode())[2:-1] for char in text),
    lambda text: text[:3] + all_percent(text[3:5]) + as_json(text[5:]),
]


@pytest.mark.parametrize("way", WAYS)
@given(secret=SECRETS, before=st.sampled_from(["", "token=", '{"a": "']), after=st.sampled_from(["", "&b=1", '"}']))
def test_a_secret_is_found_however_it_is_encoded(
    way: Callable[[str], str], secret: str, before: str, after: str
) -> None:
    shown = Redactor([secret])(f"{before}{way(secret)}{after}")
    assert shown == f"{before}***{after}"


@given(secret=SECRETS, cut=st.integers(MIN_LENGTH, 19), after=st.sampled_from(["", '"', "…", "') more"]))
def test_a_secret_that_was_cut_off_is_found(secret: str, cut: int, after: str) -> None:
    shown = Redactor([secret])(f"got '{secret[:cut]}{after}")
    assert shown.startswith(("got '***", "got ***"))
    assert secret[:cut] not in shown.replace("***", "")


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
