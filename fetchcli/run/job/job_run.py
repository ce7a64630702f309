"""A run in shards: cut the list, let the shards be fetched, and take their results to the outputs."""

import asyncio
import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import token_hex

import msgspec

from fetchcli.core.errors import ExitCode, FetchcliError, OutputError
from fetchcli.core.job.job_record import JobRecord
from fetchcli.core.job.share import max_parallel, rest_seconds
from fetchcli.core.journal.latest import LatestRows
from fetchcli.core.journal.shape import Shape
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import visible
from fetchcli.engine.remote_lists import make_loader
from fetchcli.inputs.base import File
from fetchcli.inputs.readahead import ReadAhead
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.results_file import ResultsFile
from fetchcli.messages import print_message
from fetchcli.run.comparison import comparison_with, deciding_code, final_code
from fetchcli.run.displays import Displayed, make_displays
from fetchcli.run.from_results import Merge
from fetchcli.run.inputs import (
    check_expectations,
    empty_input_message,
    name_columns,
    open_inputs,
    report_input_problems,
)
from fetchcli.run.job.cutting import Cutting
from fetchcli.run.job.dealer import CutShard, Dealer
from fetchcli.run.job.folder import JobFolder
from fetchcli.run.job.shard_pool import ShardEvent, ShardPool
from fetchcli.run.job.shard_settings import job_folder_of, shard_settings
from fetchcli.run.job.shard_task import ShardTask
from fetchcli.run.output_plan import plan_outputs, schema_of
from fetchcli.run.outputs import Outputs, is_written, stdout_is_terminal
from fetchcli.run.signals import Interrupt
from fetchcli.run.transports import make_transport
from fetchcli.transport.base import Transport

MakePool = Callable[[str, Callable[[ShardEvent], None]], ShardPool]
CHAINS_PER_SLOT = 4  # so that hosts spread evenly
WATCH_SECONDS = 1.0
MIN_CHAINS, MAX_CHAINS = 8, 4096


async def run_in_shards(settings: Settings, make_pool: MakePool) -> ExitCode:
    """Fetch the rows of the inputs in shards, and return the exit code.

    Args:
        settings: the settings of the run.
        make_pool: makes the pool, given a name that no other job has, and who is told what comes of shards.

    Raises:
        FetchcliError: it could not start; nothing was requested.
    """
    loop, jobs = asyncio.get_running_loop(), list[JobRun]()

    def tell(event: ShardEvent) -> None:
        loop.call_soon_threadsafe(lambda: jobs[0].dealer.take(event))

    folders = [job_folder_of(settings)]
    if settings.save is not None:
        from fetchcli.run.job.saved_bodies import folder_of_bodies

        folders += filter(None, [folder_of_bodies(settings)])
    folder = JobFolder(folders[0])
    pool = await asyncio.to_thread(make_pool, token_hex(8), tell)
    transport = make_transport(settings.policy)
    gc.freeze()
    gc.enable()
    try:
        jobs.append(JobRun(settings, pool, folder, folders, transport))
        return await jobs[0].run()
    except FetchcliError:
        folder.remove_if_unused()
        raise
    finally:
        await transport.close()
        await asyncio.to_thread(pool.close)


class JobRun:
    """One job.

    Args:
        settings: the settings of the run.
        pool: has room for shards.
        folder: the folder of the job.
        shared: folders that all workers must reach.
        transport: fetches lists that are sitemaps.

    Attributes:
        dealer: deals the shards.
    """

    def __init__(
        self, settings: Settings, pool: ShardPool, folder: JobFolder, shared: list[str], transport: Transport
    ) -> None:
        self._pool, self._folder, self._shared = pool, folder, shared
        self._inputs = open_inputs(settings)
        self._settings = settings = name_columns(settings, self._inputs)
        check_expectations(settings, self._inputs)
        self._summary, self._comparison = Summary(settings.thresholds), comparison_with(settings.baseline)
        # Results are kept by shard, so that the outputs are written anew by a run that goes on.
        anew = msgspec.structs.replace(settings, resume=False)
        self._plan = plan_outputs(anew, stdout_is_terminal=stdout_is_terminal())
        parallel = max_parallel(settings.policy, pool.slots)
        self._of_shards = shard_settings(settings, self._plan.schema.names, parallel)
        self._columns, self._rest = schema_of(self._of_shards).names, rest_seconds(settings.policy)
        self._job = folder.begin(self._fresh(parallel), resume=settings.resume)
        self._reader = RowReader(
            self._inputs, settings.reading, settings.policy, make_loader(transport, settings.policy)
        )
        self._reader.is_written = partial(is_written, self._plan)
        if settings.save is not None:
            self._name_rows(settings)
        self._cutting = Cutting(folder, self._job)
        self._is_cut = False
        self._stopped = asyncio.Event()
        self.dealer = Dealer(parallel, self._rest, self._submit)

    def _fresh(self, parallel: int) -> JobRecord:
        """How a new job is cut."""
        chains = max(MIN_CHAINS, min(MAX_CHAINS, CHAINS_PER_SLOT * self._pool.slots))
        split = self._settings.reading.selection.split_hosts
        return JobRecord(chains=chains, parallel=parallel, split=split, columns=self._columns)

    def _name_rows(self, settings: Settings) -> None:
        """Name the bodies of rows here, where all rows are seen."""
        from fetchcli.run.saving import open_saving

        saving, _ = open_saving(settings)
        self._reader.named = saving.rows

    async def run(self) -> ExitCode:
        """Run to the end."""
        probes = {name: JobFolder(name).write_probe() for name in self._shared}
        await asyncio.to_thread(self._pool.check, probes)
        settings, began = self._settings, time.monotonic()
        displayed = Displayed(self._inputs, self._summary, self.dealer.activity, None, self._total)
        displays = make_displays(settings, self._plan, displayed)
        read = [source.path for source in self._inputs if isinstance(source, File)]
        outputs = Outputs(self._plan, [*read, *settings.read], displays, self._stop, quiet=settings.quiet)
        with Interrupt(self._stop) as interrupt:
            cutting, watching = asyncio.create_task(self._cut()), asyncio.create_task(self._watch())
            try:
                await self._merge(outputs)
                if not self._stopped.is_set():
                    await cutting
            finally:
                cutting.cancel()
                watching.cancel()
                for name in self._shared:
                    JobFolder(name).remove_probe()
                await asyncio.gather(cutting, watching, return_exceptions=True)
                self._summary.elapsed = time.monotonic() - began
                if self._comparison is not None:
                    self._summary.changes = self._comparison.finish(whole=self._is_whole)
                await asyncio.to_thread(outputs.close, self._summary, complete=self._is_whole)
        return self._conclude(outputs, interrupt.code)

    def _total(self) -> int | None:
        """Number of rows, once the list was read."""
        return self._cutting.rows if self._is_cut else None

    @property
    def _is_whole(self) -> bool:
        """Whether every row has its outcome."""
        return self._is_cut and not (self._stopped.is_set() or self.dealer.failure or self._reader.errors)

    def _stop(self, _reason: str) -> None:
        self._stopped.set()
        self.dealer.stop()

    async def _cut(self) -> None:
        """Cut the list into shards."""
        try:
            async for shard in self._cutting.shards(ReadAhead(self._reader.batches())):
                record = self._folder.committed(shard.cut.number)
                if record is not None and record.fingerprint != shard.fingerprint:
                    raise OutputError(
                        f"{visible(self._folder.name)}: holds results of another list; remove the folder to begin anew"
                    )
                self.dealer.add(shard, record)
            self._is_cut = True
            self.dealer.end()
        except BaseException:
            self.dealer.stop()
            raise

    async def _watch(self) -> None:
        """End the run if nobody can fetch anything any more."""
        while not self._pool.problem:  # noqa: ASYNC110 - the pool has no event for that
            await asyncio.sleep(WATCH_SECONDS)
        self.dealer.lose(self._pool.problem)

    def _submit(self, shard: CutShard, avoid: str) -> None:
        """Give a shard to the pool."""
        earlier = tuple(self._folder.results(self.dealer.results[number]) for number in shard.cut.after)
        task = ShardTask(
            self._folder.name,
            shard.cut.number,
            shard.cut.rows,
            shard.files,
            shard.fingerprint,
            self._of_shards,
            earlier,
            self._rest,
            str(Path.cwd()),
        )
        self._pool.submit(task, avoid)

    async def _merge(self, outputs: Outputs) -> None:
        """Take the results of each shard to the outputs when it is done."""
        shape, latest = Shape(self._columns), LatestRows()
        merge = Merge(self._summary, self._comparison, outputs)
        while (record := await self.dealer.done.get()) is not None:
            await merge.take(ResultsFile(File(self._folder.results(record))), shape, latest, self._stopped)

    def _conclude(self, outputs: Outputs, interrupted: ExitCode | None) -> ExitCode:
        """Print the last messages and return the exit code."""
        settings, summary, failure = self._settings, self._summary, self.dealer.failure
        empty = "" if self._cutting.rows or not self._is_cut else empty_input_message(settings, self._reader)
        for message in self.dealer.messages:
            print_message(message)
        report_input_problems(settings, self._reader, empty, [str(error) for error in self._reader.errors])
        if self._is_whole and not outputs.failed:
            self._folder.remove()
        elif interrupted is None and failure is None and not self.dealer.results:
            self._folder.remove_if_unused()
        else:
            print_message(self._what_is_left(interrupted))
        if interrupted is not None:
            return interrupted
        if failure is not None and not outputs.failed:
            return ExitCode(failure.code)
        code = deciding_code(settings, summary, self._comparison)
        return final_code(settings, code, written=not outputs.failed, is_whole=not (empty or self._reader.errors))

    def _what_is_left(self, interrupted: ExitCode | None) -> str:
        """Why the job has not ended, and how it goes on."""
        failure, count = self.dealer.failure, self._summary.total
        reason = "interrupted" if interrupted is not None else "stopped"
        if failure is not None and not failure.number:
            reason = failure.reason
        elif failure is not None:
            where = f" on {failure.worker}" if failure.worker else ""
            reason = f"shard {failure.number} failed{where}: {failure.reason}"
        kept = f"{count:,} outcome{'s are' if count != 1 else ' is'} kept in {visible(self._folder.name)}"
        return f"{reason}; {kept}; to continue: {self._settings.continuing_command or 'the same command with --resume'}"
