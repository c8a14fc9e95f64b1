"""Which processes answer."""

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"

_text = sa.String(collation="C").with_variant(sa.String(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("process", _text, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("release", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("process"),
    )
