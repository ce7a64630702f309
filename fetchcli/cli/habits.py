"""Words that users of other commands bring along: what they stand for here, or what to write instead."""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fetchcli.cli.definitions import OPTIONS
from fetchcli.core.errors import UsageError

INPUT = ""  # stands for the argument


class Same(NamedTuple):
    """A flag that means the same as one here.

    Attributes:
        flags: its names.
        of: the commands that have it.
        here: what it stands for: an option, `INPUT`, or None for what is done anyway.
        takes_value: it has a value.
    """

    flags: str
    of: str
    here: str | None
    takes_value: bool = False


class Elsewhere(NamedTuple):
    """A flag that means something else here, or nothing.

    Attributes:
        flags: its names.
        of: the commands that have it.
        advice: what to write instead.
    """

    flags: str
    of: str
    advice: str


SAME: tuple[Same, ...] = (
    Same("--max-time", "curl", "--timeout", takes_value=True),
    Same("-s --silent", "curl", "--quiet"),
    Same("-S --show-error", "curl", None),
    Same("-f --fail", "curl", None),
    Same("-Z --parallel", "curl", None),
    Same("--parallel-max", "curl", "--concurrency", takes_value=True),
    Same("--url", "curl", INPUT, takes_value=True),
    Same("--follow", "httpie", "--location"),
    Same("--retry-connrefused --fail-with-body", "curl", None),
    Same("--remote-name-all", "curl", "--remote-name"),
    Same("--oauth2-bearer", "curl", "--bearer", takes_value=True),
    Same("--check-status", "httpie", None),
    Same("--post-data", "wget", "--data", takes_value=True),
    Same("-nv --no-verbose", "wget", "--quiet"),
    Same("--input-file", "wget, aria2", INPUT, takes_value=True),
    Same("-nc", "wget", "--skip-existing"),
    Same("--tries", "wget", "--retry", takes_value=True),
    Same("--max-concurrency", "lychee", "--concurrency", takes_value=True),
    Same("--max-retries", "lychee", "--retry", takes_value=True),
    Same("--no-progress", "lychee", "--progress=none"),
    Same("--jobs", "parallel", "--concurrency", takes_value=True),
    Same("--exclude-file", "lychee", "--exclude-from", takes_value=True),
    Same("--host-concurrency", "lychee", "--per-host", takes_value=True),
    Same("--exclude-all-private", "lychee", "--block-private"),
    Same("--rate-limit", "vegeta, httpx", "--rate", takes_value=True),
)
_HEADERS = "-o jsonl --columns +headers puts the headers into the rows; one URL alone at a terminal shows them"
_CHANGED = "--revalidate ROWS asks only for what has changed since"
ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere("-i", "curl, wget", f"a list needs no flag; {_HEADERS}"),
    Elsewhere("-D --dump-header", "curl", _HEADERS),
    Elsewhere("-T --upload-file", "curl", "-X PUT and a list with a column body_file send files"),
    Elsewhere("-z --time-cond", "curl, hey", f"{_CHANGED}; --for 5s fetches for 5 seconds"),
    Elsewhere("--etag-compare --etag-save", "curl", _CHANGED),
    Elsewhere("-N --no-buffer", "curl", "rows are written as soon as they are known; leave it out"),
    Elsewhere("--http2 --http3", "curl", "requests are sent with HTTP/1.1; leave it out"),
    Elsewhere("--continue", "wget, aria2", "--resume continues a run; -C - goes on with bodies that --save keeps"),
    Elsewhere("--post-file", "wget", "--data-binary @FILE sends the content of a file"),
    Elsewhere("--server-response", "wget", _HEADERS),
    Elsewhere("--auth -a", "httpie", "--user NAME:PASSWORD"),
    Elsewhere("--spider", "wget", "bodies are not saved unless --save is given; -I sends HEAD requests"),
    Elsewhere("--verify", "httpie", "--insecure accepts any certificate"),
    Elsewhere("--dump --offline", "lychee", "--dry-run shows what would be fetched"),
    Elsewhere("--sitemap", "lychee", "--input-format sitemap reads a file or a URL as a sitemap"),
    Elsewhere("--delay --host-request-interval", "lychee", "a pause between requests is a rate: --host-rate 30/m"),
    Elsewhere("--format", "lychee", "-o FORMAT chooses a format, -o help lists them"),
    Elsewhere("-P --directory-prefix", "wget", "--save FOLDER/ saves bodies in a folder"),
    Elsewhere("--output-document", "wget", "--save FILE saves the body of one URL"),
    Elsewhere("--expect-status", "hurl, k6", "--accept 200..299 says which statuses are accepted"),
    Elsewhere("--requests", "hey, ab", "--repeat N fetches each URL N times, one round after the other"),
)
_SAME: Mapping[str, Same] = {flag: same for same in SAME for flag in same.flags.split()}
_ELSEWHERE: Mapping[str, Elsewhere] = {flag: other for other in ELSEWHERE for flag in other.flags.split()}
_BODIES = frozenset((".html", ".htm", ".pdf", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".css", ".js", ".bin", ".iso"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def _flags() -> dict[str, bool]:
    """Whether an option takes a value, by its flags."""
    found = {"--help": False, "-h": False}
    for option in OPTIONS.values():
        for flag in option.flags.replace("/", " ").split():
            found[flag] = option.type is not bool
    return found


def translated(words: Sequence[str]) -> list[str]:
    """The words of a command line in the terms of this command.

    Raises:
        UsageError: a word means something else here, or nothing; the message says what to write.
    """
    return _Translator(words).run()


class _Translator:
    """Reads the words as click does, so that no value is taken for a flag."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._takes_value = deque(words), _flags()
        self._found: list[str] = []
        self._inputs: list[str] = []

    def run(self) -> list[str]:
        while self._words:
            word = self._words.popleft()
            if word == "--":
                self._found += ["--", *self._words]
                break
            if word in ("-nc", "-nv"):
                self._found.append(_SAME[word].here or "")
            elif word.startswith("--"):
                self._long(word)
            elif word.startswith("-") and len(word) > 1:
                self._short(word[1:])
            else:
                self._input(word)
        return self._found

    def _input(self, word: str) -> None:
        self._found.append(word)
        self._inputs.append(word)
        if len(self._inputs) == 2 and self._inputs[0] in _METHODS and "://" in word and not _exists(self._inputs[0]):
            method = self._inputs[0]
            raise UsageError(f"{method} is no list: to choose the method write -X {method} {word}")

    def _long(self, word: str) -> None:
        flag, equals, value = word.partition("=")
        if flag in self._takes_value:
            self._found.append(word)
            if self._takes_value[flag] and not equals:
                self._found += self._value()
        elif flag in _ELSEWHERE:
            raise _refused(flag)
        elif flag in _SAME:
            same = _SAME[flag]
            values = ([value] if equals else self._value()) if same.takes_value else []
            self._found += _written(flag, same, values)
        else:
            self._found.append(word)

    def _short(self, letters: str) -> None:
        """``-sSo rows.jsonl``: flags, and perhaps a value at the end."""
        kept = ""
        for at, letter in enumerate(letters):
            flag, rest = f"-{letter}", letters[at + 1 :]
            if flag in _ELSEWHERE:
                raise _refused(flag)
            if flag in _SAME:
                self._found += _written(flag, _SAME[flag], [])
            elif self._takes_value.get(flag, False):
                value = [rest] if rest else self._value()
                if flag == "-o" and value == ["/dev/null"]:  # where curl puts the body, which is not shown anyway
                    break
                _check(flag, *value)
                self._found += [f"-{kept}{letter}{rest}", *(value if not rest else [])]
                return
            else:
                kept += letter
        if kept:
            self._found.append(f"-{kept}")
            self._check_flag(f"-{kept[-1]}")

    def _check_flag(self, flag: str) -> None:
        """Refuse a value of a flag that has none here: what follows would be taken for a list."""
        word = self._words[0] if self._words else "-"
        if flag == "-n" and word.isdigit():
            raise UsageError(
                f"-n reads ~/.netrc, as in curl; to fetch each URL {word} times, one round after the other, "
                f"write --repeat {word}"
            )
        if flag == "-q" and word.isdigit() and not _exists(word):
            raise UsageError(
                f"-q takes no number: it writes data only; for {word} requests a second write --rate {word}/s"
            )
        if flag == "-O" and not (word.startswith("-") or "://" in word or _exists(word)):
            raise UsageError(f"-O takes no name, as in curl; to save the body of one URL write --save {word}")

    def _value(self) -> list[str]:
        """The next word, if there is one."""
        return [self._words.popleft()] if self._words else []


def _written(flag: str, same: Same, values: list[str]) -> list[str]:
    """What a flag stands for."""
    if same.here is None:
        return []
    if same.takes_value and not values:
        raise UsageError(f"{flag} requires a value")
    if flag == "--tries":
        if not (values[0].isdigit() and int(values[0])):
            raise UsageError(f"--tries: expected a number from 1, got {values[0]!r}; --retry is the number of retries")
        values = [str(int(values[0]) - 1)]
    return [*([same.here] if same.here else []), *values]


def _check(flag: str, value: str = "") -> None:
    """Refuse values that tell that another command is meant."""
    if flag == "-c" and not value.replace(".", "").isdigit() and ("." in value or "/" in value):
        raise UsageError(
            f"-c is the number of requests at once, and not {value!r}; a cookie jar is --cookie-jar FILE, "
            "and --resume continues a run"
        )
    if flag == "-o" and ":" not in value and Path(value).suffix.lower() in _BODIES:
        raise UsageError(f"-o writes rows, and {value!r} is no format of rows; to save the body write --save {value}")


def _refused(flag: str) -> UsageError:
    return UsageError(f"{flag} of {_ELSEWHERE[flag].of} is not an option here: {_ELSEWHERE[flag].advice}")


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False
