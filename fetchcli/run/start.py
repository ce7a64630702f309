"""What a command line asks for is started: a run, or a job that sends no requests."""

import asyncio
import gc
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fetchcli.core.errors import ExitCode, missing_extra
from fetchcli.core.model.policy import Tls
from fetchcli.core.settings import Settings
from fetchcli.run.comparison import comparison_with
from fetchcli.run.compose import compose_and_run
from fetchcli.run.event_loop import run_on_loop
from fetchcli.run.transports import USER_AGENT
from fetchcli.sinks.formats import parse_output
from fetchcli.transport.certificates import read_early

if TYPE_CHECKING:
    from fetchcli.run.job.shard_pool import ShardEvent, ShardPool


def start(settings: Settings) -> ExitCode:
    """Do what the settings say, to the end, and return the exit code.

    Raises:
        FetchcliError: it could not start; nothing was requested.
    """
    if settings.dask:
        from fetchcli.run.job.job_run import run_in_shards

        return run_on_loop(run_in_shards(settings, partial(_dask_pool, settings.dask)))
    if (job := _job_without_requests(settings)) is not None:
        gc.enable()
        return job()
    if settings.policy.cookies.jar is not None:
        from fetchcli.run.cookie_jar import check_cookie_jar

        outputs = [parse_output(text).path for text in settings.outputs]
        check_cookie_jar(settings.policy.cookies.jar, [*settings.inputs, *settings.read, *outputs])
    if settings.policy.tls == Tls() and settings.processes == 1:
        read_early()
    return run_on_loop(compose_and_run(settings))


def _dask_pool(address: str, topic: str, tell: "Callable[[ShardEvent], None]") -> "ShardPool":
    """A Dask cluster; raises UsageError if its package is not installed."""
    try:
        from fetchcli.run.dask.dask_pool import DaskPool
    except ImportError:
        raise missing_extra("--dask", "distributed", "dask") from None
    return DaskPool(address, topic, tell)


def _job_without_requests(settings: Settings) -> Callable[[], ExitCode] | None:
    if settings.dry_run:
        from fetchcli.run.dry_run import print_dry_run

        return partial(print_dry_run, settings)
    if settings.print_curl:
        from fetchcli.run.print_curl import print_curl

        return partial(print_curl, settings, USER_AGENT)
    if settings.from_results:
        from fetchcli.run.from_results import run_from_results

        return lambda: asyncio.run(run_from_results(settings, comparison_with(settings.baseline)))
    return None
