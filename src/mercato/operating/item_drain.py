"""Move changes of items from the state into the items asset, each exactly once.

The same rules as `drain`: how far the log was moved stands in the asset's own commit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mercato.catalogue.documents import canonical, patched
from mercato.core import columns as c
from mercato.core.changes import Change, ItemChange
from mercato.core.events import DRAIN_APPLICATION
from mercato.data.assets.items import ITEMS
from mercato.data.casts import attributes_json
from mercato.data.store import AssetStore
from mercato.state import State


def drain_items(state: State, store: AssetStore) -> int:
    """Bring the items asset up to the newest change; how many changes were moved.

    Raises Conflict where another writer was faster; then the changes stay in the state.
    """
    version = store.version(ITEMS.name)
    done = store.transaction(ITEMS.name, DRAIN_APPLICATION) or 0
    changes = state.items.since(done)
    if not changes:
        return 0
    before = (
        ITEMS.schema.empty_table()
        if version is None
        else store.read(ITEMS.name, version, hidden=True)
    )
    store.commit(
        ITEMS.name,
        changed(before, changes),
        note={"made_by": "drain", "from": str(done), "to": str(changes[-1].seq)},
        transaction=(DRAIN_APPLICATION, changes[-1].seq),
        base=-1 if version is None else version,
    )
    return len(changes)


def changed(items: pa.Table, changes: Sequence[ItemChange]) -> pa.Table:
    """The items after ``changes``, ordered by id; where a changed one came from is null."""
    changes = [change for change in changes if change.change is not Change.ENCODE]
    touched = pa.array(sorted({change.item_id for change in changes}), pa.string())
    is_touched = pc.is_in(items[c.ID], value_set=touched)
    after = {row[c.ID]: canonical(row) for row in items.filter(is_touched).to_pylist()}
    for change in changes:
        fields = {**change.fields, c.ID: change.item_id}
        if change.change is Change.PUT:
            after[change.item_id] = canonical(fields)
        elif change.change is Change.DELETE:
            after.pop(change.item_id, None)
        elif change.item_id in after:
            after[change.item_id] = patched(after[change.item_id], fields)
    rows = pa.Table.from_pylist([_row(item) for item in after.values()], schema=ITEMS.schema)
    parts = [items.filter(pc.invert(is_touched)), rows]
    return pa.concat_tables(parts, promote_options="default").sort_by(c.ID)


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """A shown item as a row of the asset."""
    created_at = item.get(c.CREATED_AT)
    return {
        **item,
        c.CREATED_AT: None if created_at is None else datetime.fromisoformat(created_at),
        c.ATTRIBUTES: attributes_json(item.get(c.ATTRIBUTES, {})),
    }
