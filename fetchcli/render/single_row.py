"""One URL at a terminal: status, phases as a waterfall, redirects, certificate, headers, and the body."""

import json
import re
from http import HTTPStatus
from itertools import pairwise
from time import gmtime, strftime, time

import msgspec
from rich.console import Console
from rich.text import Text

from fetchcli.core.http1.charset import charset_of
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.reasons import reason_of
from fetchcli.core.text import visible
from fetchcli.core.timings import Timings
from fetchcli.core.units import format_bytes, format_days, format_seconds
from fetchcli.core.url.shown import shown_url
from fetchcli.render.console import STYLES, status_of, url_of
from fetchcli.render.wrapping import Columns, wrapped

PHASES = ("name lookup", "connect", "TLS", "wait", "content")
MAX_BAR = 50
MAX_LINES = 12  # of an excerpt
DAY = 86_400
_JSON_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b')
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def single_lines(outcome: Outcome, console: Console, *, whole: bool) -> list[Text]:
    """What there is to see of an outcome.

    Args:
        outcome: the outcome; its body was kept.
        console: where it is shown.
        whole: show the body whole, and not its beginning.
    """
    response, failure = outcome.response, outcome.failure
    lines = [
        *wrapped(_status_line(outcome), console, console.width),
        *wrapped(Text(url_of(outcome)), console, console.width),
    ]
    if reason := reason_of(outcome):
        lines += wrapped(Text(visible(reason), STYLES[outcome.verdict]), console, console.width)
    if response is None:
        timings = failure.timings if failure is not None else Timings()
        return [*lines, Text(), *_waterfall(timings, console, "failed")]
    for hop in response.redirects:
        lines += wrapped(Text(f"{hop.status} from {visible(hop.url)}", "dim"), console, console.width)
    if response.redirects:
        lines += wrapped(Text(f"redirected to {visible(shown_url(response.url))}"), console, console.width)
    lines += [Text(), *_waterfall(response.timings, console)]
    lines += [Text(), *_header_lines(response, console)]
    body = _body_lines(response, console, whole=whole)
    return [*lines, Text(), *body] if body else lines


def _status_line(outcome: Outcome) -> Text:
    """``200 OK, 1.2 kB in 532 ms from 127.0.0.1``."""
    response = outcome.response
    line = Text.assemble(status_of(outcome))
    if response is not None:
        named = f"{response.status} {_phrase(response.status)}".rstrip()
        line = Text.assemble((named, STYLES[outcome.verdict]))
        size = format_bytes(response.size_decoded)
        coded = (
            f" ({format_bytes(response.size_download)} sent)" if response.size_download != response.size_decoded else ""
        )
        line.append(f", {size}{coded}")
    if outcome.attempts:
        how = " in" if response is not None else ": failed after"
        line.append(f"{how} {format_seconds(outcome.attempts[-1].elapsed)}")
    peer = response.remote_ip if response is not None else outcome.failure.remote_ip if outcome.failure else ""
    line.append(f" from {visible(peer)}" if peer else "")
    if outcome.attempt_count > 1:
        line.append(f", attempt {outcome.attempt_count}")
    return line


def _phrase(status: int) -> str:
    """The name of a status (RFC 9110 section 15); servers send what they like."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _waterfall(timings: Timings, console: Console, final: str = PHASES[-1]) -> list[Text]:
    """The phases that took place, each with its seconds, and where it is in the whole; ``final`` names the last one."""
    ends = (timings.namelookup, timings.connect, timings.appconnect, timings.starttransfer, timings.total)
    took_place = [(name, end) for name, end in zip((*PHASES[:-1], final), ends, strict=True) if end]
    if not took_place:
        return []
    spans = list(pairwise([0.0, *(end for _, end in took_place)]))
    columns = Columns(
        [
            [Text(name, "dim"), format_seconds(max(end - start, 0.0))]
            for (name, _), (start, end) in zip(took_place, spans, strict=True)
        ],
        right=(1,),
    )
    width, whole = min(console.width - columns.width - 1, MAX_BAR), took_place[-1][1]
    lines = columns.lines()
    if width >= len(PHASES) and whole > 0:
        for line, (start, end) in zip(lines, spans, strict=True):
            first, last = (round(width * at / whole) for at in (start, end))
            line.append(" " * min(first, width - 1)).append("━" * max(last - first, 1), "cyan")
    for line in lines:
        line.rstrip()
    return lines


def _header_lines(response: Response, console: Console) -> list[Text]:
    lines: list[Text] = []
    rows = [(name.decode("latin-1"), value) for name, values in response.headers.items() for value in values]
    for name, value in rows:
        line = Text.assemble((f"{visible(name)}: ", "cyan"), visible(value.decode("utf-8", "replace")))
        lines += wrapped(line, console, console.width)
    if response.cert_expires:
        left = (response.cert_expires - time()) / DAY
        date = strftime("%Y-%m-%d", gmtime(response.cert_expires))
        text = Text(f"certificate: valid for {format_days(left)}, until {date}", "dim")
        lines += wrapped(text, console, console.width)
    return lines


def _body_lines(response: Response, console: Console, *, whole: bool) -> list[Text]:
    """The body, readable: JSON indented and coloured, other text as it is, and nothing that is no text."""
    body, size = response.body or b"", response.size_decoded
    if not size:
        return []
    kind = response.content_type.partition(";")[0].strip()
    text = body.decode(charset_of(response.content_type), "replace").removeprefix("\ufeff")
    strange = "\0" in text if whole else _CONTROL.search(text)  # the others are escaped
    if response.unknown_coding or strange or text.count("\ufffd") * 20 > len(text):
        named = visible(kind) or "no text"
        return [Text(f"a body of {format_bytes(size)} ({named}); --save FILE saves it", "dim")]
    lines = _json_lines(text) if response.body_complete and "json" in kind else None
    if lines is None:
        lines = [Text(visible(line.expandtabs())) for line in text.splitlines()]
    if whole and response.body_complete:
        return lines
    shown = [part for line in lines[:MAX_LINES] for part in wrapped(line, console, console.width)][:MAX_LINES]
    if len(shown) < sum(-(-max(line.cell_len, 1) // console.width) for line in lines) or not response.body_complete:
        shown.append(Text(f"… {format_bytes(size)} in all; --body prints it whole", "dim"))
    return shown


def _json_lines(text: str) -> list[Text] | None:
    """JSON with an indent and colours; None if it is none."""
    try:
        json.loads(text)
        written = msgspec.json.format(text, indent=2)  # numbers stay as they are written
    except (ValueError, RecursionError, msgspec.DecodeError):
        return None
    return [_colored(visible(_JSON_TOKEN.sub(_unescaped, line))) for line in written.splitlines()]


def _unescaped(token: re.Match[str]) -> str:
    """A token of JSON, with the characters of a text as such."""
    if token[1] is None:
        return token[0]
    return f"{json.dumps(json.loads(token[1]), ensure_ascii=False)}{token[2] or ''}"


def _colored(line: str) -> Text:
    text = Text(line)
    for match in _JSON_TOKEN.finditer(line):
        is_name, is_text = match[2] is not None, match[1] is not None
        style = "cyan" if is_name else "green" if is_text else "magenta"
        text.stylize(style, match.start(), match.end(1) if is_text else match.end())
    return text
