"""A row is found by its key, and no more is read for it than may hold it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import NotFound
from mercato.data.lookup import row_of
from mercato.data.store import AssetStore

ROWS = 50_000


def shoppers() -> pa.Table:
    ids = pa.array([f"u{number:05}" for number in range(ROWS)])
    tags = pa.array([["guest"] if number % 2 else [] for number in range(ROWS)])
    return pa.table({"shopper_id": ids, "tags": tags, "orders": pa.array(range(ROWS))})


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The row groups that are read."""
    found: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def counted(self: pq.ParquetFile, number: int, *rest: object) -> pa.Table:
        found.append(number)
        return whole(self, number, *rest)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    return found


def test_of_rows_by_their_key_one_part_is_read(store: AssetStore, read: list[int]) -> None:
    store.commit("users", shoppers(), by_key=True)
    columns = ("tags", "orders")
    found = row_of(store, "users", ("shopper_id", "u40001"), columns)
    assert found == {"tags": ["guest"], "orders": 40_001}
    assert read == [2]  # of 16,384 rows each
    assert row_of(store, "users", ("shopper_id", "u40001x"), columns) is None
    assert read == [2, 2]
    assert row_of(store, "users", ("shopper_id", "zoe"), columns) is None
    assert read == [2, 2]


def test_rows_that_were_written_anew_are_found_too(store: AssetStore) -> None:
    """delta-rs then writes texts as string_view, and all rows as one group."""
    store.commit("users", shoppers(), by_key=True)
    store.writable("users").delete("orders = 3")
    assert row_of(store, "users", ("shopper_id", "u00003"), ("orders",)) is None
    assert row_of(store, "users", ("shopper_id", "u49999"), ("orders",)) == {"orders": 49_999}


def test_without_an_asset_there_is_no_row(store: AssetStore) -> None:
    with pytest.raises(NotFound, match="'users'"):
        row_of(store, "users", ("shopper_id", "u1"), ())
