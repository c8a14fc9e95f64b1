"""Lines for mended rows of events that name none: behind the lines that their event has."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.assets.events import EVENTS
from mercato.data.engines import Engine
from mercato.data.provenance import SOURCE, SOURCE_LINE
from mercato.data.store import AssetStore


class FreeLines:
    """What the events of one retry have, as far as it was asked for."""

    def __init__(self, store: AssetStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._taken: dict[tuple[str, int, int], int] = {}
        self._free: dict[str, int] = {}

    def filled(self, rows: pa.RecordBatch, source: int, lines: Sequence[int]) -> pa.RecordBatch:
        """Event rows that each have a line.

        source, lines : (n,) where they come from; one that was retried before finds its line again

        An import counts the lines of such an event from 0 as they stand; a row that comes later
        must not take the place of another.
        """
        lacking = pc.indices_nonzero(pc.is_null(rows[c.LINE])).to_pylist()
        if not lacking:
            return rows
        ids = rows[c.EVENT_ID].to_pylist()
        given = rows[c.LINE].to_pylist()
        self._look_up({ids[at] for at in lacking} - self._free.keys())
        for event_id, line in zip(ids, given, strict=True):
            if line is not None and event_id in self._free:
                self._free[event_id] = max(self._free[event_id], line + 1)
        for at in lacking:
            given[at] = self._taken.get((ids[at], source, lines[at]))
            if given[at] is None:
                given[at] = self._free[ids[at]]
                self._free[ids[at]] += 1
        place = rows.schema.get_field_index(c.LINE)
        return rows.set_column(place, rows.schema.field(place), pa.array(given, pa.int32()))

    def _look_up(self, ids: set[str]) -> None:
        """Find the lines of these events by where they came from, and of each the first free."""
        self._free |= dict.fromkeys(ids, 0)
        version = self._store.version(EVENTS.name)
        if version is None or not ids:
            return
        events = self._engine.files(self._store.files(EVENTS.name, version), EVENTS.stored)
        names = [c.EVENT_ID, c.LINE, SOURCE, SOURCE_LINE]
        wanted = events.filter(events[c.EVENT_ID].isin(sorted(ids))).select(names)
        found = self._engine.table(wanted)
        for event_id, line, source, at in zip(*(found[n].to_pylist() for n in names), strict=True):
            self._taken[event_id, source, at] = line
            self._free[event_id] = max(self._free[event_id], line + 1)
