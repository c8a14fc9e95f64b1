"""What is written into the logs that are sealed stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

_LOGS = ("audit", "decisions")

_KEPT = "RAISE(ABORT, 'is only ever added to')"

# Percent signs are doubled for the driver.
_FUNCTION = """
CREATE OR REPLACE FUNCTION mercato_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    log text := TG_TABLE_NAME;
    retired text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF log = 'seals' THEN
            log := to_jsonb(OLD) ->> 'log';
        END IF;
        EXECUTE format('SELECT value FROM %%I.meta WHERE key = $1', TG_TABLE_SCHEMA)
            INTO retired USING 'retired-' || log;
        IF OLD.seq <= coalesce(CAST(split_part(retired, ' ', 1) AS bigint), 0) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '%% is only ever added to', TG_TABLE_NAME;
END
$$
"""


def upgrade() -> None:
    """Rows of the logs and their seals are neither changed nor deleted, but those that the fact
    ``retired-<log>`` says were retired. The first sealed row is remembered."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION)
    for table in (*_LOGS, "seals"):
        if connection.dialect.name == "postgresql":
            _on_postgres(connection, table)
        else:
            _on_sqlite(connection, table)
    for log in _LOGS:
        first = f"SELECT min(seq) FROM seals WHERE log = '{log}'"
        found = connection.exec_driver_sql(first).scalar()
        if found is not None:
            fact = f"INSERT INTO meta (key, value) VALUES ('sealed-from-{log}', '{found}')"
            connection.exec_driver_sql(fact)


def _on_postgres(connection: sa.Connection, table: str) -> None:
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION mercato_only_added_to()"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mercato_only_added_to()"
    )


def _on_sqlite(connection: sa.Connection, table: str) -> None:
    log = "OLD.log" if table == "seals" else f"'{table}'"
    retired = f"SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'retired-' || {log}"
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} BEGIN SELECT {_KEPT}; END"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_is_not_emptied BEFORE DELETE ON {table} "
        f"WHEN OLD.seq > coalesce(({retired}), 0) BEGIN SELECT {_KEPT}; END"
    )
