"""The logs as they are now: what is in the assets, and what the state holds that is not yet."""

from collections.abc import Callable, Mapping

import ibis
import pyarrow as pa

from mercato.core.events import DRAIN_APPLICATION
from mercato.data.asset import Asset
from mercato.data.assets.answers import ANSWERS, answer_table
from mercato.data.assets.events import EVENTS
from mercato.data.assets.shopper_flags import SHOPPER_FLAGS
from mercato.data.engines import Engine
from mercato.data.importers.ga4_event import columns_of
from mercato.data.store import AssetStore
from mercato.state import State

_AT_ONCE = 50_000

Batch = tuple[int, pa.Table]
"""The ``seq`` of the last row, and the rows."""


def logs(engine: Engine, store: AssetStore, state: State) -> Mapping[str, ibis.Table]:
    """``answers`` and ``events``, each row once; ``shopper_flags`` where a build has made them."""

    def answers_after(seq: int) -> Batch:
        found = state.answers.after(seq, _AT_ONCE)
        return found.last, answer_table(found.rows)

    def events_after(seq: int) -> Batch:
        found = state.events.after(seq, _AT_ONCE)
        return found.last, pa.Table.from_batches([columns_of(found.rows)]).cast(EVENTS.schema)

    found = {
        "answers": _whole(engine, store, ANSWERS, answers_after),
        "events": _whole(engine, store, EVENTS, events_after),
    }
    if store.version(SHOPPER_FLAGS.name) is not None:
        files = store.files(SHOPPER_FLAGS.name)
        found[SHOPPER_FLAGS.name] = engine.files(files, SHOPPER_FLAGS.schema)
    return found


def _whole(
    engine: Engine, store: AssetStore, asset: Asset, after: Callable[[int], Batch]
) -> ibis.Table:
    """An asset's version and the rows of its log that this version does not hold."""
    version = store.version(asset.name)
    done, files = 0, list[str]()
    if version is not None:
        done = store.transaction(asset.name, DRAIN_APPLICATION, version) or 0
        files = store.files(asset.name, version)
    drained = engine.files(files, asset.schema)
    parts = []
    while True:
        last, rows = after(done)
        if last == done:
            break
        parts.append(rows)
        done = last
    if not parts:
        return drained
    return drained.union(engine.arrow(pa.concat_tables(parts)))
