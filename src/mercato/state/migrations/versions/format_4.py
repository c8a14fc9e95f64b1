"""Rounds of learning, and how each release answered."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"

_text = sa.String(collation="C").with_variant(sa.String(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", _text, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", _text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "served",
        sa.Column("writer", _text, nullable=False),
        sa.Column("release", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("log_ms", sa.Float(), nullable=False),
        sa.Column("log_ms_squared", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("writer", "release"),
    )
