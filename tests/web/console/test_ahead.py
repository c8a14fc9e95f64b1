"""What the first one who asks would wait for is worked out before; what comes later is, too."""

import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest

from mercato.core.errors import NotReady
from mercato.core.progress import Silent
from mercato.core.roles import Role
from mercato.data.store import AssetStore
from mercato.operating.summing import sum_up
from mercato.shop.opened import Shop
from mercato.web import Ahead, ahead, shoppers

LOOKED = ("today", "audience", "catalogue", "shelves", "data", "queries?list=empty")


@pytest.fixture
def opened(built_shop, tmp_path):
    """A summed up shop that nobody has asked anything."""
    folder = tmp_path / "shop"
    shutil.copytree(built_shop, folder)
    sum_up(folder, Silent())
    shop = Shop.open(folder)
    shoppers._picks.cache_clear()
    yield shop
    shop.close()


def nobody_waits(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("somebody waits for this")

    monkeypatch.setattr(AssetStore, "read", refuse)
    monkeypatch.setattr(shoppers, "_considered", refuse)
    monkeypatch.setattr("mercato.data.versions.summary.summary", refuse)


def test_nothing_is_left_to_those_who_ask(opened, sign_in, monkeypatch):
    with sign_in(opened, "ann", Role.OWNER) as merchant:
        Ahead(opened).look()
        nobody_waits(monkeypatch)
        for page in LOOKED:
            assert merchant.get(f"/console/{page}").status_code == 200


def test_what_is_summed_up_anew_is_read_at_the_next_look_that_is_due(opened, monkeypatch):
    looks = Ahead(opened)
    looks.look()
    store = AssetStore(opened.paths.assets)
    store.commit("daily_funnel", store.read("daily_funnel"))
    read = []
    monkeypatch.setattr(AssetStore, "read", lambda _, name, *__: read.append(name) or pa.table({}))
    monkeypatch.setattr(ahead, "WORKS", (lambda shop: store.read("daily_funnel"),))
    looks.look()
    assert not read
    monkeypatch.setattr(ahead.time, "monotonic", lambda: float("inf"))
    looks.look()
    assert read == ["daily_funnel"]


def test_an_asset_that_cannot_be_read_is_said_and_tried_again(opened, monkeypatch):
    def broken(shop):
        raise pa.ArrowInvalid("no Parquet")

    looks = Ahead(opened)
    with monkeypatch.context() as patch:
        patch.setattr(ahead, "WORKS", (broken,))
        with pytest.raises(NotReady, match="no Parquet"):
            looks.look()
    looks.look()


SERVED = """
import threading
from starlette.testclient import TestClient
from mercato.cli.serve import create_app
with TestClient(create_app()):
    print(*(each.name for each in threading.enumerate()), sep="\\n")
"""


def test_a_server_looks_beside_its_requests(opened):
    told = subprocess.run(
        [sys.executable, "-c", SERVED],
        env=os.environ | {"MERCATO_SHOP": str(opened.paths.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ahead" in told.stdout.split("\n")
