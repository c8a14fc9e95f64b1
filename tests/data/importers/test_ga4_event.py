import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.data.importers.ga4_event import columns_of, parse_events, payload_events

NOON = 1_777_636_800_000_000  # 2026-05-01T12:00:00Z


def purchase(**changes: object) -> dict[str, object]:
    event: dict[str, object] = {
        "event_id": "e1",
        "event": "purchase",
        "ts": "2026-05-01T12:00:00Z",
        "user_id": "anna",
        "currency": "eur",
        "transaction_id": "T1",
        "items": [
            {"item_id": "milk", "quantity": 2, "price": 1.5},
            {"item_id": 7, "price": "3", "index": 4, "coupon": "MAY"},
        ],
    }
    return event | changes


def test_each_item_of_an_event_is_a_row() -> None:
    parsed = parse_events([purchase()], received=None)
    assert parsed.problems == {}
    assert parsed.event_of_row == [0, 0]
    milk, seven = parsed.rows
    assert (milk.event_id, milk.line, milk.ts) == ("e1", 0, NOON)
    assert (milk.event, milk.user_id, milk.currency) == ("purchase", "anna", "EUR")
    assert (milk.item_id, milk.quantity, milk.price, milk.coupon) == ("milk", 2.0, 1.5, None)
    assert (seven.line, seven.item_id, seven.price, seven.position) == (1, "7", 3.0, 4)
    assert (seven.quantity, seven.coupon, seven.transaction_id) == (None, "MAY", "T1")


def test_ga4s_own_names_and_notations_are_understood() -> None:
    protocol = {
        "client_id": "c.1",
        "timestamp_micros": str(NOON),
        "events": [
            {"name": "view_item", "params": {"ga_session_id": 99, "items": [{"item_id": "a"}]}},
            {"name": "search", "params": {"search_term": "oat milk", "engaged": 1}},
        ],
    }
    exported = {
        "event_name": "view_item_list",
        "event_timestamp": NOON,
        "user_pseudo_id": "c.2",
        "event_params": [
            {"key": "item_list_name", "value": {"string_value": "home", "int_value": None}},
            {"key": "ga_session_id", "value": {"int_value": 5}},
        ],
        "items": [{"item_id": "a", "index": 1}, {"item_id": "b", "index": 2}],
    }
    events = [*payload_events(protocol), *payload_events(exported)]
    parsed = parse_events(events, received=None)
    assert parsed.problems == {}
    view, search, first, second = parsed.rows
    assert (view.visitor_id, view.session_id, view.item_id, view.ts) == ("c.1", "99", "a", NOON)
    assert (search.search_term, search.item_id, search.line) == ("oat milk", None, 0)
    assert json.loads(search.attributes or "") == {"engaged": 1}
    assert (first.placement, first.position, first.visitor_id) == ("home", 1, "c.2")
    assert (second.line, second.position, second.session_id) == (1, 2, "5")


def test_our_names_win_over_ga4s() -> None:
    (row,) = parse_events(
        [{"event": "search", "name": "other", "client_id": "c", "visitor_id": "v", "ts": NOON}],
        received=None,
    ).rows
    assert (row.event, row.visitor_id) == ("search", "v")


@pytest.mark.parametrize(
    ("items", "values", "attributes"),
    [
        ([{"item_id": "a"}], [9.0], [None]),
        ([{"item_id": "a"}, {"item_id": "b"}], [None, None], ['{"event_value":9.0}'] * 2),
        (
            [{"item_id": "a", "value": 4}, {"item_id": "b"}],
            [4.0, None],
            ['{"event_value":9.0}'] * 2,
        ),
        (None, [9.0], [None]),
    ],
)
def test_the_value_of_an_event_is_not_counted_once_a_line(items, values, attributes) -> None:
    rows = parse_events([purchase(items=items, value=9)], received=None).rows
    assert [row.value for row in rows] == values
    assert [row.attributes for row in rows] == attributes


@pytest.mark.parametrize(
    ("event", "check", "value"),
    [
        (purchase(ts="soon"), "ts-readable", "soon"),
        (purchase(ts=True), "ts-readable", "True"),
        (purchase(ts=None), "ts-required", None),
        (purchase(event="buy"), "event-accepted", "buy"),
        ({"ts": NOON}, "event-required", None),
        (purchase(items=[{"item_id": "a", "quantity": -1}]), "quantity-not-negative", "-1.0"),
        (purchase(items=[{"item_id": "a", "quantity": "two"}]), "quantity-readable", "two"),
        (purchase(items=[{"item_id": "a", "price": float("nan")}]), "price-readable", "nan"),
        (purchase(items=[{"item_id": "a", "index": 1.5}]), "position-readable", "1.5"),
        (purchase(items={"item_id": "a"}), "items-list", "{'item_id': 'a'}"),
        (purchase(items=["a"]), "items-list", "['a']"),
        (purchase(currency="Euro"), "currency-accepted", "EURO"),
        (purchase(params=[1]), "params-object", "1"),
        (purchase(attributes=[1]), "attributes-readable", "[1]"),
        (purchase(user_id="u" * 600), "user_id-length", "u" * 200),
        (42, "row-object", "42"),
        ("purchase", "row-object", "purchase"),
        (None, "row-object", None),
    ],
)
def test_what_is_wrong_with_an_event_is_said(event, check, value) -> None:
    good = purchase(event_id="good")
    parsed = parse_events([good, event, good], received=None)
    assert list(parsed.problems) == [1]
    assert (parsed.problems[1].check.name, parsed.problems[1].value) == (check, value)
    assert parsed.problems[1].check.expected in str(parsed.problems[1])
    assert parsed.event_of_row == [0, 0, 2, 2]  # the good ones stay, whole


def test_a_server_fills_in_time_and_identity_and_a_file_must_not() -> None:
    event = {"event": "view_item", "item_id": "a"}
    first, second = parse_events([event, event], received=NOON).rows
    assert first.ts == second.ts == NOON
    assert first.event_id and second.event_id and first.event_id != second.event_id
    assert parse_events([event], received=None).problems[0].check.name == "ts-required"
    timed = event | {"ts": NOON}
    first, second = parse_events([timed, dict(reversed(timed.items()))], received=None).rows
    assert first.event_id == second.event_id  # the same words are the same event
    (other,) = parse_events([timed | {"item_id": "b"}], received=None).rows
    assert other.event_id != first.event_id


def test_rows_are_a_batch_of_the_asset() -> None:
    batch = columns_of(parse_events([purchase()], received=None).rows)
    assert batch.num_rows == 2
    assert batch["ts"][0].as_py().isoformat() == "2026-05-01T12:00:00+00:00"
    assert columns_of([]).num_rows == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    "event_id event ts user_id items params event_params value price quantity attributes".split()
)


@given(st.lists(st.one_of(JSON, st.dictionaries(NAMES, JSON)), max_size=4))
def test_whatever_comes_in_each_event_is_read_or_refused(events: list[object]) -> None:
    parsed = parse_events(events, received=NOON)
    assert set(parsed.event_of_row) | set(parsed.problems) == set(range(len(events)))
    assert not set(parsed.event_of_row) & set(parsed.problems)
    assert columns_of(parsed.rows).num_rows == len(parsed.rows)


def test_an_item_cannot_speak_for_the_event() -> None:
    item = {"item_id": "a", "event_id": "", "ts": 1, "user_id": "other", "line": 9, "event": "x"}
    sent = {"event_id": "e", "event": "view_item", "ts": 1_770_000_000, "items": [item]}
    parsed = parse_events([sent], received=1_770_000_000_000_000)
    assert parsed.problems == {}
    [row] = parsed.rows
    assert (row.event_id, row.line, row.user_id, row.event) == ("e", 0, None, "view_item")
    assert row.ts == 1_770_000_000_000_000
    assert row.attributes is not None and '"user_id":"other"' in row.attributes
