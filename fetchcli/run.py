"""The composition root: builds the objects of a run, wires them up, and says how it ended."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from itertools import islice

from fetchcli._version import __version__
from fetchcli.core.errors import ExitCode, InputError, OutputError
from fetchcli.core.model import Outcome, Row
from fetchcli.core.policy import Policy
from fetchcli.core.request import default_headers
from fetchcli.core.settings import Settings
from fetchcli.core.summary import Summary, exit_code
from fetchcli.displays import make_displays
from fetchcli.documents import make_loader
from fetchcli.fetcher import Fetcher
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.readahead import ReadAhead
from fetchcli.inputs.reader import RowReader
from fetchcli.interrupt import Interrupt
from fetchcli.messages import say
from fetchcli.outlets import Outlets, plan_outputs
from fetchcli.plan import read_plan
from fetchcli.print_curl import curl_lines
from fetchcli.transport.base import Transport

EMPTY = "the input holds no URL; --allow-empty accepts that"
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
    reader = RowReader((), request=policy.request)
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
        return _print_plan(settings)
    if settings.print_curl:
        return _print_curl(settings)
    # Small requests make many short-lived cycles; collecting them less often is worth 10 % of CPU.
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_run(settings))


def _print_plan(settings: Settings) -> ExitCode:
    policy = settings.policy
    plan = read_plan(RowReader(_named(settings.inputs), settings.reading, policy.request), policy.pace)
    if not plan.total and not settings.allow_empty:
        say(EMPTY)
    try:
        print("\n".join(plan.lines()), flush=True)  # noqa: T201 - it is what was asked for
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None
    faulty = (plan.invalid and not settings.exit_zero) or not (plan.total or settings.allow_empty)
    return ExitCode.INPUT if faulty else ExitCode.OK


def _print_curl(settings: Settings) -> ExitCode:
    reader = RowReader(_named(settings.inputs), settings.reading, settings.policy.request)
    rows = invalid = 0
    try:
        for line in curl_lines(reader, settings, default_headers(USER_AGENT)):
            rows += 1
            invalid += line is None
            if line is not None:
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # `| head`
        sys.stdout = None
        return ExitCode.OUTPUT
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None
    for problem in reader.errors:
        say(str(problem))
    empty = not (rows or reader.errors or settings.allow_empty)
    if empty:
        say(EMPTY)
    return ExitCode.INPUT if empty or reader.errors or (invalid and not settings.exit_zero) else ExitCode.OK


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
        summary = Summary()
        transport = make_transport(settings.policy)
        stack.push_async_callback(transport.close)
        load = make_loader(transport, settings.policy)
        reader = RowReader(inputs, settings.reading, settings.policy.request, load)
        fetcher = Fetcher(transport, settings.policy, ordered=settings.ordered, warn=say)
        plan = plan_outputs(settings, stdout_is_terminal=sys.stdout is not None and sys.stdout.isatty())
        displays = make_displays(settings, plan, inputs, summary, fetcher)
        outlets = Outlets(plan.data, inputs, displays, fetcher.stop)
        with Interrupt(fetcher.stop) as interrupt:
            await _pump(fetcher.run(ReadAhead(reader.batches())), summary, outlets)
        if interrupt.code is not None:
            say(f"interrupted after {summary.total:,} outcomes; the rest of the input was not fetched")
        _complain(reader.errors, summary, empty_is_fine=settings.allow_empty or interrupt.code is not None)
        return _exit_code(settings, summary, reader, outlets, interrupt.code)


async def _inputs(settings: Settings, stack: AsyncExitStack) -> list[Input]:
    """What to read; everything that can be seen to be unreadable is refused now."""
    if settings.demo:
        from fetchcli.demo import demo_server

        return [Argument(url) for url in await stack.enter_async_context(demo_server())]
    return _named(settings.inputs)


def _named(texts: tuple[str, ...]) -> list[Input]:
    inputs: list[Input] = [Argument(text) if "://" in text else File(text) for text in texts]
    for source in inputs:
        if isinstance(source, File):
            source.check()
    return inputs


async def _pump(outcomes: AsyncGenerator[Outcome, None], summary: Summary, outlets: Outlets) -> None:
    """Carry every outcome to the summary and to the sinks, and close them whatever happens."""
    began = time.monotonic()
    try:
        async with aclosing(outcomes):
            async for outcome in outcomes:
                summary.add(outcome)
                outlets.handle(outcome)
                if outlets.congested:
                    await outlets.relieved()
    finally:
        summary.elapsed = time.monotonic() - began
        await asyncio.shield(asyncio.to_thread(outlets.close, summary))


def _complain(errors: list[InputError], summary: Summary, *, empty_is_fine: bool) -> None:
    for error in errors:
        say(str(error))
    if not (summary.total or errors or empty_is_fine):
        say(EMPTY)


def _exit_code(
    settings: Settings, summary: Summary, reader: RowReader, outlets: Outlets, interrupted: ExitCode | None
) -> ExitCode:
    """Signals first, then outputs, then the lowest of the rest."""
    if interrupted is not None:
        return interrupted
    if outlets.failed:
        return ExitCode.OUTPUT
    judged = exit_code(summary)
    if settings.exit_zero and judged is not ExitCode.INTERNAL:
        judged = ExitCode.OK
    if judged is ExitCode.INTERNAL:
        return judged
    if reader.errors or not (summary.total or settings.allow_empty):
        return ExitCode.INPUT
    return judged
