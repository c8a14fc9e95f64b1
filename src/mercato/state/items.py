"""The log of item changes, which every worker applies in its order."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select

from mercato.core.changes import Change, ItemChange
from mercato.state.databases.database import Database
from mercato.state.tables import item_changes
from mercato.state.writer import Writer

_SEQ = item_changes.c.seq
_READ = tuple(item_changes.c[name] for name in ("seq", "change", "item_id", "fields", "vector"))


class ItemLog:
    """Reads go to the database each time; writes go through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database

    def append(self, changes: Sequence[ItemChange]) -> "Future[list[int]]":
        """Write changes, all or none; the future resolves to their ``seq``, once on the disk.

        The ``seq`` of the changes given is not looked at.
        """
        return self._writer.submit(self._store, changes, len(changes))

    def since(self, seq: int, until: int | None = None) -> list[ItemChange]:
        """The changes with a higher ``seq``, in order; up to a moment in microseconds, if any."""
        query = select(*_READ).where(seq < _SEQ).order_by(_SEQ)
        if until is not None:
            query = query.where(item_changes.c.ts <= until)
        with self._database.read() as connection:
            found = connection.execute(query).all()
        return [
            ItemChange(seq, Change(change), item_id, orjson.loads(fields), vector)
            for seq, change, item_id, fields, vector in found
        ]

    def newest(self) -> int:
        """The ``seq`` of the newest change; 0 before the first."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(_SEQ))).scalar() or 0

    def oldest_after(self, seq: int) -> int | None:
        """When the first change with a higher ``seq`` was written; None where there is none."""
        query = select(item_changes.c.ts).where(seq < _SEQ).order_by(_SEQ).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def prune(self, up_to: int) -> int:
        """Delete changes with ``seq`` at most ``up_to``, which a release holds; how many."""
        with self._database.write() as connection:
            return connection.execute(delete(item_changes).where(up_to >= _SEQ)).rowcount

    def _store(
        self, connection: Connection, batches: Sequence[Sequence[ItemChange]]
    ) -> Sequence[list[int]]:
        now = time.time_ns() // 1000
        rows = [_row(change, now) for batch in batches for change in batch]
        seqs = iter(connection.execute(_insert, rows).scalars().all() if rows else ())
        return [list(islice(seqs, len(batch))) for batch in batches]


_insert = insert(item_changes).returning(_SEQ, sort_by_parameter_order=True)


def _row(change: ItemChange, now: int) -> dict[str, Any]:
    return {
        "ts": now,
        "change": str(change.change),
        "item_id": change.item_id,
        "fields": orjson.dumps(dict(change.fields)).decode(),
        "vector": change.vector,
    }
