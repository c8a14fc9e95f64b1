"""The tables as they were before there were steps; what an older Mercato has made of them stays."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_text = sa.String(collation="C").with_variant(sa.String(), "sqlite")


def upgrade() -> None:
    _events()
    _links()
    _answers()
    _item_changes()
    _audit()
    _fetches()
    _rules()
    _synonyms()
    _keys()
    _decisions()
    _seals()
    _meta()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("event_id", _text, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("event", _text, nullable=False),
        sa.Column("user_id", _text, nullable=True),
        sa.Column("visitor_id", _text, nullable=True),
        sa.Column("session_id", _text, nullable=True),
        sa.Column("item_id", _text, nullable=True),
        sa.Column("quantity", sa.Float(), nullable=True),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("currency", _text, nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("search_term", _text, nullable=True),
        sa.Column("query_id", _text, nullable=True),
        sa.Column("placement", _text, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("coupon", _text, nullable=True),
        sa.Column("transaction_id", _text, nullable=True),
        sa.Column("channel", _text, nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id", "line"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index(
        "events_of_guest",
        "events",
        ["visitor_id", "seq"],
        if_not_exists=True,
        sqlite_where=sa.text("user_id IS NULL"),
        postgresql_where=sa.text("user_id IS NULL"),
    )
    op.create_index(
        "events_of_user",
        "events",
        ["user_id", "seq"],
        if_not_exists=True,
        sqlite_where=sa.text("user_id IS NOT NULL"),
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("visitor_id", _text, nullable=False),
        sa.Column("user_id", _text, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("visitor_id"),
        if_not_exists=True,
    )
    op.create_index("ix_links_user_id", "links", ["user_id"], if_not_exists=True)


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("query_id", _text, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("kind", _text, nullable=False),
        sa.Column("placement", _text, nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("release", sa.BigInteger(), nullable=False),
        sa.Column("variant", _text, nullable=True),
        sa.Column("user_id", _text, nullable=True),
        sa.Column("visitor_id", _text, nullable=True),
        sa.Column("session_id", _text, nullable=True),
        sa.Column("item_ids", sa.Text(), nullable=False),
        sa.Column("positions", sa.Text(), nullable=False),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("propensities", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("query_id"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )


def _item_changes() -> None:
    op.create_table(
        "item_changes",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("change", _text, nullable=False),
        sa.Column("item_id", _text, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("actor", _text, nullable=False),
        sa.Column("action", _text, nullable=False),
        sa.Column("asset", _text, nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("purpose", _text, nullable=False),
        sa.Column("subject", _text, nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], if_not_exists=True)
    op.create_index("ix_audit_ts", "audit", ["ts"], if_not_exists=True)


def _fetches() -> None:
    op.create_table(
        "fetches",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("feed", _text, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("asset", _text, nullable=False),
        sa.Column("outcome", _text, nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", _text, nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("ix_fetches_feed", "fetches", ["feed"], if_not_exists=True)


def _rules() -> None:
    op.create_table(
        "rules",
        sa.Column("id", _text, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", _text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )


def _synonyms() -> None:
    op.create_table(
        "synonyms",
        sa.Column("id", _text, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", _text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", _text, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", _text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", _counter, nullable=False, autoincrement=True),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("actor", _text, nullable=False),
        sa.Column("action", _text, nullable=False),
        sa.Column("kind", _text, nullable=False),
        sa.Column("key", _text, nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("decisions_of_kind", "decisions", ["kind", "seq"], if_not_exists=True)
    op.create_index("ix_decisions_ts", "decisions", ["ts"], if_not_exists=True)


def _seals() -> None:
    op.create_table(
        "seals",
        sa.Column("log", _text, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq"),
        if_not_exists=True,
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", _text, nullable=False),
        sa.Column("value", _text, nullable=False),
        sa.PrimaryKeyConstraint("key"),
        if_not_exists=True,
    )
