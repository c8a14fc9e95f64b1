from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.data.appending import absent
from mercato.data.assets.events import EVENTS
from mercato.data.store import AssetStore

keys = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3)), max_size=12)


def table(pairs: list[tuple[str, int]]) -> pa.Table:
    rows = [{"event_id": event_id, "line": line, "event": "view_item"} for event_id, line in pairs]
    return pa.Table.from_pylist(rows, schema=EVENTS.schema)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(present=keys, appended=keys, given_rows=keys)
def test_rows_whose_keys_stand_in_the_version_are_left_out(
    tmp_path_factory: pytest.TempPathFactory,
    present: list[tuple[str, int]],
    appended: list[tuple[str, int]],
    given_rows: list[tuple[str, int]],
) -> None:
    store = AssetStore(tmp_path_factory.mktemp("assets"))
    store.commit("events", table(present))
    version = store.commit("events", table(appended), mode="append")
    found = absent(store, EVENTS, version, table(given_rows))
    kept = list(zip(found["event_id"].to_pylist(), found["line"].to_pylist(), strict=True))
    assert kept == [key for key in given_rows if key not in {*present, *appended}]
    assert found.schema.equals(EVENTS.schema)


def test_an_older_version_knows_less(tmp_path: Path) -> None:
    store = AssetStore(tmp_path)
    old = store.commit("events", table([("a", 0)]))
    store.commit("events", table([("b", 0)]), mode="append")
    assert absent(store, EVENTS, old, table([("a", 0), ("b", 0)]))["event_id"].to_pylist() == ["b"]
