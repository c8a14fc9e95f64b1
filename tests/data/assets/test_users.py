"""Expected values: by hand on a log of a few lines, and worked out row by row on a random one."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import fmean, median
from types import SimpleNamespace

import ibis
import pyarrow as pa
import pytest

from mercato.core.columns import PATH_SEPARATOR
from mercato.core.settings import Settings
from mercato.data.asset import DeriveContext
from mercato.data.assets import ASSETS
from mercato.data.assets.users import COLUMNS, USERS
from mercato.data.derive import derive
from mercato.data.engines import open_engine
from mercato.data.store import AssetStore
from mercato.data.users.rfm import SEGMENTS, segment

START = datetime(2026, 3, 2, 18, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def line(event_id, shopper, day, item, event="purchase", **more):
    who = {"visitor_id": shopper[8:]} if shopper.startswith("visitor:") else {"user_id": shopper}
    ts = START + day * DAY
    return {
        "event_id": event_id,
        "line": 0,
        "ts": ts,
        "event": event,
        "item_id": item,
        **who,
        **more,
    }


ITEMS = [
    {"id": "tea", "title": "Tea", "product_type": "Food > Hot > Tea", "brand": "Leaf",
     "price": 4.0},
    {"id": "pot", "title": "Pot", "product_type": "Home > Pots", "brand": "Clay",
     "price": 20.0, "sale_price": 15.0},
]  # fmt: skip

# ana: three orders 10 and 20 days apart, the newest event of the shop is hers.
# bo: one order of two products, refunded in part. eve: a guest who only put a pot into the cart.
EVENTS = [
    line("e1", "ana", 0, "tea", price=4.0, quantity=2.0, transaction_id="t1"),
    line("e2", "ana", 10, "tea", price=4.0, coupon="c", transaction_id="t2"),
    line("e3", "ana", 30, "pot", price=15.0, transaction_id="t3"),
    line("e4", "bo", 6, "tea", price=4.0, channel="app"),
    line("e5", "bo", 6 + 1 / 144, "pot", price=20.0, channel="app"),  # ten minutes on: one visit
    line("e6", "bo", 8, "pot", "refund", price=20.0, channel="web"),
    line("e7", "visitor:eve", 20, "pot", "add_to_cart"),
    line("e8", "visitor:eve", 20, "pot", "view_item"),
]


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    store = AssetStore(tmp_path_factory.mktemp("by-hand"))
    for name, rows in (("items", ITEMS), ("events", EVENTS)):
        store.commit(name, pa.Table.from_pylist(rows, schema=ASSETS[name].schema))
    found = derive(store, ["users"], settings=Settings())["users"]
    return {row["shopper_id"]: row for row in found.to_pylist()}


def test_what_was_bought(by_hand) -> None:
    ana, bo, eve = (by_hand[name] for name in ("ana", "bo", "visitor:eve"))
    assert (ana["orders"], bo["orders"], eve["orders"]) == (3, 1, 0)
    assert (ana["items"], bo["items"], eve["items"]) == (2, 2, 0)
    assert (ana["quantity"], bo["quantity"]) == (2 + 1 + 1, 2)
    assert (ana["revenue"], bo["revenue"], eve["revenue"]) == (8 + 4 + 15, 24, 0)
    assert (ana["average_order_value"], eve["average_order_value"]) == (27 / 3, None)
    assert (ana["monetary"], bo["monetary"], bo["refunded"]) == (27, 24 - 20, 20)
    assert (ana["median_days_between_orders"], bo["median_days_between_orders"]) == (15, None)
    # a coupon, and 15.00 for the pot on sale: two of three; bo paid the pot's full price
    assert (ana["discount_share"], bo["discount_share"]) == (pytest.approx(2 / 3), 0)
    # one product in each top category: the cheapest of its category
    assert (ana["price_band"], eve["price_band"]) == (1, None)


def test_times_and_habits(by_hand) -> None:
    ana, bo, eve = (by_hand[name] for name in ("ana", "bo", "visitor:eve"))
    assert {row["as_of"] for row in by_hand.values()} == {START + 30 * DAY}
    assert (ana["first_ts"], ana["last_ts"]) == (START, START + 30 * DAY)
    assert (bo["first_purchase_ts"], bo["last_ts"]) == (START + 6 * DAY, START + 8 * DAY)
    assert eve["last_cart_ts"] == START + 20 * DAY and eve["last_purchase_ts"] is None
    assert (ana["recency_days"], eve["recency_days"]) == (0, None)
    assert bo["recency_days"] == pytest.approx(24 - 1 / 144)
    # days 0, 10, 30 are a Monday, a Thursday, a Wednesday: of equals the last
    assert (ana["weekday"], bo["weekday"], ana["hour"]) == (3, 7, 18)
    assert (ana["channel"], bo["channel"]) == (None, "app")


def test_scores_segment_and_stage(by_hand) -> None:
    ana, bo, eve = (by_hand[name] for name in ("ana", "bo", "visitor:eve"))
    # of two buyers, one is below ana in everything: 1 + ⌊5 × 1 / 2⌋
    assert (ana["r"], ana["f"], ana["m"], ana["segment"]) == (3, 3, 3, "needs-attention")
    assert (bo["r"], bo["f"], bo["m"], bo["segment"]) == (1, 1, 1, "lost")
    assert (eve["r"], eve["segment"], eve["stage"]) == (None, "prospect", None)
    # the shop's median is ana's, 15: hers (2 × 15 + 3 × 15) / 5, bo's the shop's
    assert (ana["interval_days"], bo["interval_days"]) == (15, 15)
    assert (ana["stage"], bo["stage"]) == ("active", "new")  # bo: 24 days are at most 2 × 15


def test_affinities_and_tags(by_hand) -> None:
    ana, bo, eve = (by_hand[name] for name in ("ana", "bo", "visitor:eve"))
    # 7 lines of interest: tea 3, pots 4. ana has 2 of 3 tea, expected 3 × 3 / 7
    hot = {"share": 2 / 3, "lift": (2 + 5) / (9 / 7 + 5)}
    assert ana["categories"] == [pytest.approx({"category": "Food > Hot", **hot})]
    assert ana["brands"] == [pytest.approx({"brand": "Leaf", **hot})]
    # eve has 2 of 2 pots, expected 2 × 4 / 7
    clay = {"brand": "Clay", "share": 1.0, "lift": (2 + 5) / (8 / 7 + 5)}
    assert eve["brands"] == [pytest.approx(clay)]
    assert ana["tags"] == ["repeat-buyer", "discount-buyer", "bargain-hunter", "budget-buyer",
                           "evening-shopper"]  # fmt: skip
    assert bo["tags"] == ["one-time-buyer", "budget-buyer", "weekend-shopper", "evening-shopper",
                          "returns-often"]  # fmt: skip
    assert eve["tags"] == ["guest", "left-in-cart", "weekend-shopper", "evening-shopper"]


@pytest.mark.parametrize("until", [None, datetime(2026, 5, 1, tzinfo=UTC)])
def test_every_shopper_of_a_random_log(derived, log, shopper_of, visit_of, until) -> None:
    items = [{**item, "brand": f"b{n % 3}"} for n, item in enumerate(log.items)]
    channels = ("web", "app", "app", None)
    events = [
        {
            **row,
            "coupon": "c" if row["event_id"].endswith("3") else None,
            "channel": channels[int(row["event_id"][1:]) % 4],
        }
        for row in log.events
    ]
    found = {
        row["shopper_id"]: row for row in derived("users", log, until, items=items, events=events)
    }
    statistics = derived("item_statistics", log, until, items=items, events=events)
    bands = {row["item_id"]: row["price_band"] for row in statistics}
    used = [row for row in events if until is None or row["ts"] < until]
    expected = worked_out(used, items, bands, until, shopper_of(used), visit_of(used))
    assert set(found) == set(expected)
    assert len({row["segment"] for row in found.values()}) > 4
    for shopper, row in expected.items():
        for name, value in row.items():
            assert found[shopper][name] == close_to(value), (shopper, name)


def close_to(value):
    return pytest.approx(value) if isinstance(value, float) else value


def worked_out(events, items, bands, until, shopper, visit):
    """Shopper → columns, row by row."""
    as_of = until or max(row["ts"] for row in events)
    lines = defaultdict(list)
    for row in events:
        if who := shopper(row):
            lines[who].append(row)
    users = {
        who: numbers(mine, {item["id"]: item for item in items}, bands, as_of, visit)
        for who, mine in lines.items()
    }
    buyers = [user for user in users.values() if user["orders"]]
    for name, of in (("r", "recency_days"), ("f", "orders"), ("m", "monetary")):
        sign = -1 if name == "r" else 1
        for user in buyers:
            below = sum(sign * other[of] < sign * user[of] for other in buyers)
            user[name] = 1 + 5 * below // len(buyers)
    medians = [each["median_days_between_orders"] for each in buyers]
    shop = median([days for days in medians if days is not None])
    for user in buyers:
        own = user["orders"] - 1
        days = (own * (user["median_days_between_orders"] or 0) + 3 * shop) / (own + 3)
        user["interval_days"] = max(days, 1.0)
    for name in ("category", "brand"):
        taste(users, lines, name, {item["id"]: value_of(item, name) for item in items})
    return users


def numbers(mine, items, bands, as_of, visit):
    bought = [row for row in mine if row["event"] == "purchase"]
    orders = defaultdict(list)
    for row in bought:
        orders[row["transaction_id"] or visit(row)].append(row["ts"])
    starts = sorted(min(times) for times in orders.values())
    gaps = [(b - a) / DAY for a, b in zip(starts, starts[1:], strict=False)]
    refunded = sum(amount(row) for row in mine if row["event"] == "refund")
    revenue = sum(amount(row) for row in bought)
    banded = [band for row in bought if (band := bands.get(row["item_id"])) is not None]
    return {
        "as_of": as_of,
        "first_ts": min(row["ts"] for row in mine),
        "views": sum(row["event"] == "view_item" for row in mine),
        "last_cart_ts": max((r["ts"] for r in mine if r["event"] == "add_to_cart"), default=None),
        "refunded": refunded,
        "orders": len(orders),
        "items": len({row["item_id"] for row in bought}),
        "quantity": sum(row["quantity"] or 1 for row in bought),
        "revenue": revenue,
        "monetary": max(revenue - refunded, 0) if bought else 0,
        "median_days_between_orders": median(gaps) if gaps else None,
        "price_band": median(banded) if banded else None,
        "discount_share": fmean(cheap(row, items) for row in bought) if bought else None,
        "recency_days": (as_of - max(r["ts"] for r in bought)) / DAY if bought else None,
        "weekday": most_frequent(mine, lambda row: row["ts"].isoweekday()),
        "hour": most_frequent(mine, lambda row: row["ts"].hour),
        "channel": most_frequent(mine, lambda row: row["channel"]),
    }


def amount(row):
    if row["value"] is not None:
        return row["value"]
    return (row["price"] or 0.0) * (row["quantity"] or 1.0)


def cheap(row, items):
    item = items.get(row["item_id"], {})
    prices = (row["price"], item.get("sale_price"), item.get("price"))
    on_sale = None not in prices and prices[0] <= prices[1] < prices[2]
    return float(row["coupon"] is not None or on_sale)


def most_frequent(mine, value):
    events = {row["event_id"]: row for row in mine}.values()  # lines of an event agree
    counts = Counter(value(row) for row in events if value(row) is not None)
    last = {value(row): row["ts"] for row in sorted(events, key=lambda row: row["ts"])}
    return max(counts, key=lambda each: (counts[each], last[each]), default=None)


def value_of(item, name):
    if name == "brand":
        return item["brand"]
    return item["product_type"] and PATH_SEPARATOR.join(item["product_type"].split(" > ")[:2])


def taste(users, lines, name, values):
    interest = {"view_item", "add_to_cart", "add_to_wishlist", "purchase"}
    counts = {
        who: Counter(
            values[row["item_id"]]
            for row in mine
            if row["event"] in interest and values.get(row["item_id"])
        )
        for who, mine in lines.items()
    }
    shop = sum(counts.values(), Counter())
    for who, own in counts.items():
        total = own.total()
        lifts = {each: (n + 5) / (total * shop[each] / shop.total() + 5) for each, n in own.items()}
        best = sorted((-lift, -own[each], each) for each, lift in lifts.items() if lift > 1)[:5]
        column = {"category": "categories", "brand": "brands"}[name]
        users[who][column] = [
            pytest.approx({name: each, "share": -n / total, "lift": -lift})
            for lift, n, each in best
        ]


def test_each_cell_of_the_grid_has_the_segment_whose_words_name_it() -> None:
    """The ranges stand in each definition: ``r 3–4, fm 4–5``."""
    cells = [(r, fm) for r in range(1, 6) for fm in range(1, 6)]
    rows = [{"orders": 1, "r": r, "f": fm, "m": fm} for r, fm in cells]
    rows += [{"orders": 1, "r": 4, "f": 1, "m": 4}, {"orders": 0, "r": None, "f": None, "m": None}]
    with open_engine() as engine:
        users = engine.arrow(pa.Table.from_pylist(rows))
        found = engine.table(users.mutate(segment=segment(users))).to_pylist()
    named = {(row["r"], row["f"], row["m"]): row["segment"] for row in found}
    for r, fm in cells:
        wanted = [each.name for each in SEGMENTS if in_words(each.english, r, fm)]
        assert wanted == [named[r, fm, fm]] or (wanted, r, fm) == (["lost", "hibernating"], 1, 1)
    assert named[1, 1, 1] == "lost"
    assert named[4, 1, 4] == "potential-loyalist"  # (1 + 4) / 2 is 3, rounded up
    assert named[None, None, None] == "prospect"


def in_words(text, r, fm):
    ranges = re.search(r"r ([\d–]+), fm ([\d–]+)", text)
    return bool(ranges) and r in span(ranges[1]) and fm in span(ranges[2])


def span(text):
    low, _, high = text.partition("–")
    return range(int(low), int(high or low) + 1)


def test_every_column_is_defined_in_both_languages() -> None:
    assert [each.name for each in COLUMNS] == USERS.schema.names
    for each in COLUMNS:
        assert each.english.endswith(".") and each.chinese.endswith("。"), each.name


def test_the_same_expression_compiles_for_spark(monkeypatch) -> None:
    """The compiler asks for an option that only an installed pyspark registers."""
    from ibis.backends.sql.compilers import pyspark

    options = SimpleNamespace(pyspark=SimpleNamespace(treat_nan_as_null=False))
    monkeypatch.setattr(pyspark, "options", options)
    tables = {
        name: ibis.table(ibis.schema(ASSETS[name].schema), name=name) for name in USERS.inputs
    }
    expression = USERS.build(tables, DeriveContext(30))
    sql = pyspark.compiler.to_sqlglot(expression).sql("spark")
    assert "visitor:" in sql and "cannot-lose" in sql
