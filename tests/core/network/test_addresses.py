"""BEHAVIOUR section C: which addresses may be dialled."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import UsageError
from fetchcli.core.network.addresses import AddressRules, parse_networks, refusal

PRIVATE = AddressRules(block_private=True)


@pytest.mark.parametrize(
    "address",
    [
        # 25
        "127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "fc00::1", "fdff::1", "fe80::1",
        "fe80::1%eth0", "::",
        # 27
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        # 29
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "::127.0.0.1", "::8.8.8.8", "fec0::1",
        "192.0.0.1", "192.0.0.170", "192.88.99.1", "224.0.0.1", "239.255.255.255", "ff02::1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1",
        "2001::1", "100::1", "3fff::1", "5f00::1", "200::1",
        "::ffff:0:7f00:1", "1::1", "4000::1", "fe00::1", "64:ff9b:2::1",
    ],
)  # fmt: skip
def test_25_27_29_what_is_not_public_is_refused(address: str) -> None:
    reason = refusal(PRIVATE, address)
    assert reason is not None
    assert reason.startswith(address)
    assert refusal(AddressRules(), address) is None


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255",
        "192.0.1.1", "168.63.129.15", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8",
    ],
)  # fmt: skip
def test_what_is_public_is_not(address: str) -> None:
    assert refusal(PRIVATE, address) is None


def test_the_longest_prefix_decides() -> None:
    rules = AddressRules(
        block_private=True, allow=("10.1.0.0/16", "10.9.9.9/32"), deny=("10.1.2.0/24", "8.8.8.0/24", "10.9.9.9/32")
    )
    assert refusal(rules, "10.1.1.1") is None
    assert refusal(rules, "10.1.2.1") == "10.1.2.1 is refused (--deny-cidr)"
    assert refusal(rules, "10.2.0.1") is not None
    assert refusal(rules, "8.8.8.8") is not None
    assert refusal(rules, "8.8.4.4") is None
    assert refusal(rules, "10.9.9.9") is not None  # as long: denied
    assert rules.any
    assert not AddressRules(allow=("10.0.0.0/8",)).any


def test_the_unspecified_address_is_judged_as_loopback_too() -> None:
    rules = AddressRules(deny=("127.0.0.0/8", "::1/128"))
    assert refusal(rules, "0.0.0.0") == "0.0.0.0 reaches loopback: 127.0.0.1 is refused (--deny-cidr)"
    assert refusal(rules, "::") is not None
    assert refusal(rules, "::ffff:0.0.0.0") is not None
    assert refusal(AddressRules(deny=("10.0.0.0/8",)), "0.0.0.0") is None


def test_an_allow_list_is_to_deny_all_else() -> None:
    rules = AddressRules(deny=("0.0.0.0/0", "::/0"), allow=("10.0.0.0/8",))
    assert refusal(rules, "10.1.1.1") is None
    assert refusal(rules, "8.8.8.8") is not None
    assert refusal(rules, "2606:4700::1111") is not None


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_is_judged_as_what_it_reaches(number: int) -> None:
    plain = IPv4Address(number)
    assert (refusal(PRIVATE, str(plain)) is None) is (refusal(PRIVATE, f"::ffff:{plain}") is None)


def test_networks() -> None:
    assert parse_networks("--x", ["10.0.0.0/8, ::1", "fc00::/7"]) == ("10.0.0.0/8", "::1/128", "fc00::/7")
    assert parse_networks("--x", ["::ffff:0:0/96,::ffff:10.0.0.0/104"]) == ("0.0.0.0/0", "10.0.0.0/8")
    for wrong in ("", "10.0.0.1/8", "example.com", "10/8"):
        with pytest.raises(UsageError, match="--x"):
            parse_networks("--x", [wrong])
