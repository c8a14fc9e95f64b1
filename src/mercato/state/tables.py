"""The tables of the state, in SQLAlchemy Core, without anything only one database knows.

Times are integers, microseconds since 1970 UTC. ``seq`` counts up and is never used again, also
after pruning: the drain and the overlay of item changes remember how far they are by it.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mercato.core import columns

FORMAT = 9
"""The version of these tables; stands in ``meta`` under ``format``. The newest step in
`state.migrations` leads to it."""

metadata = MetaData()

# SQLite counts only an INTEGER primary key by itself.
_Counter = BigInteger().with_variant(Integer, "sqlite")

# PostgreSQL compares texts as the database's language does, SQLite by their bytes: so here both.
Name = String(collation="C").with_variant(String(), "sqlite")


def _seq() -> Column[int]:
    return Column("seq", _Counter, primary_key=True, autoincrement=True)


events = Table(
    "events",
    metadata,
    _seq(),
    Column(columns.EVENT_ID, Name, nullable=False),
    Column(columns.LINE, Integer, nullable=False),
    Column(columns.TS, BigInteger, nullable=False),
    Column(columns.EVENT, Name, nullable=False),
    Column(columns.USER_ID, Name),
    Column(columns.VISITOR_ID, Name),
    Column(columns.SESSION_ID, Name),
    Column(columns.ITEM_ID, Name),
    Column(columns.QUANTITY, Float),
    Column(columns.PRICE, Float),
    Column(columns.CURRENCY, Name),
    Column(columns.VALUE, Float),
    Column(columns.SEARCH_TERM, Name),
    Column(columns.QUERY_ID, Name),
    Column(columns.PLACEMENT, Name),
    Column(columns.POSITION, Integer),
    Column(columns.COUPON, Name),
    Column(columns.TRANSACTION_ID, Name),
    Column(columns.CHANNEL, Name),
    Column(columns.ATTRIBUTES, Text),
    UniqueConstraint(columns.EVENT_ID, columns.LINE),
    sqlite_autoincrement=True,
)

# Each event stands in exactly one of the two: half the index pages to write (measured: 16 KB a row
# into the log with both whole, 12 KB so).
_known = events.c.user_id.is_not(None)
_guest = events.c.user_id.is_(None)
Index(
    "events_of_user",
    events.c.user_id,
    events.c.seq,
    sqlite_where=_known,
    postgresql_where=_known,
)
Index(
    "events_of_guest",
    events.c.visitor_id,
    events.c.seq,
    sqlite_where=_guest,
    postgresql_where=_guest,
)

links = Table(
    "links",
    metadata,
    Column(columns.VISITOR_ID, Name, primary_key=True),
    Column(columns.USER_ID, Name, nullable=False, index=True),
    Column(columns.TS, BigInteger, nullable=False),
)
"""Each visitor's user: the one they were last seen with."""

consents = Table(
    "consents",
    metadata,
    Column("shopper", Name, primary_key=True),
    Column(columns.TS, BigInteger, nullable=False),
    Column("denied", Integer, nullable=False),
)
"""The newest word of everybody who ever denied to be known, see `state.consents`."""

answers = Table(
    "answers",
    metadata,
    _seq(),
    Column(columns.QUERY_ID, Name, nullable=False, unique=True),
    Column(columns.TS, BigInteger, nullable=False),
    Column("kind", Name, nullable=False),
    Column(columns.PLACEMENT, Name),
    Column("request", Text, nullable=False),
    Column("release", BigInteger, nullable=False),
    Column("variant", Name),
    Column(columns.USER_ID, Name),
    Column(columns.VISITOR_ID, Name),
    Column(columns.SESSION_ID, Name),
    Column("item_ids", Text, nullable=False),
    Column("positions", Text, nullable=False),
    Column("scores", Text, nullable=False),
    Column("propensities", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""``request`` is a JSON object; the last four columns are JSON lists of one length."""

item_changes = Table(
    "item_changes",
    metadata,
    _seq(),
    Column(columns.TS, BigInteger, nullable=False),
    Column("change", Name, nullable=False),
    Column(columns.ITEM_ID, Name, nullable=False),
    Column("fields", Text, nullable=False),
    Column("vector", LargeBinary),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    _seq(),
    Column(columns.TS, BigInteger, nullable=False, index=True),
    Column("actor", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("asset", Name, nullable=False),
    Column("columns", Text, nullable=False),
    Column("purpose", Name, nullable=False),
    Column("subject", Name, index=True),
    sqlite_autoincrement=True,
)
"""Who read what of whom: ``columns`` is a JSON list, ``subject`` a pseudonym."""

fetches = Table(
    "fetches",
    metadata,
    _seq(),
    Column("feed", Name, nullable=False, index=True),
    Column(columns.TS, BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("asset", Name, nullable=False),
    Column("outcome", Name, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Name),
    Column("bytes", BigInteger),
    Column("rows", BigInteger),
    Column("detail", Text),
    Column("retry_at", BigInteger),
    sqlite_autoincrement=True,
)
"""When each feed was asked for, and what came of it."""


def _documents(name: str) -> Table:
    """JSON objects by their id, see `state.documents`."""
    return Table(
        name,
        metadata,
        Column("id", Name, primary_key=True),
        Column("document", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("updated_by", Name, nullable=False),
    )


rules = _documents("rules")
"""Merchandising rules as they are now, each a JSON object."""

synonyms = _documents("synonyms")
"""Synonyms as they are now, proposed and rejected ones as well, each a JSON object."""

keys = _documents("keys")
"""Keys of the API, each a JSON object; of a secret only its SHA-256."""

experiments = _documents("experiments")
"""Experiments, those that are over as well, each a JSON object."""

readings = Table(
    "readings",
    metadata,
    Column("experiment", Name, primary_key=True),
    Column(columns.TS, BigInteger, nullable=False),
    Column("reading", Text, nullable=False),
)
"""What each experiment came to at its last look, a JSON object."""

rounds = _documents("rounds")
"""Rounds of learning from feedback: how far each has come, and what came of it."""

people = _documents("people")
"""Who may sign in to the console, each a JSON object; of a password only its Argon2id hash."""

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("person", Name, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
"""Who is signed in; of a session's secret only its SHA-256."""

failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    _seq(),
    Column(columns.TS, BigInteger, nullable=False, index=True),
    Column("person", String(64), nullable=False),
    Column("address", Name, nullable=False),
    sqlite_autoincrement=True,
)
"""Of the last day; ``person`` is a keyed hash of what was typed as the name."""

served = Table(
    "served",
    metadata,
    Column("writer", Name, primary_key=True),
    Column("release", BigInteger, primary_key=True, autoincrement=False),
    Column("answers", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("log_ms", Float, nullable=False),
    Column("log_ms_squared", Float, nullable=False),
)
"""How each process answered from each release: sums that only grow, see `state.served`."""

decisions = Table(
    "decisions",
    metadata,
    _seq(),
    Column(columns.TS, BigInteger, nullable=False, index=True),
    Column("actor", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("key", Name, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index("decisions_of_kind", "kind", "seq"),
    sqlite_autoincrement=True,
)
"""Who changed what of how the shop is run: JSON objects, null where there was or is nothing."""

seals = Table(
    "seals",
    metadata,
    Column("log", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("seal", String(64), nullable=False),
)
"""Of each row of a log that may not be changed, see `state.seals`."""

erasures = Table(
    "erasures",
    metadata,
    _seq(),
    Column(columns.TS, BigInteger, nullable=False),
    Column("actor", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("persons", Text, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("told", Text, nullable=False),
    Column("done_at", BigInteger),
    sqlite_autoincrement=True,
)
"""Who was erased, under pseudonyms; ``persons`` and ``told`` are JSON objects."""

writers = Table(
    "writers",
    metadata,
    Column("writer", Name, primary_key=True),
    Column("commit", BigInteger, nullable=False),
    Column(columns.TS, BigInteger, nullable=False),
)
"""Which commit each writing process made last, where a connection may break in between."""

processes = Table(
    "processes",
    metadata,
    Column("process", Name, primary_key=True),
    Column(columns.TS, BigInteger, nullable=False),
    Column("release", BigInteger, nullable=False),
)
"""Which processes answer, and when they last said so, see `state.processes`."""

meta = Table(
    "meta",
    metadata,
    Column("key", Name, primary_key=True),
    Column("value", Name, nullable=False),
)
