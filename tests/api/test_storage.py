"""A shop whose assets and releases lie in a bucket is served, and goes on when that is gone."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
import pytest
from fastapi.testclient import TestClient
from obstore.store import S3Store

from bench.wire import Wire
from mercato.api.app import create_api
from mercato.core.paths import Bucket, ShopPaths
from mercato.core.settings_file import write_setting
from mercato.data.releases import MANIFEST, ReleaseStore, link_tree
from mercato.data.storage import client as storage_client
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop


@pytest.fixture
def bucket_shop(
    shop_folder: Path,
    bucket_wire: Wire,
    told_of: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The tour's shop, its files brought into a bucket as they are, which a wire leads to."""
    monkeypatch.setattr(storage_client, "REQUEST_SECONDS", 5)
    prefix = f"{shop_folder.parent.name}/{shop_folder.name}"
    plain = S3Store("shops", prefix=prefix, client_options={"allow_http": True})
    for name in ("assets", "releases"):
        for file in (shop_folder / name).rglob("*"):
            if file.is_file() and ".staging" not in file.parts:
                obstore.put(plain, file.relative_to(shop_folder).as_posix(), file)
        shutil.rmtree(shop_folder / name)
        write_setting(shop_folder / "shop.toml", name, "url", f"s3://shops/{prefix}/{name}")
    told_of(bucket_wire.port)
    return shop_folder


@contextmanager
def served(folder: Path) -> Iterator[tuple[Shop, TestClient]]:
    shop = Shop.open(folder)
    try:
        with TestClient(create_api(shop), raise_server_exceptions=False) as asking:
            yield shop, asking
    finally:
        shop.close()


def soon(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def view(event_id: str) -> dict[str, Any]:
    items = [{"item_id": "tent-0"}]
    return {"event_id": event_id, "event": "view_item", "visitor_id": "v", "items": items}


def test_a_bucket_that_goes_away_costs_no_answer_and_no_event(
    bucket_shop: Path, bucket_wire: Wire
) -> None:
    store = AssetStore(ShopPaths(bucket_shop).assets)

    def drained() -> list[str]:
        told = store.read("events", columns=["event_id"])["event_id"].to_pylist()
        return sorted(each for each in told if each.startswith("seen-"))

    with served(bucket_shop) as (_, client):
        found = client.get("/v1/search", params={"q": "tent"}).json()["total"]
        assert found > 0
        assert client.post("/v1/events", json=view("seen-before")).status_code == 202
        soon(lambda: drained() == ["seen-before"])
        bucket_wire.stopped.set()
        bucket_wire.cut()
        begun = time.monotonic()
        assert client.get("/v1/search", params={"q": "tent"}).json()["total"] == found
        assert client.get("/v1/recommend/home").json()["items"]
        assert client.post("/v1/events", json=view("seen-meanwhile")).status_code == 202
        tent = {"id": "tent-new", "title": "A tent like no other"}
        assert client.put("/v1/items/tent-new", json=tent).status_code < 300
        assert client.get("/v1/search", params={"q": "tent"}).json()["total"] == found + 1
        assert time.monotonic() - begun < 20  # none of them waited for the bucket
        assert client.get("/readyz").status_code == 200
        bucket_wire.stopped.clear()
        soon(lambda: drained() == ["seen-before", "seen-meanwhile"])
        time.sleep(0.7)  # two more drains
        assert drained() == ["seen-before", "seen-meanwhile"]


def test_what_another_host_publishes_is_fetched_and_taken_up(bucket_shop: Path) -> None:
    releases = ShopPaths(bucket_shop).releases
    assert isinstance(releases, Bucket)
    other = ReleaseStore(Bucket(releases.url, bucket_shop / "other"))
    with served(bucket_shop) as (shop, client):
        number = other.require_current()
        with other.draft() as draft:
            link_tree(other.folder(number), draft, leave=MANIFEST)
            newer = other.seal(draft, other.manifest(number))
        other.publish(newer)
        soon(lambda: shop.live.number == newer)
        assert client.get("/v1/search", params={"q": "tent"}).json()["total"] > 0
        assert other.rollback() == number
        soon(lambda: shop.live.number == number)
