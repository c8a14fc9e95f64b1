"""Old rows out of a log, some at a time."""

from sqlalchemy import Table, delete, func, select

from mercato.state.databases.database import Database

PRUNED_AT_ONCE = 5_000
"""Rows looked at in one short transaction, so that no request waits long for the write lock."""


def prune_log(database: Database, table: Table, up_to: int, before: int) -> int:
    """Delete rows with ``seq`` at most ``up_to`` and ``ts`` before ``before``; how many."""
    seq = table.c.seq
    with database.read() as connection:
        first, last = connection.execute(select(func.min(seq), func.max(seq))).one()
    if first is None:
        return 0
    up_to = min(up_to, last)
    gone = 0
    for start in range(first, up_to + 1, PRUNED_AT_ONCE):
        stop = min(start + PRUNED_AT_ONCE - 1, up_to)
        old = delete(table).where(seq.between(start, stop), table.c.ts < before)
        with database.write() as connection:
            gone += connection.execute(old).rowcount
    return gone
