import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.network.addresses import ForbiddenAddressError, permitted

FORBIDDEN = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "0.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_of_the_host_and_of_metadata_services_are_refused(address: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="which no run may reach"):
        permitted([address])


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.7.7", "172.20.0.1", "93.184.216.34", "fd12:3456::1", "2606:2800::1", "64:ff9b::a01:203"]
)
def test_private_and_public_addresses_are_permitted(address: str) -> None:
    assert [str(found) for found in permitted([address])] == [address]


def test_one_bad_address_spoils_the_name() -> None:
    with pytest.raises(ForbiddenAddressError):
        permitted(["10.1.2.3", "127.0.0.1"])


def test_no_address_is_no_permission() -> None:
    with pytest.raises(ForbiddenAddressError, match="no address"):
        permitted([])


@given(st.ip_addresses(network="127.0.0.0/8") | st.ip_addresses(network="169.254.0.0/16"))
def test_no_writing_of_an_address_gets_around(address: object) -> None:
    for written in (str(address), f"::ffff:{address}"):
        with pytest.raises(ForbiddenAddressError):
            permitted([written])
