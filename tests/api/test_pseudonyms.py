"""In a shop that wants pseudonyms no id of a shopper reaches the disk."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.core.errors import BadInput
from mercato.core.settings import PrivacySettings, ServeSettings, load_settings, settings_text
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.shop.opened import Shop

USER, VISITOR, SESSION = "anna.schmidt@example.org", "device-of-anna", "visit-of-anna"
ASKED = {"user_id": USER, "visitor_id": VISITOR, "session_id": SESSION}


@pytest.fixture
def folder(shop_folder: Path) -> Path:
    settings = load_settings(shop_folder / "shop.toml")
    settings = replace(
        settings,
        serve=ServeSettings(drain_seconds=3600.0),
        privacy=PrivacySettings(pseudonyms=True),
    )
    (shop_folder / "shop.toml").write_text(settings_text(settings))
    return shop_folder


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    shutil.rmtree(folder / "assets" / "events")
    opened = Shop.open(folder)
    yield opened
    opened.close()


def on_disk(folder: Path) -> list[str]:
    """Places where a plain id stands."""
    found = [
        path.name
        for path in folder.glob("state.db*")
        if any(plain.encode() in path.read_bytes() for plain in (USER, VISITOR, SESSION))
    ]
    store = AssetStore(folder / "assets")
    for name in ("events", "answers", "quarantine"):
        if store.version(name) is not None:
            rows = str(store.read(name).to_pylist())
            found += [name] if any(plain in rows for plain in (USER, VISITOR, SESSION)) else []
    return found


def test_a_shopper_is_served_and_erased_by_a_plain_id(shop: Shop, folder: Path) -> None:
    api = create_api(shop)
    with TestClient(api, raise_server_exceptions=False) as client:
        guest = {"event": "purchase", "visitor_id": VISITOR, "items": [{"item_id": "lantern"}]}
        guest["session_id"] = SESSION
        assert client.post("/v1/events", json=guest).json()["accepted"] == 1
        login = {"anonymousId": VISITOR, "userId": USER, "type": "identify"}
        assert client.post("/v1/identify", json=login).status_code == 200
        asked = {"user_id": USER}
        found = client.get("/v1/recommend/buy-again", params=asked).json()["items"]
        assert found[0]["reason"]["code"] == "bought-before"
        assert client.get("/v1/search", params={"q": "tent", **ASKED}).status_code == 200
        assert client.get("/v1/suggest", params={"q": "te", **ASKED}).status_code == 200
        query = {"query": "tent", "userToken": VISITOR}
        assert client.post("/1/indexes/products/query", json=query).status_code == 200
        bought, joined = shop.state.events.after(0, 10).rows
        assert joined.event == "login"
        for sent in (bought.visitor_id, bought.session_id, joined.visitor_id, joined.user_id):
            assert (sent or "").startswith("id-")
        known = client.get(f"/v1/users/{USER}/export").json()["known"]
        assert "lantern" in str(known)
        drain(shop.state, AssetStore(folder / "assets"))
        assert on_disk(folder) == []
        receipt = client.delete(f"/v1/users/{USER}").json()
        places = {each["place"]: each["found"] for each in receipt["places"]}
        assert places["state/events"] == 2
        assert client.get("/v1/recommend/buy-again", params=asked).json()["items"][0]["reason"][
            "code"
        ] == ("popular")
        assert on_disk(folder) == []


def test_a_shop_that_knows_plain_ids_is_not_opened(folder: Path) -> None:
    with pytest.raises(BadInput, match="ids as they were sent"):
        Shop.open(folder)
