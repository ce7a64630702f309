"""Rows on the screen: what they came to, the URL, and why."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.failure_groups import ALIKE, FailureGroup, FailureGroups
from fetchcli.core.summary.reasons import reason_of
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_bytes, format_seconds
from fetchcli.core.url.shown import shorten_url, shown_url
from fetchcli.render.console import STYLES, outcome_line, safe, status_of, url_of
from fetchcli.render.wrapping import GAP, Columns, LastColumn, last_column, put, under_header, wrapped

MIN_WIDTH = 60  # narrower than this, there is no room for time and size
MAX_REASON = 300
MIN_EXAMPLE = 40


def row_lines(outcomes: Sequence[Outcome], console: Console) -> list[Text]:
    """A header, and a line for each row: status, time, size, URL, and why it failed."""
    has_numbers = console.width >= MIN_WIDTH
    header = ["status", "time", "size"] if has_numbers else ["status"]
    cells = [[status_of(outcome), *(_time_and_size(outcome) if has_numbers else ())] for outcome in outcomes]
    columns = Columns([header, *cells], right=(1, 2))
    heads, place = columns.lines(), last_column(columns.width, console)
    lines: list[Text] = []
    for head, outcome, label in zip(heads[1:], outcomes, labels(outcomes, place.room), strict=True):
        lines += described(head, place, label, _remarks(outcome, place.room), console)
    return under_header(heads[0].append("url"), lines, console)


def failure_lines(failures: FailureGroups, limit: int, console: Console) -> list[Text]:
    """Failures: those that are alike on one line, with their number and an example; others on a line each.

    Args:
        failures: the failures.
        limit: maximum number of lines with failures.
        console: where they are shown.
    """
    shown: list[tuple[FailureGroup, Outcome]] = []
    for group in failures.listed():
        shown += [(group, outcome) for outcome in group.outcomes[: 1 if group.count >= ALIKE else None]]
    shown = shown[:limit]
    columns = Columns([["failed"], *([status_of(outcome)] for _, outcome in shown)])
    heads, place = columns.lines(), last_column(columns.width, console)
    found = labels([outcome for _, outcome in shown], place.room)
    lines: list[Text] = []
    for head, (group, outcome), label in zip(heads[1:], shown, found, strict=True):
        if group.count >= ALIKE:
            lines += put(head, place, _group_lines(group, place.room, console))
        else:
            lines += described(head, place, label, _remarks(outcome, place.room), console)
    rest = failures.count - sum(group.count for group in {id(group): group for group, _ in shown}.values())
    lines += [Text(f"and {rest:,} more", style="dim")] if rest > 0 else []
    return under_header(heads[0].append("url"), lines, console)


def _remarks(outcome: Outcome, room: int) -> str:
    """Where redirects ended, and why the row failed."""
    response, end = outcome.response, ""
    if response is not None and response.redirects and response.url != outcome.row.text:
        url = visible(shown_url(response.url))
        end = f"redirected to {shorten_url(url, max(room - len('redirected to '), MIN_EXAMPLE), cell_len)}"
    return "; ".join(filter(None, (end, reason_of(outcome))))


def _time_and_size(outcome: Outcome) -> tuple[str, str]:
    elapsed = format_seconds(outcome.attempts[-1].elapsed) if outcome.attempts else "-"
    return elapsed, format_bytes(outcome.response.size_download) if outcome.response else "-"


def labels(outcomes: Sequence[Outcome], room: int) -> list[str]:
    """The URLs of rows, shortened; those that would look alike say what tells them apart."""
    urls = [url_of(outcome) for outcome in outcomes]
    short = [shorten_url(url, room, cell_len) for url in urls]
    seen = Counter(short)
    found = []
    for outcome, url, text in zip(outcomes, urls, short, strict=True):
        mark = f" (round {outcome.row.round})" if outcome.row.round > 1 else ""
        if seen[text] > 1 and not mark:
            mark = f" {_origin(outcome)}"
        found.append(shorten_url(url, room - cell_len(mark), cell_len) + mark if mark else text)
    return found


def _origin(outcome: Outcome) -> str:
    """What tells a row from others with its URL: its tag, its line, or its number."""
    row = outcome.row
    if row.tag:
        return f"[{visible(row.tag)}]"
    if row.line:
        return f"({'stdin' if row.source == '-' else visible(PurePath(row.source).name)}:{row.line})"
    return f"(row {row.seq})"


def described(head: Text, place: LastColumn, label: str, reason: str, console: Console) -> list[Text]:
    """The lines of a row; a reason that has no room behind the URL goes below it."""
    why = Text(visible(shorten(reason, MAX_REASON)), style="dim")
    text = Text(label)
    if why and text.cell_len + GAP + why.cell_len <= place.room:
        return put(head, place, [Text.assemble(text, " " * GAP, why)])
    lines = wrapped(text, console, place.room)  # a host may be longer than the line
    return put(head, place, [*lines, *(wrapped(why, console, place.room) if why else [])])


def _group_lines(group: FailureGroup, room: int, console: Console) -> list[Text]:
    """``connection refused: 400 rows, such as http://127.0.0.9:9/a``."""
    reason = visible(shorten(group.reason, MAX_REASON))
    text = Text.assemble((f"{reason}: ", "dim") if reason else "", f"{group.count:,} rows, such as")
    lines = wrapped(text, console, room)
    left = room - lines[-1].cell_len - 1
    (example,) = labels(group.outcomes[:1], left if left >= MIN_EXAMPLE else room)
    if cell_len(example) <= left:
        lines[-1].append(f" {example}")
    else:
        lines += wrapped(Text(example), console, room)
    return lines


def group_line(group: FailureGroup, width: int) -> Text:
    """A group on one line, for the progress: ``connect: connection refused, 400 rows, 127.0.0.9:9``."""
    if group.count == 1:
        return outcome_line(group.outcomes[0], width)
    example = group.outcomes[0].row.host or group.outcomes[0].row.text
    count = f", {group.count:,} rows, {visible(example)}"
    what = f"{group.what}: {group.reason}" if group.reason else group.what
    return safe(shorten(what, max(width - cell_len(count), len(group.what))), STYLES[group.outcomes[0].verdict]).append(
        count, style="dim"
    )
