"""What a fetch ends with: a response, or a failure that says where it happened."""

import time

from fetchcli.core.errors import ErrorKind, Failure, Remedy, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.revalidation.conditions import NOT_MODIFIED
from fetchcli.core.timings import Timings
from fetchcli.transport.base import Hop
from fetchcli.transport.body import Body
from fetchcli.transport.redirect_chain import RedirectChain


def failure_of(error: Exception, chain: RedirectChain, policy: Policy, *, timed_out: bool) -> Failure:
    """The failure of a fetch: what went wrong, at which URL, and what may help."""
    hop = chain.hop
    if timed_out:
        detail = f"no complete response in {policy.timeouts.total:g} s ({hop.phase})"
        cause = Failure(ErrorKind.TIMEOUT_TOTAL, detail, remedy=Remedy.LATER)
    elif isinstance(error, TransportError):
        cause = error.failure
    else:
        cause = Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
    where = f" (redirected to {chain.url.text})" if chain.redirects else ""
    stale = hop.met_stale_connection(cause.kind)
    if stale and not chain.request.idempotent:
        stale, where = False, f" (a kept connection; {chain.request.method} is not sent again){where}"
    return Failure(
        cause.kind,
        cause.detail + where,
        chain.url.text,
        tuple(chain.redirects),
        hop.peer,
        Remedy.FRESH if stale else cause.remedy,
        _timings(hop, chain.started),
    )


def response_of(head: Head, chain: RedirectChain, body: Body) -> Response:
    """The response, once its body was read."""
    hop = chain.hop
    return Response(
        head.status,
        chain.url.text,
        _timings(hop, chain.started),
        tuple(chain.redirects),
        head.fields.get(b"content-type", (b"",))[0].decode("utf-8", "surrogateescape"),
        hop.peer,
        body.wire,
        body.decoded,
        body.sha256,
        hop.length_verified,
        body.unknown_coding,
        head.fields,
        body.start,
        hop.cert_expires,
        head.skipped,
        chain.resumed_from,
        head.status == NOT_MODIFIED and chain.is_conditional,
    )


def _timings(hop: Hop, started: float) -> Timings:
    """The phases of a hop, in seconds since the attempt started."""
    return Timings(
        hop.resolved and hop.resolved - started,
        hop.connected and hop.connected - started,
        hop.secured and hop.secured - started,
        hop.first_byte and hop.first_byte - started,
        time.monotonic() - started,
    )
