"""Words of a shell: read and written."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fetchcli.core.curl.shell import PIPE, Expansion, Unfinished, quote, split_commands
from fetchcli.core.request.secrets import Expander


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        (r"a $'\ud83d\ude00'", [["a", "😀"]]),
        ("a\u00a0b c", [["a\u00a0b", "c"]]),
        ("a b#c # d 'e\nf", [["a", "b#c"], ["f"]]),
        ('a "5 $ \\$x"', [["a", "5 $ $x"]]),
        ('curl \'http://h/a b\' -H "X: \\"1\\""', [["curl", "http://h/a b", "-H", 'X: "1"']]),
        ("a \\\n  b", [["a", "b"]]),
        ("a'b'\"c\"d", [["abcd"]]),
        ("a ''", [["a", ""]]),
        ("a; b & c\nd", [["a"], ["b"], ["c"], ["d"]]),
        ("a | b", [["a", PIPE, "b"]]),
        ("a; # it's\n# x\nb", [["a"], ["b"]]),
        (r"a $'\u00e9\n\'\\\x41\101\e\q'", [["a", "é\n'\\AA\x1b\\q"]]),
        (r"$'\xc3\xa9'", [["é"]]),
        (r"$'\xff'", [["\udcff"]]),
        ("a$ '$c' \"5 $ x\"", [["a$", "$c", "5 $ x"]]),
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


@pytest.mark.parametrize("text", [r"$'\ud800'", r"$'\U00110000'"])
def test_characters_that_there_are_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"surrogates|chr"):
        split_commands(text)


@given(st.text(max_size=30).filter(str.isprintable))
@example("it's")
@example("")
@example("a b\\")
def test_what_is_quoted_is_read_again(text: str) -> None:
    assert split_commands(f"x {quote(text)}") == [["x", text]]


def test_a_real_shell_reads_it_the_same_way() -> None:
    words = ["it's", "", "a b", "$HOME `x` !", "é\n\t\\", "*", "~", "-x", "#c", "a=b"]
    line = " ".join(map(quote, words))
    done = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize(
    "line", ['a "$B"', 'a "$5"', "a $$", 'a $"q"', 'a "$@"', 'a "x${B}"', "a `b`", "a $B", 'a "$(b)"', "a ${B}"]
)
def test_what_a_shell_would_put_there_is_refused(line: str) -> None:
    with pytest.raises(Expansion):
        split_commands(line)


def test_what_is_not_printable_is_printed_by_the_shell() -> None:
    for text in ("a\x9bb\u202e", "caf\udce9 'x' %s", "\x1b]0;x\x07", "a\n\nb"):
        quoted = quote(text)
        assert quoted.isascii()
        assert quoted.isprintable()
        done = subprocess.run(["/bin/sh", "-c", f"printf %s {quoted}"], capture_output=True, check=True)
        assert done.stdout == text.encode("utf-8", "surrogateescape")


def test_secrets_are_left_to_the_shell() -> None:
    quoted = quote(Expander(None)("X: Bearer ${TOKEN}!"))
    assert quoted == """'X: Bearer '"${TOKEN}"'!'"""
    done = subprocess.run(
        ["/bin/sh", "-c", f"printf %s {quoted}"], env={"TOKEN": "s3 cret"}, capture_output=True, check=True
    )
    assert done.stdout == b"X: Bearer s3 cret!"
