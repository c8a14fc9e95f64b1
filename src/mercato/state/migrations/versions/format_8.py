"""Whose newest word on personalisation is a denial."""

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"

_text = sa.String(collation="C").with_variant(sa.String(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("shopper", _text, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("denied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("shopper"),
    )
