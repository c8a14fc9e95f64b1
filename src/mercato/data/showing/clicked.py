"""What searches showed since some moment, and what shoppers did with it."""

from datetime import datetime

import ibis
import pyarrow as pa
from ibis import _

from mercato.core.settings import Settings
from mercato.data.asset import DeriveContext, Make
from mercato.data.assets import ASSETS
from mercato.data.assets.search_clicks import SEARCH_CLICKS, build
from mercato.data.engines import open_engine
from mercato.data.store import AssetStore


def clicks_since(store: AssetStore, settings: Settings, since: datetime) -> pa.Table:
    """Rows as of the asset ``search_clicks``, of answers and events at or after a moment."""
    with open_engine() as engine:

        def read(name: str) -> ibis.Table:
            files = [] if store.version(name) is None else store.files(name)
            return engine.files(files, ASSETS[name].schema)

        def through(
            table: ibis.Table, make: Make, schema: pa.Schema, *, whole: bool = False
        ) -> ibis.Table:
            return engine.arrow(make(engine.table(table)).cast(schema))

        tables = {name: read(name) for name in SEARCH_CLICKS.inputs}
        for name in ("events", "answers"):
            tables[name] = tables[name].filter(_.ts >= ibis.literal(since))
        gap = settings.sessions.gap_minutes
        context = DeriveContext(
            gap, settings.shop, settings.cleaning, keep=engine.kept, through=through
        )
        return engine.table(build(tables, context), SEARCH_CLICKS.schema)
