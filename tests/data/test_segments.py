"""Segments of shoppers: saved with a release and found by user, else by visitor."""

from pathlib import Path

import pyarrow as pa

from mercato.data.segments import Segments

USERS = pa.table(
    {
        "shopper_id": ["u2", "visitor:v1", "u1"],
        "segment": ["champions", None, "lost"],
        "tags": [["guest", "big-spender"], ["window-shopper"], None],
        "orders": [3, 0, 1],
    }
)


def test_segments_come_back_with_tags(tmp_path: Path) -> None:
    Segments.from_table(USERS).save(tmp_path)
    found = Segments.open(tmp_path)
    assert found.of("u2", None) == {"champions", "guest", "big-spender"}
    assert found.of("u1", "v1") == {"lost"}
    assert found.of("new", "v1") == found.of(None, "v1") == {"window-shopper"}
    assert found.of("u0", "v9") == found.of(None, None) == set()


def test_a_shop_without_shoppers_has_no_segments(tmp_path: Path) -> None:
    Segments.from_table(USERS.slice(0, 0)).save(tmp_path)
    assert Segments.open(tmp_path).of("u1", None) == set()
