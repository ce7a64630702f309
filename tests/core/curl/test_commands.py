"""Commands and words that were pasted from a shell."""

import subprocess
from pathlib import Path

import pytest

from fetchcli.core.curl.commands import Unfinished, split_commands


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
        ("a | b |& c && d || e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a >x 2>&1 </dev/null >>'y z' b", [["a", "b"]]),
        ("a 2>x2 b2>c &>d", [["a", "b2"]]),
        ("a <<<'x y' b", [["a", "b"]]),
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
    assert [command.words for command in split_commands(text)] == commands


@pytest.mark.parametrize("text", ["'a", '"a', "$'a", "a \\"])
def test_an_open_quote_waits_for_more(text: str) -> None:
    with pytest.raises(Unfinished):
        split_commands(text)


@pytest.mark.parametrize("text", [r"$'\ud800'", r"$'\U00110000'"])
def test_characters_that_there_are_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"surrogates|chr"):
        split_commands(text)


@pytest.mark.parametrize(
    "line",
    [
        'a "$B"', 'a "$5"', "a $$", 'a $"q"', 'a "$@"', 'a "x${B}"', "a `b`", "a $B", 'a "$(b)"', "a ${B}",
        "a $(b 'c)' (d) \")\")", "a <(b)", "a `b", "a $(b",
    ],
)  # fmt: skip
def test_what_a_shell_would_put_there_is_marked(line: str) -> None:
    command, *others = split_commands(f"{line}\nb c")
    assert command.expands
    assert command.words[0] == "a"
    assert [other.words for other in others] == [["b", "c"]] * len(others)
    assert not any(other.expands for other in others)


def test_only_the_command_that_expands_is_marked() -> None:
    commands = split_commands("a $(date; b 'c)') d || e `f; g` && h $? ; i")
    assert [(command.words[0], command.expands) for command in commands] == [
        ("a", True), ("e", True), ("h", True), ("i", False),
    ]  # fmt: skip
    assert commands[0].words[-1] == "d"


@pytest.mark.parametrize("text", ["a >", "a > ; b", "a 2>&\nb", "a <<"])
def test_a_redirection_needs_a_target(text: str) -> None:
    with pytest.raises(ValueError, match="nothing follows the redirection"):
        split_commands(text)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("curl http://h/?a=1&b=2", True),
        ("curl http://h/?a=1&b -s", True),
        ("curl http://h/a;b=2", True),
        ("curl http://h/a;exit", False),
        ("curl 'http://h/?a'& wait", False),
        ("curl http://h/ & b=2", False),
        ("curl http://h/ &", False),
    ],
)
def test_a_url_that_the_shell_cuts_is_marked(text: str, cut: bool) -> None:
    assert split_commands(text)[0].cut is cut


def test_here_documents_are_marked() -> None:
    assert [command.has_document for command in split_commands("a <<-'E' >x; b <<<x; c")] == [True, False, False]


DECORATED = [
    "curl http://h/1 2>&1 >out || exit 1",
    "curl 'http://h/2 ' >> out 2>/dev/null && echo \"done $? $(echo ')')\"; curl -s h # it's",
    "curl http://h/3\\\n  -H 'A: b' &&\n  echo ok ||\n  { echo failed; exit 1; }",
    "curl a\"b c\"'d e'\\ f 1>x2 2 >y | cat | cat; true & curl h4 3",
    'curl "http://h/\\$x\\"" 0</dev/null -d \'#\' #b\ncurl c#d',
    "curl http://h/a2>x 12",
]


@pytest.mark.parametrize("text", DECORATED)
def test_a_real_shell_runs_curl_with_the_same_words(text: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f"curl() {{ printf '%s\\0' curl \"$@\" >>'{log}'; printf '\\001\\0' >>'{log}'; }}\n{text}\nwait\n"
    subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=False, capture_output=True)
    calls = [call.split("\0")[:-1] for call in log.read_text().split("\1\0") if call]
    ours = [command.words for command in split_commands(text) if command.words[0] == "curl"]
    assert sorted(ours) == sorted(calls)
    assert calls
