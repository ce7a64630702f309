"""The transport of a run: in this process, or in workers."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fetchcli._version import __version__
from fetchcli.core.model.policy import Policy
from fetchcli.core.schedule.byte_pacing import BytePacer
from fetchcli.core.settings import Settings
from fetchcli.inputs.base import Input
from fetchcli.transport.base import Transport
from fetchcli.transport.certificates import read_only_once

if TYPE_CHECKING:
    from fetchcli.transport.cookies import RowCookies

USER_AGENT = f"fetchcli/{__version__}"


def load_transport() -> None:
    """Import what a transport needs, which takes as long as a few requests."""
    with read_only_once():
        import fetchcli.transport.aiohttp.hop
        import fetchcli.transport.follow  # noqa: F401 - for `make_transport`


def make_transport(
    policy: Policy,
    user_agent: str = USER_AGENT,
    cookies: "RowCookies | None" = None,
    *,
    identity: bool = False,
) -> Transport:
    """A transport in this process; aiohttp is imported here, because ``--help`` does not need it.

    Args:
        policy: the policy of the run.
        user_agent: the default of the User-Agent field.
        cookies: the cookies of the rows, if somebody else looks at them, too.
        identity: ask for bodies without a coding.
    """
    load_transport()
    from fetchcli.transport.aiohttp.hop import AiohttpHops
    from fetchcli.transport.follow import FollowingTransport

    authenticator = None
    if cookies is None:
        cookies = make_row_cookies(policy)
    if policy.credentials.digest is not None:
        from fetchcli.transport.digest import DigestAuth

        authenticator = DigestAuth(policy.credentials.digest)
    pacer = None if policy.limits.rate is None else BytePacer(policy.limits.rate)
    return FollowingTransport(AiohttpHops(policy), user_agent, authenticator, cookies, pacer, identity=identity)


def make_row_cookies(policy: Policy) -> "RowCookies | None":
    """The cookies of the rows; most runs have none and import none of it."""
    if not policy.cookies.any:
        return None
    from fetchcli.transport.cookies import RowCookies

    return RowCookies(policy.cookies)


async def make_run_transport(settings: Settings, inputs: Sequence[Input], cookies: "RowCookies | None") -> Transport:
    """The transport of a run.

    Args:
        settings: the settings of the run.
        inputs: the lists; ``--processes auto`` counts their rows.
        cookies: the cookies of the rows.

    Raises:
        FetchcliError: the policy makes no sense on this machine.
    """
    policy, identity = settings.policy, settings.save is not None and settings.save.resume
    processes = 1
    if settings.processes != 1:
        from fetchcli.run.workers.number import processes_of

        processes = await asyncio.to_thread(processes_of, settings, inputs)
    if processes == 1:
        return make_transport(policy, cookies=cookies, identity=identity)
    from fetchcli.run.workers.calls import Start
    from fetchcli.run.workers.worker_transport import WorkerTransport

    start = Start(policy, USER_AGENT, identity)
    transport = WorkerTransport(processes, start, lambda: make_transport(policy, cookies=cookies, identity=identity))
    try:
        await transport.start()
    except BaseException:
        await transport.close()
        raise
    return transport
