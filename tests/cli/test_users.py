"""`mercato users`: counts, one profile, definitions."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import NotFound, WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, settings_text
from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.state import State


def at(day, event_id, event, **more):
    ts = datetime(2026, 5, day, 10, tzinfo=UTC)
    return {"event_id": event_id, "line": 0, "ts": ts, "event": event, "item_id": "tea", **more}


EVENTS = [
    at(1, "e1", "purchase", user_id="ana", price=4.0, transaction_id="t1"),
    at(11, "e2", "purchase", user_id="ana", price=4.0, transaction_id="t2"),
    at(2, "e3", "purchase", user_id="bo", price=2.0, transaction_id="t3"),
    at(11, "e4", "add_to_cart", visitor_id="eve"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    settings = Settings()
    settings = replace(settings, shop=replace(settings.shop, language="zh"))
    (folder / "shop.toml").write_text(settings_text(settings), encoding="utf-8")
    store = AssetStore(ShopPaths(folder).assets)
    items = [{"id": "tea", "title": "Tea", "price": 4.0}]
    for name, rows in (("items", items), ("events", EVENTS)):
        store.commit(name, pa.Table.from_pylist(rows, schema=ASSETS[name].schema))
    return folder


@pytest.fixture
def users(shop):
    """What `mercato users SHOP` prints with some options."""

    def run(*options):
        done = CliRunner().invoke(app, ["users", str(shop), *options], catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    return run


def test_counts_profiles_and_the_record(users, shop):
    found = json.loads(users("--json"))
    assert (found["shoppers"], found["revenue"]) == (3, 10)
    tags = {each["name"]: (each["shoppers"], each["revenue"]) for each in found["tags"]}
    assert (tags["repeat-buyer"], tags["one-time-buyer"], tags["guest"]) == ((1, 8), (1, 2), (1, 0))
    assert sum(each["shoppers"] for each in found["segments"]) == 3
    assert sum(each["shoppers"] for each in found["stages"]) == 2

    found = json.loads(users("--tag", "guest", "--segment", "prospect", "--json"))
    prospect = next(each for each in found["segments"] if each["name"] == "prospect")
    assert (found["shoppers"], prospect["shoppers"]) == (1, 1)
    assert json.loads(users("--tag", "guest", "--segment", "lost", "--json"))["shoppers"] == 0

    ana = json.loads(users("--user", "ana", "--json"))
    assert (ana["orders"], ana["revenue"], ana["as_of"]) == (2, 8, "2026-05-11T10:00:00+00:00")
    assert "repeat-buyer" in users("--user", "ana")
    state = State.open("sqlite:///state.db", shop)
    looks = [each for each in state.audit.since() if each.asset == "users"]
    state.close()
    assert [(each.action, each.columns) for each in looks] == [("users", ("shopper_id",))] * 2
    assert looks[0].subject == looks[1].subject != "ana"


def test_until(users):
    found = json.loads(users("--until", "2026-05-11", "--json"))
    assert (found["shoppers"], found["revenue"]) == (2, 6)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--segment", "kings"], NotFound, "a segment out of prospect, champions"),
        (["--tag", "kings"], NotFound, "a tag out of guest"),
        (["--user", "zoe"], NotFound, "a shopper who is in the event log"),
        (["--user", "ana", "--tag", "guest"], WrongUse, "--user alone"),
    ],
)
def test_what_is_not_there_is_named(users, options, error, said):
    with pytest.raises(error, match=said):
        users(*options)


def test_definitions_in_the_shops_language(users):
    shown = users("--definitions")
    assert "cannot-lose" in shown and "曾经买得最多" in shown
    found = json.loads(users("--definitions", "--json"))
    assert {each["kind"] for each in found} == {"segment", "stage", "tag", "column"}
    assert all(each["en"] and each["zh"] for each in found)
