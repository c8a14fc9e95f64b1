from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.shop.event_rows import MOST_ITEMS, event_rows

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW = int(NOON.timestamp()) * 1_000_000
DAY = 24 * 3600 * 1_000_000


def one(**fields: object) -> EventRow:
    (row,) = event_rows({"event_id": "e", "event": "view_item", **fields}, NOW)
    return row


def refused(fields: object) -> str:
    with pytest.raises(BadInput) as caught:
        event_rows(fields, NOW)
    return str(caught.value)


def test_each_item_is_a_line_and_shares_the_event() -> None:
    sent = {
        "event_id": "p1",
        "event": "purchase",
        "ts": "2026-05-01T14:00:00.000001+02:00",
        "user_id": 7,
        "visitor_id": " v ",
        "session_id": "s",
        "currency": "eur",
        "value": 12.5,
        "transaction_id": "t",
        "coupon": "ALL",
        "query_id": "q",
        "placement": "home",
        "channel": "web",
        "search_term": "thé",
        "store": "north",
        "items": [
            {"item_id": "a", "quantity": 2, "price": "6.25", "index": 3, "item_name": "Tea"},
            {"item_id": "b", "coupon": "ONE", "attributes": {"gift": True}},
        ],
    }
    shared = dict(
        event_id="p1", ts=NOW + 1, event="purchase", user_id="7", visitor_id="v", session_id="s",
        currency="EUR", value=12.5, transaction_id="t", query_id="q", placement="home",
        channel="web", search_term="thé",
    )  # fmt: skip
    assert event_rows(sent, NOW) == [
        EventRow(
            **shared, line=0, item_id="a", quantity=2.0, price=6.25, position=3, coupon="ALL",
            attributes='{"item_name":"Tea","store":"north"}',
        ),
        EventRow(
            **shared, line=1, item_id="b", coupon="ONE",
            attributes='{"gift":"true","store":"north"}',
        ),
    ]  # fmt: skip


def test_an_event_without_items_is_line_0() -> None:
    assert one(event="search", search_term="tea") == EventRow(
        "e", 0, NOW, "search", search_term="tea"
    )
    assert one(items=[]).item_id is None


def test_a_flat_line_may_be_sent_as_it_is_stored() -> None:
    row = one(line=2, item_id="i", quantity=3, price=1.5, position=4, attributes={"a": 1})
    assert row == EventRow(
        "e", 2, NOW, "view_item", item_id="i", quantity=3.0, price=1.5, position=4,
        attributes='{"a":1}',
    )  # fmt: skip


@pytest.mark.parametrize("event", list(Event))
def test_every_event_name_is_taken(event: Event) -> None:
    assert one(event=str(event)).event == event


def test_names_in_other_spellings_are_taken() -> None:
    assert one(event="Add To Cart").event == "add_to_cart"
    assert one(event="viewItem").event == "view_item"


@pytest.mark.parametrize(
    "ts",
    [
        "2026-05-01T12:00:00Z",
        "2026-05-01 12:00",
        "2026-05-01T05:00:00-07:00",
        NOW // 1_000_000,
        NOW // 1_000,
        NOW,
        NOW * 1_000,
        str(NOW // 1_000_000),
        float(NOW // 1_000_000),
        None,
    ],
)
def test_times_in_any_unit(ts: object) -> None:
    assert one(ts=ts).ts == NOW


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("text", "an event as a JSON object"),
        ({"event_id": "e"}, "event as one of"),
        ({"event_id": "e", "event": "view_itm"}, "found view_itm"),
        ({"event_id": "e", "event": ["view_item"]}, "event as one of"),
        ({"event": "view_item"}, "an event_id, or at least a ts"),
        ({"event_id": {}, "event": "view_item"}, "event_id as text"),
        ({"event_id": True, "event": "view_item"}, "event_id as text"),
        ({"event_id": "x" * 513, "event": "view_item"}, "at most 512 characters"),
        ({"event_id": "a\0b", "event": "view_item"}, "none of them NUL"),
        ({"event_id": "e", "event": "view_item", "ts": "yesterday"}, "ts as a time"),
        ({"event_id": "e", "event": "view_item", "ts": "2026-13-01"}, "ts as a time"),
        ({"event_id": "e", "event": "view_item", "ts": True}, "ts as a time"),
        ({"event_id": "e", "event": "view_item", "ts": "2026-05-02T12:00:01Z"}, "a day from now"),
        ({"event_id": "e", "event": "view_item", "ts": "1969-12-31T00:00:00Z"}, "ts as a time"),
        ({"event_id": "e", "event": "view_item", "ts": "inf"}, "ts as a time"),
        ({"event_id": "e", "event": "view_item", "currency": "EURO"}, "ISO 4217"),
        ({"event_id": "e", "event": "view_item", "currency": ["EUR"]}, "ISO 4217"),
        ({"event_id": "e", "event": "view_item", "value": "much"}, "value as a number"),
        ({"event_id": "e", "event": "view_item", "attributes": "x"}, "attributes as a JSON object"),
        ({"event_id": "e", "event": "view_item", "note": "x" * 9000}, "characters of attributes"),
        ({"event_id": "e", "event": "view_item", "items": {}}, "items as a list"),
        ({"event_id": "e", "event": "view_item", "items": ["a"]}, "each of items"),
        ({"event_id": "e", "event": "view_item", "items": [{}]}, "an item_id in each"),
        ({"event_id": "e", "event": "view_item", "items": [{"item_id": "a"}] * 201}, "201 items"),
    ],
)
def test_what_does_not_fit_is_said(fields: object, said: str) -> None:
    assert said in refused(fields)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"quantity": -1}, "quantity as a number of at least 0"),
        ({"quantity": True}, "quantity as a number"),
        ({"price": -0.01}, "price as a number of at least 0"),
        ({"price": "nan"}, "price as a number"),
        ({"position": 1.5}, "position as a whole number"),
        ({"position": 2**31}, "position as a whole number"),
    ],
)
def test_numbers_of_items_are_checked(item: dict[str, object], said: str) -> None:
    sent = {"event_id": "e", "event": "view_item", "items": [{"item_id": "a", **item}]}
    assert said in refused(sent)


def test_the_limits_themselves_are_taken() -> None:
    assert one(ts=NOW + DAY).ts == NOW + DAY
    assert one(event_id="x" * 512).event_id == "x" * 512
    rows = event_rows(
        {"event_id": "e", "event": "view_item", "items": [{"item_id": "a"}] * MOST_ITEMS}, NOW
    )
    assert [row.line for row in rows] == list(range(MOST_ITEMS))


def test_an_event_without_an_id_is_named_by_what_it_says() -> None:
    sent = {"event": "view_item", "ts": "2026-05-01T12:00:00Z", "item_id": "a", "user_id": "u"}
    other_order = dict(reversed(sent.items()))
    assert event_rows(sent, NOW)[0].event_id == event_rows(other_order, NOW + 1)[0].event_id
    assert (
        event_rows(sent, NOW)[0].event_id != event_rows({**sent, "user_id": "w"}, NOW)[0].event_id
    )


def test_deep_nesting_is_refused() -> None:
    deep = orjson.loads('{"event_id":"e","event":"view_item","a":' + "[" * 500 + "]" * 500 + "}")
    assert "nest" in refused(deep)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
names = st.sampled_from([*EventRow._fields, "items", "index", "other"])
items = st.lists(st.dictionaries(names, values, max_size=4), max_size=3)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(sent=st.dictionaries(names, values, max_size=8), items=items, event=st.sampled_from(Event))
def test_any_json_gives_rows_or_bad_input(sent, items, event) -> None:
    sent = orjson.loads(orjson.dumps({**sent, "event": str(event), "items": items}))
    try:
        rows = event_rows(sent, NOW)
    except BadInput:
        return
    assert [row.line for row in rows][1:] == list(range(1, len(rows)))
    for row in rows:
        assert row.event == event and row.event_id and 0 <= row.ts <= NOW + DAY
        assert row.item_id is None or row.item_id.strip() == row.item_id != ""
