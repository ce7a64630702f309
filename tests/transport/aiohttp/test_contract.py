"""The parts of aiohttp that are not public API and that fetchcli stands on.

Each test names what it leans on and why. When one fails after an upgrade, read the new aiohttp
before moving the range in pyproject.toml.
"""

import inspect
import ssl

import aiohttp
from aiohttp import connector
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ClientResponse, ConnectionKey
from aiohttp.connector import BaseConnector, Connection

from fetchcli.core.model.policy import Policy, Tls
from fetchcli.transport.aiohttp.connector import PooledConnector
from fetchcli.transport.aiohttp.dial import shared_context
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.aiohttp.wire import WireRequest, WireResponse


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


async def test_session_retries_are_switched_off_by_a_private_attribute() -> None:
    """`attempts` must equal what the server saw; `_request` asks `_retry_connection` before it repeats."""
    source = inspect.getsource(aiohttp.ClientSession._request)
    assert "self._retry_connection" in source
    hops = AiohttpHops(Policy())
    assert hops.session._retry_connection is False
    await hops.close()


def test_the_session_makes_requests_and_responses_of_our_classes() -> None:
    """`data` reaches the request class untouched, `send` is given a Connection, `start` is awaited."""
    source = inspect.getsource(aiohttp.ClientSession._request)
    for call in ("self._request_class(", "data=data,", "session=self,", "ssl=ssl", "await req.send(conn)"):
        assert call in source, call
    assert "await resp.start(conn)" in source
    assert parameters(ClientRequest.send) == parameters(WireRequest.send)
    assert parameters(ClientResponse.start) == parameters(WireResponse.start)


def test_what_the_session_and_the_pool_read_from_a_request() -> None:
    """`WireRequest.__init__` does not call its parent, so it must set what others read."""
    assert "req.method in EMPTY_BODY_METHODS" in inspect.getsource(aiohttp.ClientSession._request)
    assert ClientRequest._body is None
    assert ClientRequest._upload_tracker is None


def test_what_connections_are_pooled_by() -> None:
    """`Route.key` is such a tuple, made once for each origin."""
    fields = ("host", "port", "is_ssl", "ssl", "proxy", "proxy_auth", "proxy_headers_hash", "server_hostname")
    assert ConnectionKey._fields == fields


def test_the_session_is_asked_without_its_context_manager() -> None:
    """`_request` is what `request` wraps; the keywords that are used must stay."""
    assert {"data", "allow_redirects", "timeout"} <= set(parameters(aiohttp.ClientSession._request))


def test_attributes_that_a_response_needs() -> None:
    """`WireResponse.__init__` does not call its parent either; `_closed` keeps `__del__` quiet."""
    assert ClientResponse._closed is True
    assert ClientResponse._connection is None
    assert ClientResponse._raw_cookie_headers is None


def test_the_overridden_methods_of_the_connector() -> None:
    """Same parameters, still called from where we expect."""
    assert parameters(PooledConnector.connect) == parameters(BaseConnector.connect)
    assert "self._connector.connect(" in inspect.getsource(aiohttp.ClientSession._request)
    assert "self._connector._release(self._key, self._protocol" in inspect.getsource(Connection.release)
    assert "or protocol.should_close" in inspect.getsource(BaseConnector._release)


async def test_the_pool_is_a_dict_of_queues() -> None:
    """`connect` takes from `_conns` through `_get`, and registers what it makes in `_acquired`, as aiohttp does."""
    hops = AiohttpHops(Policy())
    assert hops.session.connector is not None
    assert hops.session.connector._conns == {}
    assert hops.session.connector._acquired == set()
    assert "self._conns[key].append((protocol, monotonic()))" in inspect.getsource(BaseConnector._release)
    assert "proto, t0 = conns.popleft()" in inspect.getsource(BaseConnector._get)
    source = inspect.getsource(BaseConnector.connect)
    assert "self._acquired.add(proto)" in source
    assert "return Connection(self, key, proto, self._loop)" in source
    await hops.close()


def test_the_hooks_of_the_protocol() -> None:
    """`PooledProtocol` reads by itself: nothing of aiohttp's parser may be needed any more."""
    for name in ("data_received", "connection_lost", "connection_made"):
        assert parameters(getattr(ResponseHandler, name)) == parameters(getattr(PooledProtocol, name)), name
    assert "conn.protocol.set_response_params(" in inspect.getsource(aiohttp.ClientSession._request)
    source = inspect.getsource(ResponseHandler)
    for attribute in ("self._should_close", "self._connection_lost_called", "self._closed"):
        assert attribute in source, attribute
    assert "_pause_transport_reading" in source + inspect.getsource(BaseProtocol)
    assert "self.transport = None" in inspect.getsource(BaseProtocol.connection_lost)


def test_the_context_that_aiohttp_made_when_it_was_imported() -> None:
    """`shared_context` uses it where no option says otherwise: reading the authorities again costs 20 ms."""
    context = connector._SSL_CONTEXT_VERIFIED
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert shared_context(Tls()) is context
