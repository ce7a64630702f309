"""The composition root: the only place that builds the objects of a run."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from fetchcli.core.errors import ExitCode, OutputError
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Row
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.engine.fetcher import Fetcher
from fetchcli.engine.remote_lists import make_loader
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.reader import NameRows, RowReader
from fetchcli.inputs.spool import Spooled, rereadable
from fetchcli.messages import print_message
from fetchcli.run.comparison import comparison_with, deciding_code, final_code
from fetchcli.run.delegating import delegate_rows
from fetchcli.run.displays import Displayed, activity_of, make_displays
from fetchcli.run.inputs import (
    check_expectations,
    empty_input_message,
    may_block,
    name_columns,
    open_inputs,
    report_input_problems,
)
from fetchcli.run.interruption import interruption_message
from fetchcli.run.loop import RunLoop
from fetchcli.run.next_step import is_continuable
from fetchcli.run.output_plan import OutputPlan, plan_outputs
from fetchcli.run.outputs import Outputs, is_written, stdout_is_terminal
from fetchcli.run.part_files import PartFiles
from fetchcli.run.sharding import attach_sharding
from fetchcli.run.signals import Interrupt
from fetchcli.run.single import with_body
from fetchcli.run.transports import make_row_cookies, make_run_transport
from fetchcli.sinks.base import Display
from fetchcli.transport.base import Transport

if TYPE_CHECKING:
    from fetchcli.core.baseline.compare import Comparison
    from fetchcli.run.resume import EarlierRun
    from fetchcli.run.saving import Saving
    from fetchcli.save.store import Store
    from fetchcli.transport.cookies import RowCookies


class GivenRows(Protocol):
    """Rows of lists that somebody else has read, and who wants to know what comes of them."""

    def read(self, number: int) -> RowReader:
        """Gives the rows of a round."""

    def display(self, fetcher: Fetcher) -> Display:
        """What is told the outcomes; the run begins now."""


async def compose_and_run(settings: Settings, given: GivenRows | None = None) -> ExitCode:
    """Fetch the rows of the inputs, or those that are given, and return the exit code."""
    async with AsyncExitStack() as stack:
        inputs = await _inputs(settings, stack)
        settings = with_body(name_columns(settings, inputs), stdout_is_terminal=stdout_is_terminal())
        check_expectations(settings, inputs)
        policy, summary, comparison = settings.policy, Summary(settings.thresholds), comparison_with(settings.baseline)
        transport = await make_run_transport(settings, inputs, cookies := make_row_cookies(policy))
        stack.push_async_callback(transport.close)
        saving, store = await _open_store(settings, stack)
        bodies = None if saving is None else saving.sink
        plan = plan_outputs(settings, stdout_is_terminal=stdout_is_terminal(), bodies=bodies)
        earlier_run = _earlier_run(settings, plan, summary, comparison, saving)
        named, is_done = _row_hooks(settings, saving, comparison, earlier_run), _done_rows(settings, earlier_run)
        _begin_collecting()

        def read(number: int) -> RowReader:
            reader = RowReader(inputs, settings.reading, policy, make_loader(transport, policy), round=number)
            reader.is_written, reader.named, reader.is_done = partial(is_written, plan), named, is_done
            return attach_sharding(reader, settings, inputs)

        endless = any(may_block(source, settings.reading) for source in inputs)
        run_loop = RunLoop(settings, summary, comparison, read if given is None else given.read, endless=endless)
        fetcher = _fetcher(settings, transport, run_loop, store)
        displayed = Displayed(inputs, summary, partial(activity_of, fetcher), store, run_loop.part_rows)
        displays = make_displays(settings, plan, displayed) if given is None else [given.display(fetcher)]
        read_files, quiet = _read_files(settings, inputs), settings.quiet
        part_files = PartFiles(settings.outputs, run_loop.reader, read_files, resume=settings.resume)
        outputs = Outputs(plan, read_files, displays, run_loop.stop, quiet=quiet, earlier_run=earlier_run)
        part_files.begin()
        run_loop.fetcher, run_loop.earlier_run = fetcher, earlier_run
        delegate_rows(settings, plan, transport, run_loop, outputs)
        with Interrupt(run_loop.stop) as interrupt:
            await run_loop.run(outputs)
        written = await _close_store(store) and _write_cookies(policy, cookies) and not outputs.failed
        written = written and part_files.finish(run_loop)
        run_loop.has_no_output = outputs.failed and fetcher.stopped and not outputs.reader_gone
        if interrupt.code is not None or (not given and run_loop.has_no_output and is_continuable(settings, plan)):
            print_message(interruption_message(settings, run_loop, inputs, plan))
        return _conclude(settings, run_loop, written, deciding_code(settings, summary, comparison), interrupt.code)


def _begin_collecting() -> None:
    """Let the collector look at what comes from now on; what exists stays."""
    gc.freeze()
    gc.enable()


def _fetcher(settings: Settings, transport: Transport, run_loop: RunLoop, store: "Store[Any] | None") -> Fetcher:
    watch = run_loop.watch if settings.halt is not None else None
    return Fetcher(transport, settings.policy, ordered=settings.ordered, warn=print_message, watch=watch, store=store)


def _earlier_run(
    settings: Settings,
    plan: OutputPlan,
    summary: Summary,
    comparison: "Comparison | None",
    saving: "Saving | None",
) -> "EarlierRun | None":
    """What an earlier run has done; most runs go on with none and import none of it."""
    if not settings.resume:
        return None
    from fetchcli.run.resume import EarlierRun

    return EarlierRun(settings, plan, summary, comparison, None if saving is None else saving.holds)


def _read_files(settings: Settings, inputs: list[Input]) -> list[str]:
    """Every file that the run reads, ``-`` for stdin."""
    return [*(source.path for source in inputs if isinstance(source, File)), *settings.read]


async def _inputs(settings: Settings, stack: AsyncExitStack) -> list[Input]:
    """Open the inputs; unreadable ones are refused now."""
    if settings.demo:
        from fetchcli.run.demo import demo_server

        return [Argument(url) for url in await stack.enter_async_context(demo_server())]
    inputs = open_inputs(settings)
    if settings.rounds.several:
        inputs = [rereadable(source) for source in inputs]
        for source in inputs:
            if isinstance(source, Spooled):
                stack.callback(source.kept.close)
    return inputs


async def _open_store(settings: Settings, stack: AsyncExitStack) -> "tuple[Saving | None, Store[Any] | None]":
    """What names rows, and the store of their bodies; most runs save none and import none of it."""
    if settings.save is None:
        return None, None
    from fetchcli.run.saving import open_saving

    saving, destination = await asyncio.to_thread(open_saving, settings)
    store = saving.store(destination)
    stack.push_async_callback(store.close)
    return saving, store


def _row_hooks(
    settings: Settings, saving: "Saving | None", comparison: "Comparison | None", earlier_run: "EarlierRun | None"
) -> NameRows:
    """What is done to rows before they are fetched: names, what an earlier run has received, and has done."""
    prepared = _prepared_rows(settings, saving, comparison)
    return prepared if earlier_run is None else lambda batches: earlier_run.rows(prepared(batches))


def _done_rows(settings: Settings, earlier_run: "EarlierRun | None") -> Callable[[int, int], bool] | None:
    """What tells rows that are done before they are looked at, if nobody else has to see them."""
    choice = settings.reading.selection
    is_numbered_later = choice.partial or choice.dedupe or choice.shuffle or choice.shard is not None
    sees_all = settings.save is not None or settings.revalidate is not None or settings.baseline is not None
    return None if earlier_run is None or is_numbered_later or sees_all else earlier_run.is_done


def _prepared_rows(settings: Settings, saving: "Saving | None", comparison: "Comparison | None") -> NameRows:
    """Names for the bodies of rows, and what an earlier run has received."""
    if settings.revalidate is None and settings.save is None and comparison is None:
        return iter
    from fetchcli.inputs.earlier import read_earlier
    from fetchcli.run.revalidation import Revalidation

    has_name = None if saving is None else saving.has_name
    find: Callable[[Row], Any] = comparison.earlier if comparison is not None else lambda _: None
    if settings.revalidate is not None:
        find = read_earlier(settings.revalidate, print_message).find
    revalidation = Revalidation(find, settings.policy, settings.max_age, has_name)
    return revalidation.rows if saving is None else lambda batches: revalidation.rows(saving.rows(batches))


async def _close_store(store: "Store[Any] | None") -> bool:
    """Complete what was saved; False if that failed."""
    if store is None:
        return True
    await store.close()
    if store.failure:
        print_message(store.failure)
    return not store.failure


def _write_cookies(policy: Policy, cookies: "RowCookies | None") -> bool:
    """Write the cookie jar, if there is one; False if that failed."""
    if policy.cookies.jar is None or cookies is None:
        return True
    from fetchcli.run.cookie_jar import write_cookie_jar

    try:
        write_cookie_jar(policy.cookies.jar, cookies.jar)
    except OutputError as error:
        print_message(str(error))
        return False
    return True


def _conclude(
    settings: Settings, run_loop: RunLoop, written: bool, outcome_code: ExitCode, interrupted: ExitCode | None
) -> ExitCode:
    """Print the last messages and return the exit code: signals first, then outputs, then the lowest."""
    fetcher, reader, earlier_run = run_loop.fetcher, run_loop.reader, run_loop.earlier_run
    total = run_loop.summary.total if earlier_run is None else earlier_run.listed
    if earlier_run is not None and earlier_run.message:
        print_message(earlier_run.message)
    if interrupted is None and fetcher.unread:
        print_message(f"halted: {fetcher.halted}; the rest of the input was not read")
    empty = "" if total or interrupted is not None else empty_input_message(settings, reader)
    report_input_problems(settings, reader, empty, run_loop.errors)
    if interrupted is not None:
        return interrupted
    return final_code(settings, outcome_code, written=written, is_whole=not (empty or run_loop.errors))
