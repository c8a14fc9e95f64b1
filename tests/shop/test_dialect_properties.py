"""Whatever objects a dialect's client sends: each is counted as something, and history is the same
in whatever order events come."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.api.dialects.naming import LOGS, dialect_of, pieces
from mercato.api.dialects.ubi_bulk import actions
from mercato.core.errors import BadInput
from mercato.data.pseudonyms import Pseudonyms
from mercato.shop.events import Door, accept
from mercato.shop.marking import Marking
from mercato.state import State


class Till:
    pseudonyms = Pseudonyms(bytes(32))

    def __init__(self, folder: Path) -> None:
        self.state = State.open("sqlite:///state.db", folder)

    def wall(self) -> int:
        return 1_777_636_800_000_000


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    made = Till(tmp_path_factory.mktemp("till"))
    yield made
    made.state.close()


MARKED: dict[str, dict[str, Any]] = {
    "ga4": {"name": "view_item", "client_id": "v", "params": {}, "timestamp_micros": 1},
    "ga4-bigquery": {"event_name": "purchase", "event_timestamp": "1", "event_params": []},
    "google-retail": {"eventType": "detail-page-view", "visitorId": "v", "productDetails": []},
    "segment": {"type": "track", "event": "Product Viewed", "anonymousId": "v", "properties": {}},
    "ubi": {"action_name": "click", "timestamp": "2026-05-01", "event_attributes": {}},
    "algolia-insights": {"eventType": "click", "index": "p", "objectIDs": ["a"], "userToken": "v"},
}
NAMES = sorted({name for each in MARKED.values() for name in each} | {"items", "userId", "consent"})
NAMES += ["user_query", "query_response_hit_ids", "objectData", "positions", "userInfo", "value"]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "object", "product", "id"]), inner, max_size=4)
    ),
    max_leaves=6,
)
changes = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)


@pytest.mark.parametrize("name", MARKED)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_object_is_counted_once_as_something(till: Till, name: str, data: Any) -> None:
    objects = data.draw(
        st.lists(changes.map(lambda each: MARKED[name] | each) | values, max_size=4)
    )
    objects = orjson.loads(orjson.dumps(objects))
    door = Door(LOGS[name], Marking(crawler=True))
    before = till.state.events.after(0, 1_000_000).last
    found = accept(till, objects, door).result(30)
    rest = found.rejected and {each.index for each in found.rejected}
    counted = len(rest) + found.withheld + found.left_out
    assert counted <= len(objects)
    if name != "ubi":  # of which an object may say two events
        assert counted + found.accepted + found.duplicates == len(objects)
    stored = till.state.events.after(before, 1_000_000).rows
    assert bool(stored) == (found.accepted > 0)
    assert all('"bot":"true"' in (row.attributes or "") for row in stored)
    again = accept(till, objects, door).result(30)
    assert again.rejected == found.rejected


@settings(max_examples=60, deadline=None)
@given(sent=st.lists(changes | st.sampled_from([*MARKED.values()]) | values, max_size=4) | changes)
def test_any_body_is_of_one_dialect_or_ours(sent: Any) -> None:
    try:
        log = dialect_of(sent)
    except BadInput as error:
        assert "?dialect=" in error.remedy
    else:
        assert log is None or pieces(sent, log)


lines = st.binary(max_size=30) | changes.map(lambda each: orjson.dumps({"index": each}))
lines |= values.map(orjson.dumps)


@settings(max_examples=60, deadline=None)
@given(body=st.lists(lines, max_size=6).map(b"\n".join))
def test_any_bulk_body_is_read_or_refused(body: bytes) -> None:
    try:
        found = actions(body, "ubi_events")
    except BadInput:
        return
    assert all((each.document is None) == (each.wrong is not None) for each in found)


def test_history_is_the_same_in_any_order(till: Till) -> None:
    """Late, twice, in other batches and the other way round."""
    said = [("purchase", 1), ("dismiss", 2), ("rate", 3), ("view_item", 3), ("purchase", 0)]
    seen = set()
    orders = list(itertools.permutations(range(len(said))))
    for number, order in enumerate(random.Random(0).sample(orders, 30)):
        user = f"shopper{number}"
        events = [
            {"event_id": f"{user}-{at}", "event": said[at][0], "user_id": user}
            | {"ts": 1_777_600_000 + said[at][1], "items": [{"item_id": f"i{at}"}], "value": 4}
            for at in order
        ]
        chance = random.Random(number)
        events += chance.sample(events, 2)
        cut = chance.randrange(len(events))
        for batch in (events[:cut], events[cut:]):
            accept(till, batch).result(30)
        stored = till.pseudonyms.of(user)
        known = till.state.events.known(user_id=stored, visitor_id=None, after_seq=0, limit=200)
        seen.add(tuple((each.ts, each.event, each.item_id) for each in known.events))
    (history,) = seen
    assert [event for _, event, _ in history] == [
        *("purchase", "purchase", "dismiss"),
        *("rate", "view_item"),
    ]
