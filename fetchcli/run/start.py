"""What a command line asks for is started: a run, or a job that sends no requests."""

import asyncio
import gc
from collections.abc import Callable
from functools import partial

from fetchcli.core.errors import ExitCode
from fetchcli.core.model.policy import Tls
from fetchcli.core.settings import Settings
from fetchcli.run.compose import USER_AGENT, comparison_with, compose_and_run
from fetchcli.sinks.formats import parse_output
from fetchcli.transport.certificates import read_early

GC_THRESHOLD = 20_000


def start(settings: Settings) -> ExitCode:
    """Do what the settings say, to the end, and return the exit code.

    Raises:
        FetchcliError: it could not start; nothing was requested.
    """
    if (job := _job_without_requests(settings)) is not None:
        gc.enable()
        return job()
    if settings.policy.cookies.jar is not None:
        from fetchcli.run.cookie_jar import check_cookie_jar

        outputs = [parse_output(text).path for text in settings.outputs]
        check_cookie_jar(settings.policy.cookies.jar, [*settings.inputs, *settings.read, *outputs])
    if settings.policy.tls == Tls():
        read_early()
    # Small requests make many short-lived cycles; collecting them less often saves 10 % of CPU.
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        if not (loop := runner.get_loop()).get_debug():
            # Ignore errors on abandoned connections: their rows have outcomes already.
            loop.set_exception_handler(lambda _loop, _context: None)
        return runner.run(compose_and_run(settings))


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


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows and PyPy have none
        return None
    return uvloop.new_event_loop
