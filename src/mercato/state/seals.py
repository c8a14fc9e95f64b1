"""A chain over the rows of a log, so that none is changed or taken out unnoticed.

Each row's seal is SHA-256 over the seal before it and all that the row says (Haber & Stornetta
1991, https://doi.org/10.1007/BF00196791). Whoever can write the database could make a whole new
chain: what proves that the old one stood is its newest seal, noted down elsewhere
(`mercato.state.heads`).

Triggers refuse to change rows and seals, and to delete any but those that were retired: the small
fact ``retired-<log>`` says up to which ``seq``, and the seal that the chain goes on from, as does a
line in the log of decisions.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert, select

from mercato.state.databases.database import Database
from mercato.state.tables import audit, decisions, meta, seals

SEALED: Mapping[str, Table] = {"audit": audit, "decisions": decisions}
"""Logs whose rows are sealed as they are written."""

FIRST = "0" * 64
"""What the first row's seal follows."""

RETENTION = "retention"
"""The kind of the decision to retire old rows."""

_AT_ONCE = 1_000

_FIRST_SEALED, _RETIRED = "sealed-from-", "retired-"
"""Before a log's name: small facts of the state."""

_INSTEAD = "\N{REPLACEMENT CHARACTER}".encode()


@dataclass(frozen=True)
class Verified:
    """What came of following a log's chain.

    rows   : whose seals were as they must be
    before : rows from before there were seals
    head   : the newest seal; that of no row where there is none
    broken : what is wrong, at the first row where anything is; None where nothing is
    noted  : whether the seal that was asked for stands in the chain; None where none was
    heads  : seals noted outside of the database that stand where they must
    """

    log: str
    rows: int
    before: int
    head: str
    broken: str | None = None
    noted: bool | None = None
    heads: int = 0


def seal(connection: Connection, log: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Seal rows within the transaction that wrote them, which nobody else writes beside.

    rows : with their ``seq``, rising, as they stand in the table
    """
    newest = select(seals.c.seal).where(seals.c.log == log).order_by(seals.c.seq.desc()).limit(1)
    last = connection.execute(newest).scalar()
    if last is None:
        last = FIRST
        _note_first(connection, log, rows)
    made = []
    for row in rows:
        last = seal_of(last, row)
        made.append({"log": log, "seq": row["seq"], "seal": last})
    if made:
        connection.execute(insert(seals), made)


def _note_first(connection: Connection, log: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember the first row that was ever sealed: a later one without a seal has lost it."""
    key = _FIRST_SEALED + log
    known = select(meta.c.key).where(meta.c.key == key)
    if rows and connection.execute(known).first() is None:
        connection.execute(insert(meta).values(key=key, value=str(rows[0]["seq"])))


def seal_of(last: str, row: Mapping[str, Any]) -> str:
    """The seal of a row behind another one."""
    # As it is read back from a database whose text holds no NUL.
    said = orjson.dumps(dict(row), option=orjson.OPT_SORT_KEYS).replace(b"\\u0000", _INSTEAD)
    return hashlib.sha256(last.encode() + said).hexdigest()


def retired_key(log: str) -> str:
    """Under which it is remembered how far a log was retired: ``seq`` and seal, a blank between."""
    return _RETIRED + log


def verify(
    database: Database, log: str, noted: str | None = None, heads: Mapping[int, str] | None = None
) -> Verified:
    """Follow a log's chain from its beginning.

    noted : a seal that must be in it
    heads : seq → the seal that was noted of it outside of the database
    """
    chain = _begun(database, log, noted, heads or {})
    if chain.broken is None:
        for seq, row, told in _side_by_side(database, SEALED[log], chain.retired):
            chain.broken = chain.take(seq, row, told)
            if chain.broken is not None:
                break
        else:
            chain.broken = chain.lost()
    found = None if noted is None else chain.found
    return Verified(log, chain.rows, chain.before, chain.last, chain.broken, found, chain.met)


@dataclass
class _Chain:
    """A log's chain as it is followed.

    first   : the first row that was ever sealed; None where none was
    retired : rows up to it were taken out
    last    : the seal before the next row
    left    : of ``heads``, those that were not met yet
    """

    first: int | None
    retired: int
    last: str
    noted: str | None
    left: dict[int, str]
    rows: int = 0
    before: int = 0
    met: int = 0
    found: bool = False
    broken: str | None = field(default=None)

    def take(self, seq: int, row: Mapping[str, Any] | None, told: str | None) -> str | None:
        """Follow one row; what is wrong with it."""
        if row is None:
            return f"row {seq} is missing"
        if told is None:
            return self._unsealed(seq)
        if not self.rows and self.retired < (self.first or 0) != seq:
            return f"row {self.first} is missing"
        self.last = seal_of(self.last, row)
        if told != self.last:
            return f"row {seq} is not as it was written, or its seal is not"
        self.rows += 1
        self.found = self.found or told == self.noted
        head = self.left.pop(seq, None)
        self.met += head == told
        return None if head in (None, told) else f"row {seq} has another seal than was noted of it"

    def _unsealed(self, seq: int) -> str | None:
        if self.rows or (self.first is not None and seq >= self.first):
            return f"row {seq} has no seal"
        self.before += 1
        return None

    def lost(self) -> str | None:
        """What is missing behind the last row."""
        if not self.rows and self.first is not None and self.first > self.retired:
            return f"row {self.first} is missing"
        gone = sorted(seq for seq in self.left if seq > self.retired)
        return f"row {gone[0]}, whose seal was noted, is missing" if gone else None


def _begun(database: Database, log: str, noted: str | None, heads: Mapping[int, str]) -> _Chain:
    wanted = select(meta.c.key, meta.c.value).where(
        meta.c.key.in_((_FIRST_SEALED + log, retired_key(log)))
    )
    with database.snapshot() as connection:
        facts = {row.key: row.value for row in connection.execute(wanted)}
        first, retired = facts.get(_FIRST_SEALED + log), facts.get(retired_key(log))
        if retired is None:
            seq, last, broken = 0, FIRST, None
        else:
            number, last = retired.split(" ")
            seq = int(number)
            broken = _unsaid(connection, log, seq, last)
    return _Chain(
        None if first is None else int(first), seq, last, noted, dict(heads), broken=broken
    )


def _unsaid(connection: Connection, log: str, seq: int, last: str) -> str | None:
    """What is wrong where no line of the log of decisions says that so much was retired."""
    said = select(decisions.c.after).where(decisions.c.kind == RETENTION, decisions.c.key == log)
    for after in connection.execute(said).scalars():
        if orjson.loads(after or "null") == {"seq": seq, "seal": last}:
            return None
    return f"rows up to {seq} were taken out, and no line of the decisions says so"


def _side_by_side(
    database: Database, table: Table, last: int
) -> Iterator[tuple[int, Mapping[str, Any] | None, str | None]]:
    """(seq, row, seal) by seq, of rows after ``last``; None where there is a row without a seal, or
    a seal without one."""
    mine = seals.c.log == table.name
    both = table.outerjoin(seals, mine & (seals.c.seq == table.c.seq))
    while True:
        rows = select(table, seals.c.seal).select_from(both).where(table.c.seq > last)
        with database.snapshot() as connection:
            found = connection.execute(rows.order_by(table.c.seq).limit(_AT_ONCE)).mappings().all()
            upto = found[-1]["seq"] if len(found) == _AT_ONCE else None
            sealed = select(seals.c.seq).where(mine, seals.c.seq > last)
            if upto is not None:
                sealed = sealed.where(seals.c.seq <= upto)
            known = set(connection.execute(sealed).scalars())
        by_seq = {row["seq"]: row for row in found}
        for seq in sorted(known | by_seq.keys()):
            row = by_seq.get(seq)
            told = None if row is None else row["seal"]
            plain = None if row is None else {str(c.name): row[c.name] for c in table.c}
            yield seq, plain, told
        if upto is None:
            return
        last = upto
