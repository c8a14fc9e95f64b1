"""Where an item's row came from, and what was changed of it since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from mercato.core.changes import ItemChange
from mercato.core.errors import NotFound
from mercato.data.assets.items import ITEMS
from mercato.data.engines import Engine
from mercato.data.store import AssetStore
from mercato.data.tracing.rows import TracedRow, traced_rows

_VERSIONS_BACK = 50
"""So many older versions are looked through for the import of an item that was changed later."""


@dataclass(frozen=True)
class ItemTrace:
    """then     : the row in the version that is asked about; None where it was not there yet
    imported : the newest imported row before it, where ``then`` itself came through the API
    now      : column → its value then and now, where they differ; None where nothing can be told
    withdrawn : whether the newest version lacks the item
    changes  : what came through the API since, as far as the state still has it
    """

    item_id: str
    then: TracedRow | None
    imported: TracedRow | None
    now: Mapping[str, tuple[Any, Any]] | None
    withdrawn: bool
    changes: tuple[ItemChange, ...]


def trace_item(
    engine: Engine,
    store: AssetStore,
    item_id: str,
    version: int,
    changes: tuple[ItemChange, ...],
) -> ItemTrace:
    """An item as it stands in a ``version`` of the asset, and what came after it.

    changes : item changes since that version, of any item

    Raises NotFound where the version's files are gone.
    """
    then = _row(engine, store, item_id, version)
    imported = None
    if then is not None and then.source is None:
        imported = _imported_before(engine, store, item_id, version)
    newest = store.version(ITEMS.name)
    now = then if newest in (None, version) else _row(engine, store, item_id, int(newest or 0))
    differing = None if then is None or now is None else _differing(then.row, now.row)
    return ItemTrace(
        item_id=item_id,
        then=then,
        imported=imported,
        now=differing,
        withdrawn=now is None,
        changes=tuple(each for each in changes if each.item_id == item_id),
    )


def _row(engine: Engine, store: AssetStore, item_id: str, version: int) -> TracedRow | None:
    def wanted(rows: ibis.Table) -> ibis.Table:
        return rows.filter(rows.id == item_id)

    found = traced_rows(engine, store, ITEMS, version, wanted)
    return found[0] if found else None


def _imported_before(
    engine: Engine, store: AssetStore, item_id: str, version: int
) -> TracedRow | None:
    for older in range(version - 1, max(-1, version - 1 - _VERSIONS_BACK), -1):
        try:
            found = _row(engine, store, item_id, older)
        except NotFound:
            return None
        if found is None or found.source is not None:
            return found
    return None


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [name for name in ITEMS.schema.names if then.get(name) != now.get(name)]
    return {name: (then.get(name), now.get(name)) for name in names}
