"""All events once, in GA4's shape: what was imported or drained, and what still waits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import ibis
import orjson
import pyarrow as pa

from mercato.core import columns as c
from mercato.core.events import EventRow
from mercato.data.access import Mask
from mercato.data.assets.events import EVENTS
from mercato.data.engines import open_engine
from mercato.data.importers.ga4_event import columns_of
from mercato.data.store import AssetStore

_OF_AN_ITEM = (c.ITEM_ID, c.QUANTITY, c.PRICE, c.POSITION)
"""What stands with an item of an event, not with the event."""

Row = Mapping[str, Any]


def exported_events(
    store: AssetStore,
    waiting: Sequence[EventRow],
    *,
    user_id: str | None = None,
    since: datetime | None = None,
    mask: Mask | None = None,
) -> Iterator[dict[str, Any]]:
    """Events as JSON objects, by time; each can be sent to the API or imported again.

    waiting : rows that may not have reached the asset yet; those that have count once
    user_id : only events that name this user
    since   : only events at or after this moment
    mask    : hides whom the events belong to; None where they are to be imported again
    """
    with open_engine() as engine:
        later = engine.arrow(pa.Table.from_batches([columns_of(waiting)]))
        if store.version(EVENTS.name) is None:
            rows = later
        else:
            known = engine.files(store.files(EVENTS.name), EVENTS.schema)
            rows = known.union(later.anti_join(known, [c.EVENT_ID, c.LINE]))
        ordered = _wanted(rows, user_id, since).order_by([c.TS, c.EVENT_ID, c.LINE])
        batches = engine.batches(ordered, EVENTS.schema)
        shown = batches if mask is None else (mask.rows(EVENTS, batch) for batch in batches)
        lines = (row for batch in shown for row in batch.to_pylist())
        for _, event in groupby(lines, key=lambda row: row[c.EVENT_ID]):
            yield _event(list(event))


def _wanted(rows: ibis.Table, user_id: str | None, since: datetime | None) -> ibis.Table:
    if user_id is not None:
        rows = rows.filter(rows[c.USER_ID] == user_id)
    if since is not None:
        rows = rows.filter(rows[c.TS] >= ibis.literal(since.astimezone(UTC)))
    return rows


def _event(lines: Sequence[Row]) -> dict[str, Any]:
    """One event of its lines. What all lines say stands once; what differs, with the items."""
    if len(lines) == 1 and lines[0][c.ITEM_ID] is None:
        names = [name for name in c.EVENT_COLUMNS if name != c.LINE]
        return _filled(lines[0], names) | {"items": []}
    others = [name for name in c.EVENT_COLUMNS if name not in (*_OF_AN_ITEM, c.LINE)]
    shared = [name for name in others if all(row[name] == lines[0][name] for row in lines)]
    if len(lines) > 1 and c.VALUE in shared:
        shared.remove(c.VALUE)  # beside several items it would be read as their sum
    own = [*_OF_AN_ITEM, *(name for name in others if name not in shared)]
    return _filled(lines[0], shared) | {"items": [_filled(row, own) for row in lines]}


def _filled(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """The columns that say something, as JSON values."""
    return {name: _json(name, row[name]) for name in names if row[name] is not None}


def _json(name: str, value: Any) -> Any:
    if name == c.TS:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return orjson.loads(value) if name == c.ATTRIBUTES else value
