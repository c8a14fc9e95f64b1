"""Which hosts may be asked, and which of their addresses may be connected to."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from mercato.core.errors import BadInput
from mercato.core.settings import FetchSettings
from mercato.data.fetching.address import Address, host_name

_NAT64 = IPv6Network("64:ff9b::/96")
"""Holds IPv4 addresses (RFC 6052)."""

_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6 (https://www.iana.org/assignments/ipv6-address-space)."""

_METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "169.254.170.2"),
    )
)
"""Where clouds hand out a machine's secrets; refused whatever the settings say."""

IP = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Hosts:
    """Names of hosts, as [fetch] has them; ``*.shop.example`` stands for all below it."""

    allow: Sequence[str]
    private: Sequence[str]

    @classmethod
    def of(cls, settings: FetchSettings, *named: Address) -> "Hosts":
        """Those of the settings, and the hosts of addresses that a person has named."""
        return cls((*settings.allow, *(each.host for each in named)), settings.private)

    def check(self, address: Address) -> None:
        """Raises BadInput where the host is not allowed."""
        if not _among(address.host, (*self.allow, *self.private)):
            raise BadInput(
                "a host that [fetch] allow names in shop.toml",
                address.host,
                f'If you trust it, write: allow = ["{address.host}"].',
            )

    def addresses(self, host: str, port: int) -> list[str]:
        """The IP addresses of a host, all of them checked: nobody else resolves it again.

        Raises BadInput where one of them is not public, or not known.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise BadInput("a host that exists", f"{host}: {error}", "Check the name.") from None
        texts = list(dict.fromkeys(str(each[4][0]) for each in found))
        private = _among(host, self.private)
        for text in texts:
            if not _may_connect(ip_address(text), private):
                raise BadInput(
                    f"public addresses of {host}",
                    text,
                    "Feeds of an intranet need their host in [fetch] private.",
                )
        return texts


def _among(host: str, names: Sequence[str]) -> bool:
    for name in names:
        if name.startswith("*."):
            if host.endswith("." + host_name(name[2:])):
                return True
        elif host == host_name(name):
            return True
    return False


def _may_connect(address: IP, private: bool) -> bool:
    address = _embedded(address)
    if address in _METADATA or address.is_multicast or address.is_unspecified:
        return False
    if private:
        return not address.is_link_local
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    # Addresses that are shared by carriers (RFC 6598) are not global either.
    return address.is_global and not address.is_reserved


def _embedded(address: IP) -> IP:
    """The IPv4 address that an IPv6 address stands for, if any."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
