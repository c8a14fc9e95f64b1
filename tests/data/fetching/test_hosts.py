import socket

import pytest

from mercato.core.errors import BadInput
from mercato.data.fetching.address import parsed
from mercato.data.fetching.hosts import Hosts

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]  # the last: 93.184.216.34
INTRANET = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1",
            "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]  # fmt: skip
NOWHERE = ["169.254.169.254", "169.254.0.1", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::",
           "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
           "64:ff9b::a9fe:a9fe"]  # fmt: skip
UNUSED = ["255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "2001:db8::1", "::7f00:1",
          "2001::1", "fec0::1"]  # fmt: skip


@pytest.fixture
def resolving(monkeypatch):
    def to(*addresses):
        def found(host, port, *_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return to


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_connected_to(resolving, address) -> None:
    resolving(address)
    assert Hosts(["shop.example"], []).addresses("shop.example", 443) == [address]


@pytest.mark.parametrize("address", [*INTRANET, *NOWHERE, *UNUSED])
def test_others_are_refused_also_beside_a_public_one(resolving, address) -> None:
    for addresses in ([address], [PUBLIC[0], address]):
        resolving(*addresses)
        with pytest.raises(BadInput, match="public addresses of shop.example"):
            Hosts(["shop.example"], []).addresses("shop.example", 443)


@pytest.mark.parametrize("address", INTRANET)
def test_a_host_may_be_listed_as_private(resolving, address) -> None:
    resolving(address)
    assert Hosts([], ["feeds.lan"]).addresses("feeds.lan", 80) == [address]
    with pytest.raises(BadInput, match="public addresses"):
        Hosts(["feeds.lan"], ["other.lan"]).addresses("feeds.lan", 80)


@pytest.mark.parametrize("address", NOWHERE)
def test_no_list_opens_what_is_local_to_the_link_or_the_cloud(resolving, address) -> None:
    resolving(address)
    with pytest.raises(BadInput, match="public addresses"):
        Hosts([], ["feeds.lan"]).addresses("feeds.lan", 80)


def test_a_name_that_nobody_knows(monkeypatch) -> None:
    def fails(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(BadInput, match="a host that exists; found nowhere.example: .*not known"):
        Hosts([], []).addresses("nowhere.example", 80)


@pytest.mark.parametrize(
    ("allow", "url", "allowed"),
    [
        ("shop.example", "https://shop.example/f", True),
        ("shop.example", "https://SHOP.example./f", True),
        ("shop.example", "https://cdn.shop.example/f", False),
        ("shop.example", "https://shop.example.evil.example/f", False),
        ("*.shop.example", "https://cdn.shop.example/f", True),
        ("*.shop.example", "https://shop.example/f", False),
        ("*.shop.example", "https://evilshop.example/f", False),
        ("bücher.example", "https://xn--bcher-kva.example/f", True),
    ],
)
def test_the_list_of_hosts(allow, url, allowed) -> None:
    if allowed:
        Hosts([allow], []).check(parsed(url))
    else:
        with pytest.raises(BadInput, match=r"\[fetch\] allow"):
            Hosts([allow], []).check(parsed(url))
