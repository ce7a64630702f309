"""The totals of a run on one line."""

from fetchcli.core.model.outcome import Verdict
from fetchcli.core.summary.summary import Summary
from fetchcli.core.units import format_bytes, format_clock

Part = tuple[str, Verdict | None]


def totals(summary: Summary) -> list[Part]:
    """``9 accepted, 2 failed in 2.05 s, 5.4/s, 12.3 kB``, in parts, each with the verdict that it counts."""
    accepted = summary.verdicts[Verdict.OK]
    parts: list[Part] = [(f"{accepted:,} accepted", Verdict.OK if accepted else None)]
    if summary.flaky:
        parts.append((f" ({summary.flaky:,} flaky)", Verdict.SKIPPED))
    for count, what in ((summary.not_modified, "not modified"), (summary.from_cache, "not asked again")):
        if count:
            parts.append((f" ({count:,} {what})", None))
    for verdict in (Verdict.FAILED, Verdict.REJECTED, Verdict.SKIPPED, Verdict.CANCELLED):
        if count := summary.verdicts[verdict]:
            parts += [(", ", None), (f"{count:,} {verdict.value.lower()}", verdict)]
    if summary.earlier:
        parts.append((f" ({summary.earlier:,} from an earlier run)", None))
    fetched = summary.total - summary.earlier - summary.verdicts[Verdict.CANCELLED]
    rate = max(fetched, 0) / summary.elapsed if summary.elapsed else 0.0
    elapsed = format_clock(summary.elapsed) if summary.elapsed >= 60 else f"{summary.elapsed:.2f} s"
    return [*parts, (f" in {elapsed}, {rate:,.1f}/s, {format_bytes(summary.size_download)}", None)]


def totals_text(summary: Summary) -> str:
    """The totals as text."""
    return "".join(text for text, _ in totals(summary))
