"""The whole fetch over any hop transport: redirects, credentials by origin, digest, body, limits."""

import asyncio
import time
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import msgspec

from fetchcli.core.errors import ErrorKind, Remedy, Resumption, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.http1.partial import NOT_THE_WHOLE
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.request.request import RequestOptions, default_headers
from fetchcli.core.schedule.byte_pacing import BytePacer
from fetchcli.core.schedule.redirects import next_hop
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import (
    Authenticator,
    BodyPlan,
    ChooseConsumers,
    Hop,
    HopRequest,
    HopTransport,
)
from fetchcli.transport.body import NO_CONSUMERS, BodyReader, plain_body
from fetchcli.transport.deadline import Timers
from fetchcli.transport.fetch_result import failure_of, response_of
from fetchcli.transport.paced_body import PacedBody
from fetchcli.transport.partial_body import CUT, PartialBody, partial_body, restored
from fetchcli.transport.prepared_request import PreparedRequest, prepared
from fetchcli.transport.rate_watch import RateWatch
from fetchcli.transport.redirect_chain import RedirectChain
from fetchcli.transport.request_content import with_content

if TYPE_CHECKING:
    from fetchcli.transport.cookies import RowCookies

OK = 200
MAX_REDIRECT_BODY = 64 * 1024
REDIRECT_BODY_SECONDS = 0.5


class FollowingTransport:
    """Fetches over a hop transport.

    Args:
        hops: sends the single requests.
        user_agent: value of the User-Agent field where the user sets none.
        authenticator: answers challenges; None leaves them unanswered.
        cookies: makes the jars of rows, or None.
        pacer: limits the rate of bodies, or None.
        identity: ask for bodies without a content coding.
    """

    def __init__(  # noqa: PLR0913 - what a transport is made of
        self,
        hops: HopTransport,
        user_agent: str,
        authenticator: Authenticator | None = None,
        cookies: "RowCookies | None" = None,
        pacer: BytePacer | None = None,
        *,
        identity: bool = False,
    ) -> None:
        self._hops, self._pacer = hops, pacer
        defaults = default_headers(user_agent, identity=identity)
        self._authenticator = authenticator
        self._cookies = cookies
        self._timers = Timers()
        self._prepared = lru_cache(maxsize=16)(partial(prepared, defaults=defaults, has_jar=cookies is not None))

    async def close(self) -> None:
        """Close every connection."""
        await self._hops.close()

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        """See `transport.base.Transport`."""
        if isinstance(fresh, RedirectChain):
            chain = fresh
            chain.started = time.monotonic()
        else:
            request = request or policy.request
            if request.content_file is not None or request.form:
                request = await asyncio.to_thread(with_content, request)
            jar = None if self._cookies is None else self._cookies.jar_of_row()
            chain = RedirectChain(url, request, jar)
        chain.fresh = bool(fresh)
        if body is not None:
            await _prepare_body(chain, body, policy)
        elif chain.fresh:
            chain.go_on_with(None)
        chain.hop = self._hop(chain, policy)
        limit = self._timers.deadline(policy.timeouts.total, chain)
        try:
            with limit:
                return await self._follow(chain, policy, None if body is None else body.consume)
        except Exception as error:
            failure = failure_of(error, chain, policy, timed_out=limit.expired)
            cut = _cut_body(chain, failure.kind)
            if cut is not None:
                failure = msgspec.structs.replace(failure, brought=chain.brought)
            failed = TransportError.of(failure)
            failed.partial = cut
            failed.resume = chain if failed.failure.remedy is Remedy.FRESH else None
            raise failed from error

    async def _follow(self, chain: RedirectChain, policy: Policy, consume: ChooseConsumers | None) -> Response:
        """Send hop after hop, and read the body of the last one."""
        minimum_rate = policy.timeouts.min_rate
        watch = RateWatch(minimum_rate, policy.timeouts.rate_window) if minimum_rate is not None else None
        try:
            while True:
                if watch is not None:
                    watch.watch(chain.hop)
                try:
                    if self._authenticator is None or chain.left_origin or self._prepared(chain.request).authorized:
                        head = await chain.hop.open()
                        self._keep_cookies(chain, head)
                    else:
                        head = await self._authenticate(self._authenticator, chain, policy, watch)
                    locations = head.fields.get(b"location", [])
                    target = next_hop(chain.url, head.status, locations, len(chain.redirects), policy.redirects)
                    if target is None:
                        response = await self._read(head, chain, policy, consume)
                        if response is not None:
                            return response
                    await _discard(chain.hop)
                finally:
                    chain.hop.close()  # does nothing once the body was read to its end
                if target is not None:
                    chain.follow(target, head.status, trusted=policy.redirects.trusted)
                chain.hop = self._hop(chain, policy)
        finally:
            if watch is not None:
                watch.stop()

    async def _read(
        self, head: Head, chain: RedirectChain, policy: Policy, consume: ChooseConsumers | None
    ) -> Response | None:
        """Read the body of the last hop; None if it is to be asked for as a whole, because this is not the rest."""
        source = chain.hop if self._pacer is None else PacedBody(chain.hop, self._pacer)
        partial = chain.partial
        if partial is not None and chain.asks_for_rest and head.status in NOT_THE_WHOLE:
            total = partial.total_with(head)
            if total is None:
                chain.go_on_with(None)
                return None
            chain.resumed_from = partial.offset
            body = await partial.reader.read(source)
            if partial.reader.wire != total:
                kind = ErrorKind.TRUNCATED if partial.reader.wire < total else ErrorKind.PROTOCOL
                brought = partial.reader.wire - chain.resumed_from
                raise TransportError(kind, f"the rest has {brought} bytes, not {total - chain.resumed_from}")
            return response_of(partial.head, chain, body)
        if (
            consume is None
            and self._pacer is None
            and (plain := plain_body(head, chain.hop, policy.limits)) is not None
        ):
            return response_of(head, chain, plain)
        consumers = NO_CONSUMERS if consume is None else consume(chain.url.text, head)
        no_body = chain.request.method == "HEAD"
        reader = BodyReader(head, source, policy.limits, consumers, to_head_request=no_body)
        if head.status == OK:  # a response such as 503 does not take the place of what came before
            chain.begin(head, reader)
        return response_of(head, chain, await reader.read())

    def _keep_cookies(self, chain: RedirectChain, head: Head) -> None:
        """Keep the cookies of a response."""
        if self._cookies is not None and chain.jar is not None:
            self._cookies.store(chain.jar, chain.url, head.fields.get(b"set-cookie", ()))

    async def _authenticate(
        self,
        authenticator: Authenticator,
        chain: RedirectChain,
        policy: Policy,
        watch: RateWatch | None,
    ) -> Head:
        """Send the request of this hop, and again with an answer if the server asks for one."""

        async def send(authorization: str) -> Head:
            if authorization:
                chain.hop = self._hop(chain, policy, authorization)
                if watch is not None:
                    watch.watch(chain.hop)
            head = await chain.hop.open()
            self._keep_cookies(chain, head)
            return head

        async def discard() -> None:
            await _discard(chain.hop)
            chain.hop.close()

        return await authenticator.ask(chain.url, chain.request, send, discard)

    def _hop(self, chain: RedirectChain, policy: Policy, authorization: str = "") -> Hop:
        """The next hop of a fetch."""
        request, url = chain.request, chain.url
        prepared = self._prepared(request)
        if prepared.authorized:
            authorization = ""
        elif self._authenticator is None:  # otherwise credentials are sent only as answers to challenges
            authorization = url.authorization or policy.credentials.authorization(
                url.host, redirected=chain.left_origin
            )
        hop = HopRequest(
            url=url,
            method=request.method,
            host=prepared.host or url.authority,
            shared=prepared.shared,
            authorization=authorization,
            cookie="" if self._cookies is None else self._cookie(self._cookies, chain, prepared),
            content=request.content,
            fresh=chain.fresh,
            once=prepared.once,
            last=prepared.last,
            network=policy.network,
            more=chain.more,
            recorder=None if chain.record is None else chain.record(url.public),
        )
        return self._hops.hop(hop, policy.timeouts)

    @staticmethod
    def _cookie(cookies: "RowCookies", chain: RedirectChain, prepared: PreparedRequest) -> str:
        """The Cookie field: those of the jar, then those of the user, as curl sends them."""
        if chain.jar is None:
            return ""
        return "; ".join(filter(None, (cookies.header(chain.jar, chain.url), prepared.cookie)))


async def _prepare_body(chain: RedirectChain, plan: BodyPlan, policy: Policy) -> None:
    """Go on with what is there of a body, and set the conditions."""
    earlier = plan.partial
    if plan.stored is not None:
        earlier = await restored(plan.stored, policy.limits)
        plan.stored.restored(earlier)
    chain.go_on_with(earlier if isinstance(earlier, PartialBody) else None)
    chain.record, chain.conditions = plan.record, plan.conditions


def _cut_body(chain: RedirectChain, kind: ErrorKind) -> PartialBody | None:
    """The body of an attempt that failed, if it brought something that a later attempt can go on with."""
    if kind not in CUT or chain.record is not None:
        return None
    if chain.begun is not None:
        chain.partial = partial_body(chain.url.text, *chain.begun, chain.request)
    return chain.partial if chain.brought else None


async def _discard(hop: Hop) -> None:
    """Read the small body of a response that is not the last one, so that its connection can be used again."""
    size = 0
    with suppress(TransportError, TimeoutError):
        async with asyncio.timeout(REDIRECT_BODY_SECONDS):
            while (chunk := await hop.read()) and size < MAX_REDIRECT_BODY:
                size += len(chunk)
