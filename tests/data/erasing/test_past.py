"""The log of a table is read entry by entry, whatever its rows say."""

import json
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from mercato.data.erasing.past import log_texts
from mercato.data.store import AssetStore


def test_signs_that_end_lines_elsewhere_end_no_entry(tmp_path: Path) -> None:
    """The least and greatest value of a column stand in the log as they are."""
    table = pa.table({"event_id": ["a\u2028b", "c\u2029d", "e\x85f"]})
    for _ in range(2):
        write_deltalake(tmp_path / "events", table, mode="append")
    kinds = [
        kind for text in log_texts(AssetStore(tmp_path), "events") for kind in json.loads(text)
    ]
    assert kinds.count("add") == 2 and kinds.count("protocol") == 1
