"""Accepting batches: `accept` needs of a shop its state and its clock, and is given just these."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.core.columns import Event
from mercato.core.errors import Overloaded
from mercato.core.events import EventRow
from mercato.data.pseudonyms import Pseudonyms
from mercato.shop.events import Accepted, Rejected, TooLarge, accept
from mercato.state import State


@dataclass
class Till:
    state: State
    pseudonyms: Pseudonyms = Pseudonyms()

    def wall(self) -> int:
        return time.time_ns() // 1000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Till]:
    state = State.open("sqlite:///state.db", tmp_path, most_waiting=500)
    yield Till(state)
    state.close()


def view(event_id: str, **more: object) -> dict[str, object]:
    return {"event_id": event_id, "event": "view_item", "user_id": "u", **more}


def test_the_good_events_of_a_batch_are_kept(shop: Till) -> None:
    batch = [
        view("a"),
        "nonsense",
        view("b", items=[{"item_id": "i"}, {"item_id": "j"}]),
        view("a"),
    ]
    found = accept(shop, batch).result(30)
    assert (found.accepted, found.duplicates) == (2, 1)
    assert [rejected.index for rejected in found.rejected] == [1]
    assert "a JSON object; found nonsense" in found.rejected[0].error
    stored = shop.state.events.after(0, 10).rows
    assert [(row.event_id, row.line, row.item_id) for row in stored] == [
        ("a", 0, None),
        ("b", 0, "i"),
        ("b", 1, "j"),
    ]
    assert accept(shop, batch).result(30) == Accepted(0, 3, found.rejected)


def test_a_batch_of_only_bad_events_is_answered_too(shop: Till) -> None:
    found = accept(shop, [{}]).result(30)
    assert (found.accepted, found.duplicates) == (0, 0)
    assert isinstance(found.rejected[0], Rejected)
    assert accept(shop, []).result(30) == Accepted(0, 0, ())


def test_the_next_read_sees_the_event(shop: Till) -> None:
    accept(shop, [view("a", item_id="tea")]).result(30)
    assert [event.item_id for event in shop.state.events.recent("u", None)] == ["tea"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"event": "view_itm"}, "view_item, "),
        ({"event": None}, "a value of event"),
        ({"event_id": "x" * 513}, "event_id of at most 512 characters"),
        ({"ts": "yesterday"}, "found yesterday"),
        ({"ts": "2999-01-01T00:00:00Z"}, "at most a day ahead"),
        ({"currency": "EURO"}, "ISO 4217"),
        ({"items": [{"item_id": "a", "quantity": -1}]}, "quantity of at least 0"),
        ({"items": [{"item_id": "a", "price": "much"}]}, "found much"),
        ({"items": {"item_id": "a"}}, "items"),
    ],
)
def test_what_does_not_fit_is_said(shop: Till, fields: dict[str, object], said: str) -> None:
    batch = [view("good"), {**view("bad"), **fields}]
    found = accept(shop, batch).result(30)
    assert (found.accepted, [rejected.index for rejected in found.rejected]) == (1, [1])
    assert said in found.rejected[0].error
    assert [row.event_id for row in shop.state.events.after(0, 10).rows] == ["good"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
names = st.sampled_from([*EventRow._fields, "items", "index", "params", "other"])
objects = st.dictionaries(names, values, max_size=6)
events = st.builds(
    lambda fields, event, items: {**fields, "event": str(event), "items": items},
    objects,
    st.sampled_from(Event),
    st.lists(objects, max_size=3),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(batch=st.lists(events | values, max_size=4))
def test_any_json_is_counted_once_as_something(shop: Till, batch: list[object]) -> None:
    batch = orjson.loads(orjson.dumps(batch))
    before = shop.state.events.after(0, 100_000).last
    found = accept(shop, batch).result(30)
    assert found.accepted + found.duplicates + len(found.rejected) == len(batch)
    stored = shop.state.events.after(before, 100_000).rows
    assert bool(stored) == (found.accepted > 0)
    assert len({row.event_id for row in stored}) <= found.accepted


def test_batches_have_a_largest_size(shop: Till) -> None:
    with pytest.raises(TooLarge, match="at most 1000 events in a batch; found 1001"):
        accept(shop, [{}] * 1001)
    basket = [{"item_id": f"i{n}"} for n in range(101)]
    with pytest.raises(TooLarge, match="at most 10000 items in a batch; found 10100"):
        accept(shop, [view(f"e{n}", items=basket) for n in range(100)])
    assert shop.state.events.count_after(0) == 0


def test_a_full_queue_is_said_at_once(shop: Till) -> None:
    with pytest.raises(Overloaded):
        accept(shop, [view(f"e{n}") for n in range(501)])
