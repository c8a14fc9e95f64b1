"""Finds a logged answer: in the state, or in the asset to which it was moved."""

from collections.abc import Mapping
from typing import Any

import orjson

from mercato.core.errors import NotFound
from mercato.data.assets.answers import ANSWERS
from mercato.data.engines import Engine
from mercato.data.store import AssetStore
from mercato.data.versions.summary import opened_files
from mercato.state import Answer, State


def answered(engine: Engine, store: AssetStore, state: State, query_id: str) -> Answer:
    """Raises NotFound where no answer has this id."""
    found = state.answers.find(query_id) or _moved(engine, store, query_id)
    if found is None:
        raise NotFound(
            f"a logged answer {query_id!r}",
            "none",
            "Take the query_id of an answer; without one, name an item with --trace-item.",
        )
    return found


def _moved(engine: Engine, store: AssetStore, query_id: str) -> Answer | None:
    if store.version(ANSWERS.name) is None:
        return None
    rows = engine.files(opened_files(store, ANSWERS.name), ANSWERS.schema)
    found = engine.table(rows.filter(rows.query_id == query_id)).to_pylist()
    return _answer(found[0]) if found else None


def _answer(row: Mapping[str, Any]) -> Answer:
    lists = ("item_ids", "positions", "scores", "propensities")
    said = {name: tuple(row[name] or ()) for name in lists}
    ts = round(row["ts"].timestamp() * 1_000_000)
    visitor_id = orjson.loads(row["request"]).get("visitor_id")
    return Answer(**{**row, **said, "ts": ts, "visitor_id": visitor_id})
