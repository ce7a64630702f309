"""The composition root: builds the objects of a run, wires them up, and says how it ended."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from itertools import islice

from fetchcli._version import __version__
from fetchcli.core.baseline import Comparison
from fetchcli.core.errors import ExitCode
from fetchcli.core.model import Outcome, Row
from fetchcli.core.policy import Policy
from fetchcli.core.settings import Settings
from fetchcli.core.summary import Summary, exit_code
from fetchcli.course import Course
from fetchcli.displays import make_displays
from fetchcli.documents import make_loader
from fetchcli.fetcher import Fetcher
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.baseline import read_baseline
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.spool import Spooled, rereadable
from fetchcli.interrupt import Interrupt
from fetchcli.listing import complain, is_endless, named_inputs, refuse_malformed, why_empty
from fetchcli.messages import say
from fetchcli.outlets import Outlets, plan_outputs
from fetchcli.transport.base import Transport

USER_AGENT = f"fetchcli/{__version__}"
ROWS_AHEAD = 16  # of an iterable that a caller of `fetch` hands in
GC_THRESHOLD = 20_000


async def fetch(
    urls: Iterable[str] | AsyncIterable[str], policy: Policy | None = None, *, ordered: bool = False
) -> AsyncGenerator[Outcome, None]:
    """Fetch URLs concurrently; yield one `Outcome` for each, as soon as it is known.

    The iterable is read lazily, and little is started while the caller does not ask for the next
    outcome (`Fetcher.run`). Breaking out early cancels what is in flight (use
    ``contextlib.aclosing`` to have that done at once).

    Args:
        urls: absolute http(s) URLs; what is none becomes a REJECTED outcome.
        policy: concurrency, timeouts, redirects and accepted statuses; the defaults if None.
        ordered: yield in the order of ``urls``, in bounded memory.
    """
    policy = policy or Policy()
    transport = make_transport(policy)
    try:
        fetcher = Fetcher(transport, policy, ordered=ordered)
        async with aclosing(_batches(urls, policy)) as batches, aclosing(fetcher.run(batches)) as outcomes:
            async for outcome in outcomes:
                yield outcome
    finally:
        await transport.close()


async def _batches(urls: Iterable[str] | AsyncIterable[str], policy: Policy) -> AsyncGenerator[list[Row], None]:
    reader = RowReader((), policy=policy)
    if isinstance(urls, AsyncIterable):
        async with AsyncExitStack() as stack:
            if isinstance(urls, AsyncGenerator):
                await stack.enter_async_context(aclosing(urls))
            async for url in urls:
                yield [reader.row(url)]
    else:
        iterator = iter(urls)
        while batch := [reader.row(url) for url in islice(iterator, ROWS_AHEAD)]:
            yield batch


def make_transport(policy: Policy) -> Transport:
    """The transport over aiohttp, imported only here: ``--help`` must not wait for it."""
    from fetchcli.transport.aiohttp_client import AiohttpTransport

    return AiohttpTransport(policy, USER_AGENT)


def run(settings: Settings) -> ExitCode:
    """Run to the end and return the exit code.

    Raises:
        FetchcliError: the run could not begin; nothing was requested.
    """
    if settings.dry_run:
        from fetchcli.plan import print_plan

        return print_plan(settings)
    if settings.print_curl:
        from fetchcli.print_curl import print_curl

        return print_curl(settings, USER_AGENT)
    # Small requests make many short-lived cycles; collecting them less often is worth 10 % of CPU.
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_run(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows and PyPy have none
        return None
    return uvloop.new_event_loop


async def _run(settings: Settings) -> ExitCode:
    loop = asyncio.get_running_loop()
    if not loop.get_debug():
        # What happens on a connection that was given up already is told to nobody: its row has its outcome.
        loop.set_exception_handler(lambda _loop, _context: None)
    async with AsyncExitStack() as stack:
        inputs = await _inputs(settings, stack)
        refuse_malformed(settings, inputs)
        policy, summary = settings.policy, Summary(settings.thresholds)
        comparison = Comparison(read_baseline(settings.baseline)) if settings.baseline is not None else None
        transport = make_transport(policy)
        stack.push_async_callback(transport.close)
        gc.freeze()  # what is there by now stays: it need not be looked at again and again
        load = make_loader(transport, policy)

        def read(number: int) -> RowReader:
            return RowReader(inputs, settings.reading, policy, load, round=number)

        course = Course(settings, summary, comparison, read, endless=any(map(is_endless, inputs)))
        watch = course.watch if settings.halt is not None else None
        fetcher = Fetcher(transport, policy, ordered=settings.ordered, warn=say, watch=watch)
        plan = plan_outputs(settings, stdout_is_terminal=sys.stdout is not None and sys.stdout.isatty())
        displays = make_displays(settings, plan, inputs, summary, fetcher)
        sources = [*inputs, *([File(settings.baseline)] if settings.baseline is not None else [])]
        outlets = Outlets(plan, sources, displays, course.stop, quiet=settings.quiet)
        course.fetcher = fetcher
        with Interrupt(course.stop) as interrupt:
            await course.run(outlets)
        fresh = comparison.fresh if settings.only_new and comparison is not None else None
        judged = exit_code(summary, fresh)
        return _conclude(settings, course, outlets, judged, interrupt.code)


async def _inputs(settings: Settings, stack: AsyncExitStack) -> list[Input]:
    """What to read; everything that can be seen to be unreadable is refused now."""
    if settings.demo:
        from fetchcli.demo import demo_server

        return [Argument(url) for url in await stack.enter_async_context(demo_server())]
    inputs = named_inputs(settings.inputs)
    if settings.rounds.several:
        inputs = [rereadable(source) for source in inputs]
        for source in inputs:
            if isinstance(source, Spooled):
                stack.callback(source.kept.close)
    return inputs


def _conclude(
    settings: Settings, course: Course, outlets: Outlets, judged: ExitCode, interrupted: ExitCode | None
) -> ExitCode:
    """Say what is left to be said; signals first, then outputs, then the lowest of the rest."""
    fetcher, reader, total = course.fetcher, course.reader, course.summary.total
    if interrupted is not None:
        ended = f"interrupted after {total:,} outcome{'s' * (total != 1)}"
        say(ended if settings.rounds.several else f"{ended}; the rest of the input was not fetched")
    elif fetcher.unread:
        say(f"halted: {fetcher.halted}; the rest of the input was not read")
    empty = "" if total or interrupted is not None else why_empty(settings, reader)
    complain(settings, reader, empty, course.errors)
    if interrupted is not None:
        return interrupted
    if outlets.failed:
        return ExitCode.OUTPUT
    if settings.exit_zero and judged is not ExitCode.INTERNAL:
        judged = ExitCode.OK
    if judged is ExitCode.INTERNAL:
        return judged
    return ExitCode.INPUT if empty or course.errors else judged
