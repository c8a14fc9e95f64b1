"""Other sites, strange feeds and broken addresses."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from mercato.core.changes import Change, ItemChange
from mercato.core.errors import NotReady, Overloaded
from mercato.shop.exposure import Exposure
from mercato.shop.items import Operation, change
from mercato.web.answering import Answering

NASTY = """<script>alert(1)</script>"onload='x'"""


def put(shop, item_id, item):
    change(shop, Operation("put", item_id, {"id": item_id, **item}))


def delete(shop, item_id):
    change(shop, Operation("delete", item_id, {}))


@pytest.fixture
def nasty(shop):
    """An item whose feed means ill; withdrawn afterwards."""
    item = {
        "title": f"Zyzzyva {NASTY}",
        "description": NASTY,
        "brand": NASTY,
        "size": NASTY,
        "product_type": f"Zoo {NASTY} > Cage {NASTY}",
        "attributes": {NASTY: NASTY},
    }
    put(shop, "nasty/1?x", item)
    # Refused by every import and by the API; an older shop may have let it in.
    link = {"image_link": "javascript:alert(1)"}
    shop.state.items.append([ItemChange(0, Change.PATCH, "nasty/1?x", link)]).result()
    shop.refresh()
    yield "/item/nasty%2F1%3Fx"
    delete(shop, "nasty/1?x")


def test_what_a_feed_says_is_text_everywhere(client, nasty):
    client.post("/basket/add", data={"item_id": "nasty/1?x"})
    # A feed's categories are parted at each ">".
    for address, shown in (
        (nasty, "&lt;script&gt;alert"),
        ("/search?q=zyzzyva", "&lt;script&gt;alert"),
        ("/basket", "&lt;script&gt;alert"),
        ("/browse", "Zoo &lt;script"),
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert shown in page.text, address
        assert "javascript:" not in page.text


def test_what_an_address_says_is_text(client):
    page = client.get("/search", params={"q": NASTY, "brand": NASTY, "low": "1"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    filtered = client.get("/search", params={"q": "x", "filter": f'brand:"{NASTY[:20]}"'})
    assert "<script>alert" not in filtered.text


def test_an_item_added_just_now_is_shown(client, nasty):
    assert client.get(nasty).status_code == 200
    assert "Price on request" in client.get(nasty).text


def test_pictures_are_shown_where_there_are_some(client, shop):
    put(shop, "seen", {"title": "Seen thing", "image_link": "https://img.example/a.jpg"})
    page = client.get("/item/seen").text
    delete(shop, "seen")
    assert '<img src="https://img.example/a.jpg" alt="Seen thing" loading="lazy"' in page
    assert 'class="tile ' in page


def test_what_is_out_of_stock_cannot_be_bought(client, shop):
    put(shop, "gone", {"title": "Sold out thing", "availability": "out_of_stock"})
    page = client.get("/item/gone").text
    refused = client.post("/basket/add", data={"item_id": "gone"})
    delete(shop, "gone")
    assert "Out of stock at the moment" in page
    assert "/basket/add" not in page.split("Details")[0].split("<main")[1]
    assert refused.status_code == 400
    assert "mercato_basket" not in client.cookies


def test_a_product_that_is_withdrawn_leaves_the_basket(client, shop):
    put(shop, "brief", {"title": "Brief thing", "price": 3.0})
    client.post("/basket/add", data={"item_id": "brief"})
    assert client.get("/basket.json").json()["pieces"] == 1
    delete(shop, "brief")
    assert client.get("/basket.json").json()["pieces"] == 0
    assert client.get("/item/brief").status_code == 404


def test_a_sale_shows_both_prices(client, shop):
    put(shop, "sale", {"title": "Sale thing", "price": 10.0, "sale_price": 7.5})
    page = client.get("/item/sale").text
    delete(shop, "sale")
    assert "<b>$7.50</b>" in page
    assert 'aria-label="instead of $10.00"' in page


def test_ids_that_end_like_a_twin_are_ids_first(client, shop):
    put(shop, "odd", {"title": "Odd one"})
    put(shop, "odd.json", {"title": "Odd two"})
    page, twin = client.get("/item/odd.json"), client.get("/item/odd.json.json")
    delete(shop, "odd.json")
    now_twin = client.get("/item/odd.json")
    delete(shop, "odd")
    assert "<h1>Odd two</h1>" in page.text
    assert twin.json()["card"]["title"] == "Odd two"
    assert now_twin.json()["card"]["title"] == "Odd one"


@pytest.mark.parametrize("path", ["/basket/add", "/basket/change", "/basket/checkout", "/shopper"])
def test_forms_of_other_sites_change_nothing(client, events_of, path):
    client.get("/basket")
    refused = client.post(
        path,
        data={"item_id": "1082185", "user_id": "16", "order": "0" * 32},
        headers={"origin": "https://evil.example"},
    )
    assert refused.status_code == 403
    assert "That was not sent from here" in refused.text
    assert not {"mercato_basket", "mercato_user"} & set(client.cookies)
    assert events_of(client) == []


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/search?filter=brnd:Acme", 400, "Did you mean"),
        ("/search?q=milk&filter=brand:", 400, "Search without filters"),
        ("/search?q=milk&price=1+OR", 400, "in the filter"),
        ("/search?q=milk&page=9999", 400, "a page from 1 to"),
        ("/search?per_page=500", 400, "per_page"),
        ("/search?sort=brand", 400, "sort as field:asc"),
        ("/search?low=cheap", 400, "an amount of money"),
        ("/item/nowhere", 404, "Search for it by its name."),
        ("/nowhere", 404, "Nothing here"),
        ("/thanks", 404, "Nothing here"),
        ("/basket/add", 405, "Not this way"),
        ("/static/nothing.js", 404, "Nothing here"),
    ],
)
def test_what_does_not_fit_is_said_kindly(client, address, status, says):
    page = client.get(address)
    assert page.status_code == status
    assert says in page.text
    assert 'role="search"' in page.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/basket/add", {}),
        ("/basket/add", {"item_id": "1082185", "quantity": "many"}),
        ("/basket/change", {"item_id": "1082185", "quantity": "-1"}),
        ("/basket/checkout", {"order": "0" * 32}),
        ("/shopper", {"user_id": "x" * 65}),
        ("/shopper", {"user_id": "a\x00b"}),
        ("/basket/add", {"item_id": "x" * 20_000}),
    ],
)
def test_forms_that_do_not_fit_are_refused(client, path, form):
    assert client.post(path, data=form).status_code == 400


def test_forms_in_another_encoding_are_refused(client):
    assert client.post("/shopper", content=b"user_id=\xff\xfe").status_code == 400
    assert client.post("/shopper", content=b"user_id=%FF").status_code in (200, 400)


def test_an_order_is_one_of_ours(client):
    client.post("/basket/add", data={"item_id": "1082185"})
    assert client.post("/basket/checkout", data={"order": "0; DROP TABLE"}).status_code == 400


@pytest.fixture
def failing(shop):
    """A storefront with a page for each kind of failure."""

    def fails(error):
        def make(ask):
            raise error

        return make

    answering = Answering(shop, Exposure())
    kinds = {
        "/broken": RuntimeError("secret"),
        "/busy": Overloaded("room in the queue", "none", "Try again."),
        "/early": NotReady("a release", "none", "Build one."),
    }
    routes = [Route(path, answering.page(fails(error))) for path, error in kinds.items()]
    application = Starlette(routes=routes, exception_handlers=answering.handlers)
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def test_our_own_faults_are_admitted_without_details(failing):
    page = failing.get("/broken", headers={"accept-language": "zh"})
    assert page.status_code == 500
    assert "是我们的问题" in page.text
    assert "secret" not in page.text


def test_a_busy_shop_asks_to_come_back(failing):
    page = failing.get("/busy")
    assert (page.status_code, page.headers["retry-after"]) == (429, "1")
    assert failing.get("/early").status_code == 503
