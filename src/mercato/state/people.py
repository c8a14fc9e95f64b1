"""Who may sign in to the console, who is signed in, and who tried in vain."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, or_, select, update

from mercato.state.databases.database import Database
from mercato.state.decisions import Decision, write_decision
from mercato.state.documents import DocumentTable
from mercato.state.tables import console_sessions, failed_sign_ins, people
from mercato.state.writer import Writer

KIND = "person"
"""Under which changes of people stand in the log of decisions."""

SIGNING_IN = "sign-in"
"""Under which it stands there who signed in and out, or tried to."""

HIDDEN = frozenset({"password", "link"})
"""Fields of a person that no log repeats."""

_DAY = 86_400_000_000

_sessions, _failed = console_sessions.c, failed_sign_ins.c


class PersonTable(DocumentTable):
    """See `DocumentTable`."""

    def __init__(self, writer: Writer, database: Database) -> None:
        super().__init__(writer, database, people, KIND, HIDDEN)


@dataclass(frozen=True)
class StoredSession:
    """begun_at, seen_at : microseconds since 1970, UTC"""

    sha256: str
    person: str
    begun_at: int
    seen_at: int


class SessionTable:
    """Sessions of the console, and failures to begin one. Reads and writes go to the database each
    time, so that all workers agree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, session: StoredSession, decision: Decision) -> None:
        """Begin a session, with its line in the log of decisions."""
        row = {name: getattr(session, name) for name in StoredSession.__dataclass_fields__}
        with self._database.write() as connection:
            connection.execute(insert(console_sessions).values(row))
            write_decision(connection, decision)

    def get(self, sha256: str) -> StoredSession | None:
        wanted = select(console_sessions).where(_sessions.sha256 == sha256)
        with self._database.read() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else StoredSession(*row)

    def seen(self, sha256: str, now: int) -> None:
        """Somebody used a session."""
        of_it = _sessions.sha256 == sha256
        with self._database.write() as connection:
            connection.execute(update(console_sessions).where(of_it).values(seen_at=now))

    def end(self, sha256: str, decision: Decision) -> None:
        """End a session, with its line in the log; nothing where there is none."""
        gone = delete(console_sessions).where(_sessions.sha256 == sha256)
        with self._database.write() as connection:
            if connection.execute(gone).rowcount:
                write_decision(connection, decision)

    def forget(self, begun_before: int, seen_before: int) -> None:
        """Take out sessions that are over."""
        over = or_(_sessions.begun_at < begun_before, _sessions.seen_at < seen_before)
        with self._database.write() as connection:
            connection.execute(delete(console_sessions).where(over))

    def fail(self, person: str, address: str, decision: Decision) -> None:
        """Note a failure to sign in, with its line in the log. ``person``: a hash of 64 signs."""
        row = {"ts": decision.ts, "person": person, "address": address}
        with self._database.write() as connection:
            connection.execute(insert(failed_sign_ins).values(row))
            connection.execute(delete(failed_sign_ins).where(_failed.ts < decision.ts - _DAY))
            write_decision(connection, decision)

    def failures(self, since: int, person: str, address: str) -> tuple[int, int, int]:
        """How many at or after ``since``: of this person from this address, of this person from
        anywhere, of anybody from this address."""
        mine, here = _failed.person == person, _failed.address == address
        wanted = select(
            func.count().filter(mine & here), func.count().filter(mine), func.count().filter(here)
        ).where(_failed.ts >= since)
        with self._database.read() as connection:
            both, of_person, of_address = connection.execute(wanted).one()
        return both, of_person, of_address
