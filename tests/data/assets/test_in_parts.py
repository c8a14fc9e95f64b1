"""A log that is worked through in parts, shopper after shopper, gives the rows of the whole."""

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pytest

from bench.scale_log import Size, fill
from mercato.core.settings import CleaningSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.engines import duckdb
from mercato.data.store import AssetStore
from tests.data.assets.test_on_spark import close

SPLIT = (
    *("shopper_flags", "sessions", "histories", "search_histories", "users", "co_purchase"),
    *("query_statistics", "daily_activity", "daily_funnel", "cohorts"),
)

SETTINGS = replace(Settings(), cleaning=CleaningSettings(own_users=("u3", "u5")))


@pytest.fixture(scope="module")
def store_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AssetStore]:
    def make() -> AssetStore:
        store = AssetStore(tmp_path_factory.mktemp("shop") / "assets")
        fill(store, Size(2_000, items=50))
        return store

    return make


@pytest.fixture(scope="module")
def at_once(store_of: Callable[[], AssetStore]) -> dict[str, pa.Table]:
    return derive(store_of(), SPLIT, settings=SETTINGS)


@pytest.fixture(scope="module")
def in_parts(store_of: Callable[[], AssetStore]) -> dict[str, pa.Table]:
    """Of some 300 lines each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "ROWS_A_MB", 0.5)
        return derive(store_of(), SPLIT, settings=SETTINGS)


@pytest.mark.parametrize("name", SPLIT)
def test_parts_give_the_rows_of_the_whole(name: str, at_once, in_parts) -> None:
    keys = list(ASSETS[name].keys)
    order = [(key, "ascending") for key in keys]
    one, other = (tables[name].sort_by(order) for tables in (at_once, in_parts))
    assert one.num_rows == other.num_rows > 1
    rows = zip(one.to_pylist(), other.to_pylist(), strict=True)
    assert next(((a, b) for a, b in rows if not close(a, b)), None) is None


def test_sessions_were_made_in_parts(in_parts) -> None:
    found = in_parts["sessions"]["shopper_id"].to_pylist()
    assert found != sorted(found), "each part is in order by itself"


def test_a_log_of_which_nothing_is_counted(
    store_of: Callable[[], AssetStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb, "ROWS_A_MB", 0.5)
    store = store_of()
    events = pa.Table.from_pylist(
        [
            {"event_id": f"e{n}", "line": 0, "ts": 10**15 + n, "event": "view_item",
             "user_id": "robot", "item_id": "i1", "attributes": '{"bot":"true"}'}
            for n in range(900)
        ],
        ASSETS["events"].schema,
    )  # fmt: skip
    store.commit("events", events)
    made = derive(store, ["sessions", "users"], settings=Settings())
    assert (made["sessions"].num_rows, made["users"].num_rows) == (0, 0)
