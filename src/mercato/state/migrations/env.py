"""What Alembic runs: the steps that are missing, within the transaction of whoever asked."""

from alembic import context

from mercato.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
