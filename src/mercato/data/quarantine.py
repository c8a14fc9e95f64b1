"""Keeps the quarantine: of each source, the rows that its newest import refused."""

import ibis

from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.engines import Engine
from mercato.data.staging import Staging
from mercato.data.store import AssetStore

_SAYS = [name for name in QUARANTINE.schema.names if name != "imported_at"]


def keep_quarantine(store: AssetStore, engine: Engine, staging: Staging) -> None:
    """Replace what the quarantine holds of the sources of an import for its asset.

    The same rows again make no new version, and keep the time at which they were first found.
    """
    version = store.version(QUARANTINE.name)
    files = [] if version is None else store.files(QUARANTINE.name, version)
    present = engine.files(files, QUARANTINE.schema)
    sources = [str(each.source.path) for each in staging.sources.values()]
    ours = (present.asset == staging.asset.name) & present.source.isin(sources)
    found = staging.quarantined(engine)
    if _same(engine, present.filter(ours), found):
        return
    whole = present.filter(~ours).union(found)
    # Not ordered: rows may be long, and a sort would hold all of them.
    data = engine.batches(whole, QUARANTINE.schema)
    store.commit(QUARANTINE.name, data, base=-1 if version is None else version)


def _same(engine: Engine, before: ibis.Table, found: ibis.Table) -> bool:
    said, before_said = found.select(_SAYS), before.select(_SAYS)
    news = ibis.difference(said, before_said, distinct=False)
    return engine.count(found) == engine.count(before) and not engine.count(news)
