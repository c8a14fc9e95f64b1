"""Through whose eyes a storefront is seen from another machine."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mercato.shop.exposure import Exposure
from mercato.shop.opened import Shop
from mercato.web import create_web

SOMEBODY = {"cookie": "mercato_user=1"}


@pytest.fixture
def exposed(shop: Shop) -> Iterator[TestClient]:
    """The same storefront, where other machines reach it."""
    with TestClient(create_web(shop, Exposure(beyond_loopback=True))) as opened:
        yield opened


def test_on_this_machine_anybody_is_seen_through(client):
    assert client.get("/index.json", headers=SOMEBODY).json()["user_id"] == "1"
    assert client.get("/shopper").status_code == 200


@pytest.mark.parametrize("host", ["testserver", "shop.example"])
def test_elsewhere_nobody_is(exposed, client, host):
    """Neither where the server listens beyond loopback, nor where a name leads to it."""
    browser = exposed if host == "testserver" else client
    headers = {"host": host, **SOMEBODY}
    page = browser.get("/", headers=headers)
    assert page.status_code == 200
    assert "/shopper" not in page.text
    assert browser.get("/index.json", headers=headers).json()["user_id"] is None
    for answer in (
        browser.get("/shopper", headers=headers),
        browser.get("/shopper.json", headers=headers),
        browser.post("/shopper", data={"user_id": "1"}, headers=headers),
    ):
        assert answer.status_code == 403
    assert "mercato_user" not in browser.cookies


@pytest.mark.parametrize(
    ("host", "reachable"),
    [
        ("localhost:8000", False),
        ("127.0.0.1", False),
        ("[::1]:8000", False),
        ("shop.localhost:8000", False),
        ("192.168.1.7:8000", True),
        ("shop.example", True),
        ("[::2]", True),
    ],
)
def test_which_hosts_are_this_machine(host, reachable):
    assert Exposure().reachable({"host": host}) is reachable
    assert Exposure(beyond_loopback=True).reachable({"host": host})


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Real-IP",
    ],
)
def test_what_a_proxy_passes_on_is_nobodys(client, header):
    headers = {"host": "localhost:8000", **SOMEBODY}
    assert client.get("/shopper", headers=headers).status_code == 200
    assert client.get("/shopper", headers={**headers, header: "a"}).status_code == 403
