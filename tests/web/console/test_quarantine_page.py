"""A row that an import refused is mended on its page and tried again, as anybody would."""

import re

import pytest

from mercato.core.settings import ImportSettings, Settings
from mercato.data.importing import import_items
from mercato.data.store import AssetStore

PAGE = "/console/catalogue/quarantine"


@pytest.fixture(scope="module")
def refused(shop, tmp_path_factory):
    """Two lamps, of which one has a price that cannot be read."""
    feed = tmp_path_factory.mktemp("feed") / "lamps.csv"
    feed.write_text("id,title,price,brand\nlamp-16,A lamp,12,Lux\nlamp-17,A lamp,twelve,Lux\n")
    store = AssetStore(shop.paths.assets)
    settings = Settings(imports=ImportSettings(max_bad_share=1.0))
    import_items(store, [feed], settings=settings)
    return store


def fields(form):
    found = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    return {name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in found}


def test_a_row_is_mended_and_tried_again(merchant, refused, shop):
    listed = merchant.get(f"{PAGE}?asset=items&check=price-readable")
    (form,) = [each for each in listed.text.split("<form")[1:] if "lamp-17" in each]
    sent = fields(form[: form.index("</form>")])
    assert (sent["field:price"], sent["field:brand"]) == ("twelve", "Lux")
    row = merchant.get(f"{PAGE}.json?asset=items&check=price-readable").json()["rows"][0]
    assert row["fields"][0] == {"name": "price", "value": "twelve", "wrong": True}
    assert row["place"].endswith("lamps.csv:3")

    answer = merchant.post(f"{PAGE}/mend", data={**sent, "field:price": "12.50"})
    assert "Accepted." in answer.text
    assert merchant.get(f"{PAGE}.json").json()["total"] == 0
    items = refused.read("items", columns=["id", "price"]).to_pylist()
    assert {"id": "lamp-17", "price": 12.5} in items
    looks = [each for each in shop.state.audit.since(0) if each.asset == "quarantine"]
    assert {"ana"} <= {each.actor for each in looks}
    # It is gone, and cannot be tried twice.
    assert merchant.post(f"{PAGE}/mend", data=sent).status_code == 404


def test_whoever_may_not_change_products_sees_none(viewer):
    assert viewer.get(PAGE).status_code == 403
    assert PAGE not in viewer.get("/console/catalogue").text
