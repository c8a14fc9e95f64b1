"""The log of who read personal data: what was read, of whom, and what for."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select

from mercato.state.databases.database import Database
from mercato.state.decisions import Decision, write_decision
from mercato.state.pruning import PRUNED_AT_ONCE
from mercato.state.seals import FIRST, RETENTION, retired_key, seal
from mercato.state.tables import audit, meta, seals
from mercato.state.writer import Writer

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Access:
    """One reading of personal data, or one act upon it.

    actor   : who it was: ``user@host`` at the command line, the address of an HTTP client
    action  : the command or the route
    asset   : what was read
    columns : the personal ones among those that were read
    purpose : what for; ``build``, ``import`` and the like where no person saw anything
    subject : the pseudonym of the only person it was about, else None
    ts      : microseconds since 1970, UTC; set when it is written
    """

    actor: str
    action: str
    asset: str
    columns: tuple[str, ...]
    purpose: str
    subject: str | None = None
    ts: int = 0


_SEQ = audit.c.seq
_SAID = tuple(audit.c[name] for name in Access.__dataclass_fields__)


class AuditLog:
    """Only ever added to, but for what a shop keeps for so many days only. Reads go to the
    database each time; writes through the one writer."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database

    def append(self, *accesses: Access, waited_for: bool = True) -> "Future[None]":
        """Write accesses; the future resolves once they are on the disk.

        waited_for : False lets them wait a moment for company
        """
        return self._writer.submit(self._store, accesses, len(accesses), waited_for=waited_for)

    def since(self, ts: int = 0, subject: str | None = None) -> Iterator[Access]:
        """The accesses at or after ``ts``, oldest first; only those about ``subject``, if any."""
        wanted = select(_SEQ, *_SAID).where(audit.c.ts >= ts).order_by(_SEQ).limit(_AT_ONCE)
        if subject is not None:
            wanted = wanted.where(audit.c.subject == subject)
        last = 0
        while True:
            with self._database.read() as connection:
                found = connection.execute(wanted.where(last < _SEQ)).all()
            yield from map(_access, found)
            if len(found) < _AT_ONCE:
                return
            last = found[-1].seq

    def retire(self, before: int, actor: str) -> int:
        """Delete lines from before ``before``, the newest line never; how many.

        First it is written down, also in the log of decisions, up to where and which seal the
        chain goes on from: only then does the database let them go.
        """
        newer = select(func.min(_SEQ)).where(audit.c.ts >= before)
        with self._database.read() as connection:
            newest = connection.execute(select(func.max(_SEQ))).scalar() or 0
            kept = connection.execute(newer).scalar() or newest
            first = connection.execute(select(func.min(_SEQ))).scalar() or kept
        if first < kept:
            self._write_retirement(kept - 1, actor)
        gone = 0
        for start in range(first, kept, PRUNED_AT_ONCE):
            part = _SEQ.between(start, min(start + PRUNED_AT_ONCE, kept) - 1)
            theirs = seals.c.seq.between(start, min(start + PRUNED_AT_ONCE, kept) - 1)
            with self._database.write() as connection:
                gone += connection.execute(delete(audit).where(part)).rowcount
                connection.execute(delete(seals).where(seals.c.log == audit.name, theirs))
        return gone

    def _write_retirement(self, up_to: int, actor: str) -> None:
        last = select(seals.c.seal).where(seals.c.log == audit.name, seals.c.seq <= up_to)
        key = retired_key(audit.name)
        fresh = self._database.insert(meta)
        with self._database.write() as connection:
            found = connection.execute(last.order_by(seals.c.seq.desc()).limit(1)).scalar()
            told = {"seq": up_to, "seal": found or FIRST}
            fact = fresh.values(key=key, value=f"{told['seq']} {told['seal']}")
            fact = fact.on_conflict_do_update(
                index_elements=[meta.c.key], set_={"value": fact.excluded.value}
            )
            connection.execute(fact)
            decision = Decision(actor, "prune", RETENTION, audit.name, None, told)
            write_decision(connection, replace(decision, ts=time.time_ns() // 1000))

    def _store(self, connection: Connection, batches: Sequence[Sequence[Access]]) -> Sequence[None]:
        now = time.time_ns() // 1000
        rows = [_row(access, now) for batch in batches for access in batch]
        if rows:
            wanted = insert(audit).returning(_SEQ, sort_by_parameter_order=True)
            given = connection.execute(wanted, rows).scalars().all()
            seal(connection, audit.name, [r | {"seq": s} for r, s in zip(rows, given, strict=True)])
        return [None] * len(batches)


def _row(access: Access, now: int) -> dict[str, object]:
    said = {name: getattr(access, name) for name in Access.__dataclass_fields__}
    return said | {"ts": now, "columns": orjson.dumps(access.columns).decode()}


def _access(row: Row[tuple[object, ...]]) -> Access:
    said = {name: getattr(row, name) for name in Access.__dataclass_fields__}
    return Access(**said | {"columns": tuple(orjson.loads(str(row.columns)))})
