"""The log of fetches: when each feed was asked for, and what came of it."""

from dataclasses import dataclass, fields
from enum import StrEnum

from sqlalchemy import Row, delete, insert, select

from mercato.state.databases.database import Database
from mercato.state.tables import fetches

KEPT = 100
"""Fetches that are remembered of each feed, beside its last good one."""


class Outcome(StrEnum):
    """What came of a fetch."""

    IMPORTED = "imported"
    """New bytes, taken over."""
    UNCHANGED = "unchanged"
    """The same bytes as before."""
    NOT_MODIFIED = "not-modified"
    """The server said so (304)."""
    FAILED = "failed"


GOOD = (Outcome.IMPORTED, Outcome.UNCHANGED, Outcome.NOT_MODIFIED)


@dataclass(frozen=True)
class Fetch:
    """feed : the feed's fingerprint: its address and how it is read
    ts    : microseconds since 1970, UTC
    rows  : new or changed, or withdrawn
    detail : of a failure: what was expected and found, and the remedy
    retry_at : microseconds since 1970, UTC; not to be asked for before
    """

    feed: str
    ts: int
    url: str
    asset: str
    outcome: Outcome
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    rows: int | None = None
    detail: str | None = None
    retry_at: int | None = None


_SAID = tuple(fetches.c[each.name] for each in fields(Fetch))


class FetchLog:
    """Written by one process at a time, a row every few minutes: without the writer's queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, fetch: Fetch) -> None:
        """Remember a fetch, durably, and forget the oldest of its feed."""
        good = self.last(fetch.feed, good=True)
        values = {each.name: getattr(fetch, each.name) for each in fields(Fetch)}
        of_feed = fetches.c.feed == fetch.feed
        with self._database.write() as connection:
            connection.execute(insert(fetches).values(values))
            kept = select(fetches.c.seq).where(of_feed).order_by(fetches.c.seq.desc()).limit(KEPT)
            old = of_feed & fetches.c.seq.not_in(kept)
            if good is not None:
                old &= fetches.c.ts != good.ts
            connection.execute(delete(fetches).where(old))

    def last(self, feed: str, *, good: bool = False) -> Fetch | None:
        """The newest fetch of a feed; with ``good``, the newest that did not fail."""
        wanted = select(*_SAID).where(fetches.c.feed == feed)
        if good:
            wanted = wanted.where(fetches.c.outcome.in_(GOOD))
        with self._database.read() as connection:
            row = connection.execute(wanted.order_by(fetches.c.seq.desc()).limit(1)).first()
        return None if row is None else _fetch(row)

    def of(self, feed: str) -> list[Fetch]:
        """All that is remembered of a feed, the newest first."""
        wanted = select(*_SAID).where(fetches.c.feed == feed).order_by(fetches.c.seq.desc())
        with self._database.read() as connection:
            return [_fetch(row) for row in connection.execute(wanted)]


def _fetch(row: Row[tuple[object, ...]]) -> Fetch:
    said = row._asdict()
    return Fetch(**{**said, "outcome": Outcome(said["outcome"])})
