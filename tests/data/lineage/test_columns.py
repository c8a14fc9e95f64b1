"""Column lineage of expressions whose answer can be read off them."""

import ibis
import pyarrow as pa
import pytest

from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.lineage.columns import Direct, Indirect, column_lineage

SALES = pa.schema([("shop", pa.string()), ("net", pa.float64()), ("tax", pa.float64())])
SHOPS = pa.schema([("id", pa.string()), ("city", pa.string())])
SCHEMAS = {"sales": SALES, "shops": SHOPS}


def made(build, columns: tuple[str, ...], inputs=("sales", "shops")):
    schema = pa.schema([(name, pa.string()) for name in columns])
    asset = Asset("made", "", "data", schema=schema, inputs=inputs, build=build)
    return column_lineage(asset, SCHEMAS)


def test_each_kind_of_making_is_told():
    def build(tables, context):
        sales, shops = tables["sales"], tables["shops"]
        sales = sales.mutate(gross=sales.net + sales.tax).filter(sales.net > 0)
        joined = sales.inner_join(shops, sales.shop == shops.id)
        found = joined.group_by("city").aggregate(total=joined.gross.sum(), n=joined.count())
        return found.order_by(found.total).mutate(name=found.city.upper())

    found = made(build, ("city", "total", "n", "name"))
    assert found.columns == {
        "city": {("shops", "city"): Direct.IDENTITY},
        "total": {("sales", "net"): Direct.AGGREGATION, ("sales", "tax"): Direct.AGGREGATION},
        "n": {},
        "name": {("shops", "city"): Direct.TRANSFORMATION},
    }
    assert found.whole == {
        (("sales", "net"), Indirect.FILTER),
        (("sales", "shop"), Indirect.JOIN),
        (("shops", "id"), Indirect.JOIN),
        (("shops", "city"), Indirect.GROUP_BY),
        (("sales", "net"), Indirect.SORT),
        (("sales", "tax"), Indirect.SORT),
    }


def test_unions_are_made_from_both_sides():
    def build(tables, context):
        sales, shops = tables["sales"], tables["shops"]
        return sales.select(name=sales.shop).union(shops.select(name=shops.city.lower())).distinct()

    assert made(build, ("name",)).columns["name"] == {
        ("sales", "shop"): Direct.IDENTITY,
        ("shops", "city"): Direct.TRANSFORMATION,
    }


def test_windows_are_followed():
    def build(tables, context):
        sales = tables["sales"]
        return sales.select(place=sales.net.rank().over(group_by=sales.shop, order_by=sales.tax))

    found = made(build, ("place",), ("sales",)).columns["place"]
    assert set(found) == {("sales", "net"), ("sales", "shop"), ("sales", "tax")}


def test_what_comes_from_elsewhere_is_not_told():
    def build(tables, context):
        return ibis.memtable(pa.table({"name": ["a"]}))

    assert made(build, ("name",)) is None


@pytest.mark.parametrize("name", ["sessions", "histories", "item_statistics", "co_purchase"])
def test_the_shops_own_assets_are_told_with_all_their_columns(name: str):
    asset = ASSETS[name]
    found = column_lineage(asset, {each: ASSETS[each].schema for each in asset.inputs})
    assert list(found.columns) == asset.schema.names
    told = {each for sources in found.columns.values() for each in sources}
    for of, column in told | {each for each, _ in found.whole}:
        assert of in asset.inputs
        assert column in ASSETS[of].schema.names


def test_a_history_is_made_from_what_its_list_says():
    asset = ASSETS["histories"]
    found = column_lineage(asset, {each: ASSETS[each].schema for each in asset.inputs})
    events = {column for _, column in found.columns["events"]}
    assert {"ts", "event", "item_id", "quantity", "price"} <= events
    assert {column for _, column in found.columns["shopper_id"]} == {"user_id", "visitor_id"}
