"""Accepting batches: `accept` needs of a shop its state and its clock, and is given just these."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mercato.core.errors import BadInput, Overloaded
from mercato.shop.events import Accepted, Rejected, accept
from mercato.state import State


@dataclass
class Till:
    state: State

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
    assert "expected an event as a JSON object; found nonsense" in found.rejected[0].error
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


def test_batches_have_a_largest_size(shop: Till) -> None:
    with pytest.raises(BadInput, match="at most 1000 events in a batch; found 1001"):
        accept(shop, [{}] * 1001)
    basket = [{"item_id": f"i{n}"} for n in range(101)]
    with pytest.raises(BadInput, match="at most 10000 items in a batch; found 10100"):
        accept(shop, [view(f"e{n}", items=basket) for n in range(100)])
    assert shop.state.events.count_after(0) == 0


def test_a_full_queue_is_said_at_once(shop: Till) -> None:
    with pytest.raises(Overloaded):
        accept(shop, [view(f"e{n}") for n in range(501)])
