"""Words of a shell: read and written."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fetchcli.core.shell import PIPE, Unfinished, quote, split_commands


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ('curl \'http://h/a b\' -H "X: \\"1\\""', [["curl", "http://h/a b", "-H", 'X: "1"']]),
        ("a \\\n  b", [["a", "b"]]),
        ("a'b'\"c\"d", [["abcd"]]),
        ("a ''", [["a", ""]]),
        ("a; b & c\nd", [["a"], ["b"], ["c"], ["d"]]),
        ("a | b", [["a", PIPE, "b"]]),
        (r"a $'\u00e9\n\'\\\x41\101\e\q'", [["a", "é\n'\\AA\x1b\\q"]]),
        (r"$'\xc3\xa9'", [["é"]]),
        (r"$'\xff'", [["\udcff"]]),
        ("a$b '$c'", [["a$b", "$c"]]),
        (r"a\ b", [["a b"]]),
        ('"a\\\nb"', [["ab"]]),
        ("", []),
    ],
)
def test_words(text: str, commands: list[list[str]]) -> None:
    assert split_commands(text) == commands


@pytest.mark.parametrize("text", ["'a", '"a', "$'a", "a \\"])
def test_an_open_quote_waits_for_more(text: str) -> None:
    with pytest.raises(Unfinished):
        split_commands(text)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
@example("it's")
@example("")
@example("a\nb\\")
def test_what_is_quoted_is_read_again(text: str) -> None:
    assert split_commands(f"x {quote(text)}") == [["x", text]]


def test_a_real_shell_reads_it_the_same_way() -> None:
    words = ["it's", "", "a b", "$HOME `x` !", "é\n\t\\", "*", "~", "-x", "#c", "a=b"]
    line = " ".join(map(quote, words))
    done = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


def test_secrets_are_left_to_the_shell() -> None:
    secrets = {"TOKEN": "s3 cret", "PART": "s3", "EMPTY": ""}
    quoted = quote("X: Bearer s3 cret!", secrets)
    assert quoted == """'X: Bearer '"${TOKEN}"'!'"""
    done = subprocess.run(
        ["/bin/sh", "-c", f"printf %s {quoted}"], env={"TOKEN": "s3 cret"}, capture_output=True, check=True
    )
    assert done.stdout == b"X: Bearer s3 cret!"
