"""The sums that the console shows are made where the log went on, and by one process."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from mercato.core.progress import Silent
from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.operating.summing import SUMS, outdated, sum_up
from mercato.state import alone

BOUGHT = {"line": 0, "event": "purchase", "user_id": "u", "item_id": "a", "price": 2.0}


def bought(store: AssetStore, number: int) -> None:
    row = BOUGHT | {"event_id": f"e{number}", "ts": datetime(2026, 3, number, tzinfo=UTC)}
    table = pa.Table.from_pylist([row], ASSETS["events"].schema)
    store.commit("events", table, mode="append")


def test_sums_are_outdated_as_soon_as_the_log_goes_on(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("format = 1\n")
    store = AssetStore(tmp_path / "assets")
    assert not outdated(store)
    bought(store, 1)
    assert outdated(store)
    with alone("sqlite:///state.db", tmp_path, "summing"):
        assert sum_up(tmp_path, Silent()) is None  # another process is at it
    assert sum_up(tmp_path, Silent()) == dict.fromkeys(SUMS, 0)
    assert not outdated(store)
    assert store.read("daily_activity")["revenue"].to_pylist() == [2.0]
    bought(store, 2)
    assert outdated(store)
