"""Days and searches as the console shows them, of sums that are made by hand."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.shop.activity import MEASURES

LAST = datetime.now(UTC).date() - timedelta(days=1)


def day(back: int, **measures):
    return {name: 0 for name in MEASURES} | {"day": LAST - timedelta(days=back)} | measures


def listed(name, place, text, **more):
    shared = {"list": name, "place": place, "query": text, "text": text, "shoppers": 3}
    rest = {"searches": 10, "clicks": 0, "purchases": 0, "zero_share": 0.0}
    return shared | rest | {"last_ts": datetime(2026, 3, 1, tzinfo=UTC)} | more


DAYS = (
    day(0, searches=30, empty_searches=3, revenue=60.0, orders=3),
    day(6, searches=10, empty_searches=1, revenue=40.0, orders=1),
    day(7, searches=20, empty_searches=1, revenue=50.0, orders=4),
    day(20, searches=5, revenue=1.0),
    day(-1, searches=7, revenue=999.0),  # today, which is not over
)
QUERIES = (
    listed("empty", 1, "zzqq", zero_share=1.0),
    listed("empty", 2, "mlik zzqq", zero_share=1.0, next_query="milk", next_sessions=4),
    listed("empty", 3, "milk", zero_share=1.0),
    listed("unclicked", 1, "cheese"),
)


@pytest.fixture(scope="module")
def summed(shop):
    store = AssetStore(shop.paths.assets)
    for name, rows in (("daily_activity", DAYS), ("query_lists", QUERIES)):
        store.commit(name, pa.Table.from_pylist(list(rows), ASSETS[name].schema))
    yield store
    for name in ("daily_activity", "query_lists"):
        shutil.rmtree(store.root / name)


@pytest.fixture
def tiles(merchant, summed):
    def read(**asked):
        page = merchant.get("/console/today.json", params=asked).json()
        return {tile["name"]: tile for tile in page["tiles"]}

    return read


def test_without_sums_a_page_says_how_they_come(merchant):
    assert "mercato assets DIR --sum-up" in merchant.get("/console/today").text
    assert "There is none." in merchant.get("/console/queries").text


def test_a_week_stands_against_the_week_before(tiles):
    found = tiles(days=7)
    assert (found["revenue"]["value"], found["revenue"]["before"]) == (100.0, 50.0)
    assert (found["revenue"]["change"], found["revenue"]["good"]) == (1.0, True)
    assert found["empty"]["value"] == pytest.approx(4 / 40)
    assert found["empty"]["change"] == pytest.approx((4 / 40) / (1 / 20) - 1)
    assert found["empty"]["good"] is False
    assert found["searches"]["good"] is None
    assert found["carts"]["change"] is None


def test_a_day_stands_against_the_same_day_of_the_week_before(tiles):
    assert (tiles(days=1)["revenue"]["value"], tiles(days=1)["revenue"]["before"]) == (60.0, 50.0)


def test_the_chart_and_its_table_say_the_same(merchant, summed):
    page = merchant.get("/console/today", params={"measure": "searches"})
    assert f'<th scope="row">{LAST}</th><td class="number">30</td>' in page.text
    chart = merchant.get("/console/today.svg", params={"measure": "searches", "figure": "days"})
    assert chart.headers["content-type"] == "image/svg+xml"
    assert "var(--c3)" in chart.text
    assert "prefers-color-scheme:dark" in chart.text
    assert merchant.get("/console/today.svg?figure=nothing").status_code == 404
    assert merchant.get("/console/today?days=3").status_code == 400


def test_every_search_has_what_would_help_it(merchant, summed, shop):
    page = merchant.get("/console/queries.json", params={"list": "empty"}).json()
    fixes = {each["listed"]["text"]: each["proposed"] for each in page["asked"]}
    assert fixes["zzqq"]["fix"] == "product"
    assert (fixes["mlik zzqq"]["fix"], fixes["mlik zzqq"]["other"]) == ("synonym", "milk")
    assert fixes["milk"]["fix"] == "none"
    assert fixes["milk"]["total"] > 0
    page = merchant.get("/console/queries.json", params={"list": "unclicked"}).json()
    assert page["asked"][0]["proposed"]["fix"] == "results"
    looks = [each for each in shop.state.audit.since(0) if each.asset == "query_lists"]
    assert {each.actor for each in looks} == {"ana"}


def test_a_synonym_leads_back_to_the_list(merchant, summed):
    back = "/console/queries?list=empty"
    form = {"word": "mlik zzqq", "means": "milk", "next": back}
    answer = merchant.post("/console/synonyms", data=form)
    assert answer.url.params["list"] == "empty"
    assert "The synonym holds from now on." in answer.text
    answer = merchant.post(
        "/console/synonyms", data={**form, "word": "mlk", "next": "//evil.example"}
    )
    assert answer.url.path.startswith("/console/")


def test_the_date_is_of_a_day_that_is_over(merchant, summed):
    page = merchant.get("/console/today.json").json()
    assert date.fromisoformat(page["last"]) == LAST
