"""Who was seen with whom, in assets that were written anew."""

from pathlib import Path

import pyarrow as pa

from mercato.data.assets.events import SCHEMA
from mercato.data.erasing.person import Lines
from mercato.data.erasing.rows import delete_where
from mercato.data.store import AssetStore


def test_lines_are_found_in_files_that_an_erasure_has_written_anew(tmp_path: Path) -> None:
    # Where nothing is null, a scanner would look at the least and the greatest id of a file.
    rows = [
        {"event_id": f"e{n}", "line": 0, "user_id": user, "visitor_id": f"v-{user}"}
        for n, user in enumerate("abcb")
    ]
    store = AssetStore(tmp_path)
    store.commit("events", pa.Table.from_pylist(rows, schema=SCHEMA))
    assert delete_where(store, "events", "user_id = 'a'", "erase") == 1
    lines = Lines(store, ())
    assert lines.naming("user_id", ["b", "nobody"]) == {("b", "v-b", None)}
    assert lines.naming("visitor_id", ["v-a"]) == set()
