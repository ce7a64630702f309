"""Whether workers make whole rows: only if nothing in a run has to see the outcomes of accepted ones."""

from functools import partial

from fetchcli.core.settings import Settings
from fetchcli.engine.delegation import Delegation
from fetchcli.run.loop import RunLoop
from fetchcli.run.output_plan import OutputPlan
from fetchcli.run.outputs import Outputs
from fetchcli.transport.base import Transport


def delegate_rows(
    settings: Settings, plan: OutputPlan, transport: Transport, run_loop: RunLoop, outputs: Outputs
) -> None:
    """Let the workers of a run, if it has any, make whole rows."""
    if settings.processes == 1 or plan.lines is None or _sees_outcomes(settings):
        return
    from fetchcli.run.workers.calls import Lines
    from fetchcli.run.workers.worker_transport import WorkerTransport

    if isinstance(transport, WorkerTransport):
        transport.encode_rows(Lines(plan.lines.name, plan.schema, run_loop.fetcher.epoch))
        accept = partial(run_loop.accept, outputs)
        run_loop.fetcher.delegation = Delegation(
            transport, settings.policy.request, lambda: outputs.takes_lines, accept
        )


def _sees_outcomes(settings: Settings) -> bool:
    """Whether more is done with accepted rows than to count and to write them."""
    policy = settings.policy
    redactor = policy.credentials.redactor
    return bool(
        settings.ordered
        or settings.halt is not None
        or settings.resume
        or settings.rounds.several
        or settings.thresholds
        or settings.baseline is not None
        or settings.save is not None
        or settings.revalidate is not None
        or policy.checks
        or (redactor is not None and redactor.any)
    )
