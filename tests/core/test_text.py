"""BEHAVIOUR 92-94: text from outside is inert."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.text import cell, inert_json, shorten, visible, without_surrogates


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_92_controls_are_escaped(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(st.text(st.characters()))
def test_93_nothing_visible_controls_a_terminal(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    assert not any(unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI"} for char in shown)


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "\rx"])
def test_94_formulas_are_neutralised(text: str) -> None:
    assert cell(text) == "'" + text
    assert cell("x" + text) == "x" + text


@given(st.text(), st.integers(4, 60))
def test_shortening_keeps_both_ends(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) == min(len(text), width)
    assert short[0:1] == text[0:1]
    assert short[-1:] == text[-1:]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::owned", r"\x3a:error::owned"),
        ("::set-output name=a::b", r"\x3a:set-output name=a::b"),
        ("text/html ::stop-commands::x", r"text/html \x3a:stop-commands::x"),
        ("##vso[task.setvariable]x", r"\x23#vso[task.setvariable]x"),
        ("x ##[error]y", r"x \x23#[error]y"),
    ],
)
def test_96_commands_to_a_ci_job_are_inert(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["::1", "http://[::1]/", "fe80::1", "a::b", "## heading", "std::vector<a::b>"])
def test_what_only_looks_alike_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text(max_size=20))
def test_json_is_made_inert_and_decodes_to_the_same(text: str) -> None:
    encoded = json.dumps(without_surrogates({"a": [f"{text}::error::x ##[x \x9b\u202e", 1]}), ensure_ascii=False)
    inert = inert_json(encoded)
    assert json.loads(inert) == json.loads(encoded)
    assert not {"\x9b", "\u202e"} & set(inert)
    assert "##[" not in inert


def test_text_that_never_had_a_utf8_is_shown_as_its_bytes() -> None:
    assert without_surrogates("caf\udce9") == "caf\\udce9"
    assert inert_json("{}") == "{}"


def test_everything_that_holds_text_loses_its_surrogates() -> None:
    check = FailedCheck("body", "\udcff", "a")
    assert without_surrogates((check, {"\ud800": ("\udcff",)}, 1, None)) == [
        {"check": "body", "expected": "\\udcff", "actual": "a"},
        {"\\ud800": ["\\udcff"]},
        1,
        None,
    ]


@pytest.mark.parametrize("text", ["-5", "-7.5", "+49 30 1", "-", "+1,000.00", "-1 000"])
def test_14_a_number_is_no_formula(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("text", ["-1+1", "+A1", "-cmd|x", "=5", "@1", "-5%", "--5", "\t5", "-2-3"])
def test_14_what_a_spreadsheet_would_compute_is_neutralised(text: str) -> None:
    assert cell(text) == f"'{text}"
