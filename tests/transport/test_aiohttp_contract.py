"""The parts of aiohttp that are not public API and that fetchcli stands on.

Each test names what it leans on and why. When one fails after an upgrade, read the new aiohttp
before moving the range in pyproject.toml.
"""

import inspect

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ClientResponse, ConnectionKey
from aiohttp.connector import BaseConnector, Connection, TCPConnector

from fetchcli.core.policy import Policy
from fetchcli.transport.aiohttp_client import AiohttpTransport
from fetchcli.transport.connector import PooledConnector
from fetchcli.transport.wire import WireRequest, WireResponse


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


async def test_session_retries_are_switched_off_by_a_private_attribute() -> None:
    """`attempts` must equal what the server saw; `_request` asks `_retry_connection` before it repeats."""
    source = inspect.getsource(aiohttp.ClientSession._request)
    assert "self._retry_connection" in source
    transport = AiohttpTransport(Policy(), "test")
    assert transport._session._retry_connection is False
    await transport.close()


def test_the_session_makes_requests_and_responses_of_our_classes() -> None:
    """`data` reaches the request class untouched, `send` is given a Connection, `start` is awaited."""
    source = inspect.getsource(aiohttp.ClientSession._request)
    for call in ("self._request_class(", "data=data,", "session=self,", "ssl=ssl", "await req.send(conn)"):
        assert call in source, call
    assert "await resp.start(conn)" in source
    assert parameters(ClientRequest.send) == parameters(WireRequest.send)
    assert parameters(ClientResponse.start) == parameters(WireResponse.start)


def test_attributes_that_the_session_and_connector_read_from_a_request() -> None:
    """`WireRequest.__init__` does not call its parent, so it must set what others read."""
    request = set(inspect.getsource(ClientRequest.connection_key.fget).split())  # type: ignore[attr-defined]
    for name in ("self._ssl,", "self.proxy,", "self.proxy_auth,", "self.server_hostname,", "self.url"):
        assert name in request, name
    assert ClientRequest._body is None
    assert ClientRequest._upload_tracker is None


def test_what_connections_are_pooled_by() -> None:
    """`WireRequest.connection_key` builds the same tuple as its parent, once for each origin."""
    fields = ("host", "port", "is_ssl", "ssl", "proxy", "proxy_auth", "proxy_headers_hash", "server_hostname")
    assert ConnectionKey._fields == fields


def test_the_session_is_asked_without_its_context_manager() -> None:
    """`_request` is what `request` wraps; the keywords that are used must stay."""
    assert {"data", "allow_redirects", "timeout"} <= set(parameters(aiohttp.ClientSession._request))


def test_attributes_that_a_response_needs() -> None:
    """`WireResponse.__init__` does not call its parent either."""
    for name in ("_response_eof", "_release_connection", "_cleanup_writer", "_notify_content"):
        assert callable(getattr(ClientResponse, name))
    assert ClientResponse._closed is True
    assert ClientResponse._raw_cookie_headers is None


def test_the_connector_makes_its_protocols_by_factory() -> None:
    """`_factory` makes PooledProtocol, which knows whose answer it reads."""
    assert "self._factory = functools.partial(ResponseHandler, loop=loop)" in inspect.getsource(BaseConnector.__init__)
    assert "self._factory," in inspect.getsource(TCPConnector._create_direct_connection)


def test_the_overridden_methods_of_the_connector() -> None:
    """Same parameters, still called from where we expect."""
    for name in ("_create_connection", "_release", "_wrap_create_connection"):
        assert parameters(getattr(PooledConnector, name)) == parameters(getattr(TCPConnector, name)), name
    assert "_create_connection(req, traces, timeout)" in inspect.getsource(BaseConnector.connect)
    assert "self._connector._release(self._key, self._protocol" in inspect.getsource(Connection.release)
    assert "self._wrap_create_connection(" in inspect.getsource(TCPConnector._create_direct_connection)


async def test_the_pool_is_a_dict_of_queues() -> None:
    """`_conns` is read to bound the idle connections."""
    transport = AiohttpTransport(Policy(), "test")
    assert transport._session.connector is not None
    assert transport._session.connector._conns == {}
    assert "self._conns[key].append((protocol, monotonic()))" in inspect.getsource(BaseConnector._release)
    await transport.close()


def test_the_hooks_of_the_protocol() -> None:
    """`data_received` sees every byte, with none when the parser is resumed; `_buffer` holds whole answers."""
    assert parameters(ResponseHandler.data_received) == ["self", "data"]
    assert "self._buffer" in inspect.getsource(ResponseHandler.should_close.fget)  # type: ignore[attr-defined]
    for name in ("abort", "start_timeout", "connection_made", "read"):
        assert callable(getattr(ResponseHandler, name))


def test_timeouts_are_not_rounded() -> None:
    """An infinite `ceil_threshold` keeps aiohttp from rounding timeouts over 5 s to whole seconds."""
    assert "ceil_threshold" in aiohttp.ClientTimeout.__annotations__
    assert "timeout.ceil_threshold" in inspect.getsource(BaseConnector.connect)
