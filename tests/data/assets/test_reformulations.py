from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest

from mercato.data.assets import ASSETS
from mercato.data.assets.reformulations import PATIENCE_SECONDS

START = datetime(2026, 1, 1, tzinfo=UTC)


def answer(query_id: str, q: str, seconds: int, session: str | None = "s", **more: Any) -> Any:
    return {
        "query_id": query_id,
        "ts": START + timedelta(seconds=seconds),
        "kind": "search",
        "session_id": session,
        "request": orjson.dumps({"q": q}).decode(),
        "item_ids": ["a"],
    } | more


def click(query_id: str) -> dict[str, Any]:
    shared = {"line": 0, "ts": START, "user_id": "u", "event": "select_item", "item_id": "a"}
    return shared | {"event_id": query_id, "query_id": query_id, "quantity": 1.0}


@pytest.fixture
def followed(store, derived, log):
    def make(answers, *clicked):
        schema = ASSETS["answers"].schema
        store.commit("answers", pa.Table.from_pylist(answers, schema=schema))
        rows = derived("reformulations", log, events=[click(each) for each in clicked])
        return {(row["query"], row["next_query"]): (row["sessions"], row["empty"]) for row in rows}

    return make


def test_only_what_helped_after_what_did_not_is_a_reformulation(followed) -> None:
    found = followed(
        [
            answer("1", "Settee", 0, item_ids=[]),
            answer("2", "sofa", 20),
            answer("3", "settee", 0, "t"),
            answer("4", "sofa", 20, "t"),
            answer("5", "lamp", 0, "clicked"),
            answer("6", "light", 20, "clicked"),
            answer("7", "rug", 0, "late"),
            answer("8", "carpet", PATIENCE_SECONDS + 1, "late"),
            answer("9", "cup", 0, "useless"),
            answer("10", "mug", 20, "useless"),
            answer("11", "pan", 0, None),
            answer("12", "pot", 20, None),
        ],
        *("2", "4", "5", "6", "8", "12"),
    )
    assert found == {("settee", "sofa"): (2, 1)}


def test_pages_of_one_query_are_no_reformulation(followed) -> None:
    assert followed([answer("1", "sofa", 0), answer("2", "sofa", 9)], "2") == {}
