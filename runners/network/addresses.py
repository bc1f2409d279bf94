"""Which addresses a name may lead to. Does not connect; `egress.py` does, to what this gives and to nothing else.

A listed name is a promise of the policy's author, but DNS is kept by others: a name that leads to the runner itself or to a
cloud's metadata service would hand the runner's own identity to the run (attack 39).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Lookup = Callable[[str], Iterable[str]]
"""Gives the addresses of a name; raises OSError where there are none. May block."""

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this host on this network" (RFC 6890)
        "100.100.100.200/32",  # Alibaba Cloud metadata
        "168.63.129.16/32",  # Azure wire server
        "192.0.0.192/32",  # Oracle Cloud metadata, old address
        "fd00:ec2::254/128",  # AWS metadata over IPv6
        "fd20:ce::254/128",  # Google Cloud metadata over IPv6
    )
)
"""Beside loopback, link-local (169.254.169.254 is one), multicast, unspecified and reserved addresses."""


class ForbiddenAddressError(Exception):
    """A name leads where no run may go. The text names the address."""


def system_lookup(name: str) -> list[str]:
    """Ask the runner's resolver."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def permitted(addresses: Iterable[str]) -> list[Address]:
    """Give the addresses, if a run may connect to every one of them: a name with one bad address is not trusted with the others.

    Raises:
        ForbiddenAddressError: one is of this host, of the link, of a metadata service, or no unicast address; or there is none.
    """
    found = [ipaddress.ip_address(text.partition("%")[0]) for text in addresses]
    for address in found:
        for reached in (address, *_embedded(address)):
            if _is_forbidden(reached):
                raise ForbiddenAddressError(f"it leads to {address}, which no run may reach")
    if not found:
        raise ForbiddenAddressError("it leads to no address")
    return found


def _is_forbidden(address: Address) -> bool:
    special = (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not _embedded(address))
    )
    return special or any(address in network for network in _NEVER)


def _embedded(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Give the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in ipaddress.ip_network("64:ff9b::/96"):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(inner for inner in found if inner is not None)
