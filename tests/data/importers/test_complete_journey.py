"""The demo's data, whole, against what its tables say by themselves."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from mercato.core.settings import Settings
from mercato.data.importers import dialect_of, sources_of
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore


@pytest.fixture(scope="module")
def market(journey: Path, tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    store = AssetStore(tmp_path_factory.mktemp("market") / "assets")
    assert import_items(store, [journey], settings=Settings()).accepted == 92_331
    assert import_events(store, [journey], settings=Settings()).accepted == 1_469_307
    return store


def one(query: str, folder: Path) -> tuple[object, ...]:
    """The first row of a query over the transactions ``t`` and the other tables."""
    with duckdb.connect() as connection:
        for table in ("transactions", "coupon_redemptions", "coupons"):
            name = "t" if table == "transactions" else table
            connection.sql(f"CREATE VIEW {name} AS FROM '{folder}/{table}.parquet'")
        return connection.sql(query).fetchall()[0]


def test_the_folder_is_recognised(journey: Path) -> None:
    assert dialect_of(sources_of(journey)[0], "items", None).name == "complete-journey"
    read = {file.stem for file in sources_of(journey)[0].files}
    assert read == {"transactions", "products", "coupons", "coupon_redemptions"}


def test_everything_is_there_once(market: AssetStore) -> None:
    events = market.read("events")
    assert events.num_rows == 1_469_307
    assert pc.count_distinct(events["user_id"]).as_py() == 2_469
    assert pc.count_distinct(events["event_id"]).as_py() == 155_848
    assert market.read("items").num_rows == 92_331
    assert market.version("quarantine") is None


def test_a_second_import_changes_nothing(market: AssetStore, journey: Path) -> None:
    for load, rows in ((import_items, 92_331), (import_events, 1_469_307)):
        again = load(market, [journey], settings=Settings())
        assert (again.read, again.accepted, again.unchanged) == (rows, 0, rows)
        assert (again.version, again.committed) == (0, False)


def test_rows_know_their_place_in_their_file(market: AssetStore, journey: Path) -> None:
    sources = {row["source_id"]: row["lines_in"] for row in market.read("sources").to_pylist()}
    for asset, id_of_row, file, column in (
        ("items", "id", "products", "product_id"),
        ("events", "item_id", "transactions", "product_id"),
    ):
        rows = market.read(asset, columns=[id_of_row, "__source", "__source_line"])
        (source,) = pc.unique(rows["__source"]).to_pylist()
        assert sources[source] == f"{file}.parquet"
        written = pq.read_table(journey / f"{file}.parquet", columns=[column])[column]
        there = written.take(pc.subtract(rows["__source_line"], 1)).cast(pa.string())
        assert there.equals(rows[id_of_row])
        assert pc.count_distinct(rows["__source_line"]).as_py() == len(written)


def test_sales_add_up(market: AssetStore, journey: Path) -> None:
    events = market.read("events")
    sales, pieces, guests = one(
        "SELECT sum(sales_value), sum(quantity), count(*) FILTER (quantity = 0) FROM t", journey
    )
    assert pc.sum(events["value"]).as_py() == pytest.approx(sales)
    assert pc.sum(events["quantity"]).as_py() == pieces
    assert events["quantity"].null_count == guests
    longest = one("SELECT max(n) FROM (SELECT count(*) n FROM t GROUP BY basket_id)", journey)
    assert pc.max(events["line"]).as_py() + 1 == longest[0]


def test_an_item_says_what_the_tables_say(market: AssetStore, journey: Path) -> None:
    items = market.read("items")
    (unsold,) = items.filter(pc.equal(items["id"], "26190")).to_pylist()
    assert unsold["title"] == "Apple Sauce 50 oz"
    assert (unsold["brand"], unsold["attributes"]) == ("Store brand", '{"manufacturer":"69"}')
    assert (unsold["price"], unsold["currency"], unsold["created_at"]) == (None, None, None)
    (bananas,) = items.filter(pc.equal(items["id"], "1082185")).to_pylist()
    price, first = one(
        "SELECT round(median(sales_value / quantity), 2), "
        "(SELECT min(transaction_timestamp) FROM t WHERE product_id = 1082185) "
        "FROM t WHERE product_id = 1082185 AND quantity > 0 AND sales_value > 0",
        journey,
    )
    assert (bananas["price"], bananas["currency"]) == (price, "USD")
    assert bananas["created_at"].replace(tzinfo=None) == first


def test_products_that_read_the_same_are_one_group(market: AssetStore) -> None:
    items = market.read("items").sort_by("id")
    texts: dict[tuple[object, ...], int] = {}
    for row in items.select(["title", "product_type", "brand", "size", "id"]).to_pylist():
        number = int(row.pop("id"))
        key = tuple(row.values())
        texts[key] = min(number, texts.get(key, number))
    assert pc.count_distinct(items["item_group_id"]).as_py() == len(texts)
    assert 19_500 < len(texts) < 21_000
    assert set(items["item_group_id"].to_pylist()) == {str(each) for each in texts.values()}


def test_no_title_shouts_or_ends_in_half_a_word(market: AssetStore) -> None:
    titles = pc.unique(market.read("items")["title"]).to_pylist()
    assert all(titles)
    shouting = [
        title
        for title in titles
        if any(len(w) > 4 and w.isupper() and w.isalpha() for w in title.split())
    ]
    assert shouting == []
    odd = [title for title in titles if any(sign in title for sign in "(/&:") and "/" not in title]
    assert odd == []
    abbreviated = {"Frzn", "Sft", "Drnk", "Btl", "Incl", "Sngl", "Srv", "Drsng", "Refrgratd"}
    assert [title for title in titles if abbreviated & set(title.split())] == []


def test_coupons_stand_where_they_were_redeemed(market: AssetStore, journey: Path) -> None:
    events = market.read("events")
    (expected,) = one(
        """SELECT count(*) FROM t WHERE EXISTS (
            SELECT 1 FROM coupon_redemptions r JOIN coupons c USING (coupon_upc, campaign_id)
            WHERE r.household_id = t.household_id AND c.product_id = t.product_id
            AND r.redemption_date::date = t.transaction_timestamp::date)""",
        journey,
    )
    assert events.num_rows - events["coupon"].null_count == expected
    assert expected
