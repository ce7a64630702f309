"""Words for a shell."""

import subprocess

from hypothesis import example, given
from hypothesis import strategies as st

from fetchcli.core.curl.commands import Command, split_commands
from fetchcli.core.curl.shell import quote
from fetchcli.core.request.secrets import Expander


@given(st.text(max_size=30).filter(str.isprintable))
@example("it's")
@example("")
@example("a b\\")
def test_what_is_quoted_is_read_again(text: str) -> None:
    assert split_commands(f"x {quote(text)}") == [Command(["x", text])]


def test_a_real_shell_reads_it_the_same_way() -> None:
    words = ["it's", "", "a b", "$HOME `x` !", "é\n\t\\", "*", "~", "-x", "#c", "a=b"]
    line = " ".join(map(quote, words))
    done = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


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
