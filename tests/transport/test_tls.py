"""TLS options, and BEHAVIOUR 89 and 90, with an authority of our own."""

import ssl
from pathlib import Path

import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from fetchcli.core.errors import ErrorKind, Failure, UsageError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy, Tls, TlsVersion
from fetchcli.core.network.overrides import parse_detour
from fetchcli.transport.tls import make_context
from tests.support.certificates import authority, server_context, trusting
from tests.support.recorder import recorder
from tests.transport.conftest import Sender


async def failure(sender: Sender, context: ssl.SSLContext, tls: Tls) -> str:
    """The reason of a failure; it was tried once and never in plain text."""
    with recorder(context=context) as server:
        result = await sender(Policy(tls=tls))(server.url())
        assert isinstance(result, Failure), result
        assert result.kind is ErrorKind.TLS
        assert server.connections == 1
        assert server.requests == []
        return result.detail


async def test_an_authority_of_ones_own(sender: Sender, tmp_path: Path) -> None:
    with recorder(context=server_context()) as server:
        response = await sender(Policy(tls=trusting(tmp_path)))(server.url())
        assert isinstance(response, Response)
        assert response.timings.appconnect >= response.timings.connect > 0


async def test_cacert_replaces_the_systems_authorities(tmp_path: Path) -> None:
    assert len(make_context(trusting(tmp_path)).get_ca_certs()) == 1


async def test_89_an_unknown_root(sender: Sender) -> None:
    assert await failure(sender, server_context(), Tls()) == "unable to get local issuer certificate"


async def test_89_a_self_signed_certificate(sender: Sender, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lonely = trustme.CA()
    path = tmp_path / "self.pem"
    lonely.private_key_pem.write_to_path(str(path))
    lonely.cert_pem.write_to_path(str(path), append=True)
    context.load_cert_chain(path)
    assert await failure(sender, context, Tls()) == "self-signed certificate"


async def test_89_an_incomplete_chain(sender: Sender, tmp_path: Path) -> None:
    leaf = authority().create_child_ca().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    path = tmp_path / "leaf.pem"
    leaf.private_key_pem.write_to_path(str(path))
    leaf.cert_chain_pems[0].write_to_path(str(path), append=True)  # the authority between is left out
    context.load_cert_chain(path)
    assert await failure(sender, context, trusting(tmp_path)) == "unable to get local issuer certificate"


async def test_89_a_wrong_host(sender: Sender, tmp_path: Path) -> None:
    context = server_context(authority().issue_cert("other.test"))
    assert "127.0.0.1" in await failure(sender, context, trusting(tmp_path))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated")
async def test_89_a_server_that_speaks_tls_1_0_only(sender: Sender, tmp_path: Path) -> None:
    context = server_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    for tls in (trusting(tmp_path), Tls(verify=False)):  # not even where nothing is checked
        assert "protocol" in await failure(sender, context, tls)


async def test_the_oldest_version_that_is_spoken(sender: Sender, tmp_path: Path) -> None:
    context = server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    trusted = trusting(tmp_path)
    with recorder(context=context) as server:
        assert isinstance(await sender(Policy(tls=trusted))(server.url()), Response)
    newest = msgspec.structs.replace(trusted, minimum=TlsVersion.V1_3)
    assert "protocol" in await failure(sender, context, newest)


async def test_insecure_checks_nothing(sender: Sender) -> None:
    with recorder(context=server_context(authority().issue_cert("other.test"))) as server:
        assert isinstance(await sender(Policy(tls=Tls(verify=False)))(server.url()), Response)


async def test_the_name_is_checked_and_not_where_it_leads(sender: Sender, tmp_path: Path) -> None:
    with recorder(context=server_context()) as server:
        network = Network(detours=(parse_detour(f"::127.0.0.1:{server.port}"),))
        send = sender(Policy(network=network, tls=trusting(tmp_path)))
        assert isinstance(await send("https://name.test/"), Response)
        assert isinstance(await send("https://name.test./"), Response)  # the name without its root
        other = await send("https://other.test/")
        assert isinstance(other, Failure)
        assert "other.test" in other.detail


def client_files(folder: Path, password: bytes | None = None) -> tuple[str, str]:
    leaf = authority().issue_cert("client@name.test")
    cert, key = folder / "cert.pem", folder / "key.pem"
    leaf.cert_chain_pems[0].write_to_path(str(cert))
    pem = leaf.private_key_pem.bytes()
    if password is not None:
        loaded = serialization.load_pem_private_key(pem, None)
        pem = loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        )
    key.write_bytes(pem)
    return str(cert), str(key)


async def test_a_client_certificate(sender: Sender, tmp_path: Path) -> None:
    context = server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(context)
    cert, key = client_files(tmp_path)
    trusted = trusting(tmp_path)
    with recorder(context=context) as server:
        both = msgspec.structs.replace(trusted, cert=cert, key=key)
        assert isinstance(await sender(Policy(tls=both))(server.url()), Response)
        one_file = tmp_path / "one.pem"
        one_file.write_text(Path(key).read_text() + Path(cert).read_text())
        assert isinstance(
            await sender(Policy(tls=msgspec.structs.replace(trusted, cert=str(one_file))))(server.url()), Response
        )
        without = await sender(Policy(tls=trusted))(server.url())
        assert isinstance(without, Failure)
        # TLS 1.3 servers say no after the handshake, and a reset may overtake what they say.
        assert without.kind in (ErrorKind.TLS, ErrorKind.EMPTY), without


@pytest.mark.parametrize(
    ("tls", "message"),
    [
        (Tls(cacert="/missing.pem"), "--cacert /missing.pem: No such file or directory"),
        (Tls(cert="/missing.pem"), "--cert /missing.pem: No such file or directory"),
        (Tls(cacert="README.md"), "--cacert README.md: not valid PEM: no certificate"),
    ],
)
def test_files_that_are_of_no_use(tls: Tls, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_context(tls)
    assert str(caught.value).startswith(message)


def test_a_key_requires_a_certificate() -> None:
    with pytest.raises(UsageError, match="a TLS key requires a certificate"):
        Tls(key="/missing.pem")


def test_a_key_that_does_not_fit_or_is_encrypted(tmp_path: Path) -> None:
    cert, _ = client_files(tmp_path)
    (tmp_path / "other").mkdir()
    _, key = client_files(tmp_path / "other", b"password")
    with pytest.raises(UsageError, match="is encrypted"):
        make_context(Tls(cert=cert, key=key))
    _, key = client_files(tmp_path / "other")
    with pytest.raises(UsageError, match="mismatch"):
        make_context(Tls(cert=cert, key=key))
