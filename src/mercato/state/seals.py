"""A chain over the rows of a log, so that none is changed or taken out unnoticed.

Each row's seal is SHA-256 over the seal before it and all that the row says (Haber & Stornetta
1991, https://doi.org/10.1007/BF00196791). Whoever can write the database could make a whole new
chain: what proves that the old one stood is its newest seal, noted down elsewhere.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert, select

from mercato.state.databases.database import Database
from mercato.state.tables import audit, decisions, seals

SEALED: Mapping[str, Table] = {"audit": audit, "decisions": decisions}
"""Logs whose rows are sealed as they are written."""

FIRST = "0" * 64
"""What the first row's seal follows."""

_AT_ONCE = 1_000

_INSTEAD = "\N{REPLACEMENT CHARACTER}".encode()


@dataclass(frozen=True)
class Verified:
    """What came of following a log's chain.

    rows   : whose seals were as they must be
    before : rows from before there were seals
    head   : the newest seal; that of no row where there is none
    broken : what is wrong, at the first row where anything is; None where nothing is
    noted  : whether the seal that was asked for stands in the chain; None where none was
    """

    log: str
    rows: int
    before: int
    head: str
    broken: str | None = None
    noted: bool | None = None


def seal(connection: Connection, log: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Seal rows within the transaction that wrote them, which nobody else writes beside.

    rows : with their ``seq``, rising, as they stand in the table
    """
    newest = select(seals.c.seal).where(seals.c.log == log).order_by(seals.c.seq.desc()).limit(1)
    last = connection.execute(newest).scalar() or FIRST
    made = []
    for row in rows:
        last = seal_of(last, row)
        made.append({"log": log, "seq": row["seq"], "seal": last})
    if made:
        connection.execute(insert(seals), made)


def seal_of(last: str, row: Mapping[str, Any]) -> str:
    """The seal of a row behind another one."""
    # As it is read back from a database whose text holds no NUL.
    said = orjson.dumps(dict(row), option=orjson.OPT_SORT_KEYS).replace(b"\\u0000", _INSTEAD)
    return hashlib.sha256(last.encode() + said).hexdigest()


def verify(database: Database, log: str, noted: str | None = None) -> Verified:
    """Follow a log's chain from its beginning. ``noted``: a seal that must be in it."""
    last, rows, before, found = FIRST, 0, 0, False
    for seq, row, told in _side_by_side(database, SEALED[log]):
        if row is None:
            return Verified(log, rows, before, last, f"row {seq} is missing", _said(noted, found))
        if told is None and not rows:
            before += 1
            continue
        if told is None:
            return Verified(log, rows, before, last, f"row {seq} has no seal", _said(noted, found))
        last = seal_of(last, row)
        if told != last:
            broken = f"row {seq} is not as it was written, or its seal is not"
            return Verified(log, rows, before, last, broken, _said(noted, found))
        rows += 1
        found = found or told == noted
    return Verified(log, rows, before, last, noted=_said(noted, found))


def _said(noted: str | None, found: bool) -> bool | None:
    return None if noted is None else found


def _side_by_side(
    database: Database, table: Table
) -> Iterator[tuple[int, Mapping[str, Any] | None, str | None]]:
    """(seq, row, seal) by seq; None where there is a row without a seal, or a seal without one."""
    mine = seals.c.log == table.name
    both = table.outerjoin(seals, mine & (seals.c.seq == table.c.seq))
    last = 0
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
