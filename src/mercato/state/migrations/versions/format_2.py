"""Which commit each writing process made last."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_text = sa.String(collation="C").with_variant(sa.String(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "writers",
        sa.Column("writer", _text, nullable=False),
        sa.Column("commit", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer"),
    )
