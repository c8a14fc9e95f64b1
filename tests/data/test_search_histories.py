"""Searches of all shoppers: from the asset into a release and back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mercato.core.searches import channel_code, text_key
from mercato.data import search_histories
from mercato.data.assets.search_histories import SEARCH_HISTORIES
from mercato.data.search_histories import SearchHistories


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A text's length, and how many a's are in it."""
    return np.array([[len(each), each.count("a")] for each in texts], np.float32).reshape(-1, 2)


def said(day: int, term: str | None, channel: str | None = None) -> dict[str, Any]:
    ts = datetime(2026, 1, day, tzinfo=UTC)
    return {"ts": ts, "search_term": term, "channel": channel}


ROWS = [
    {"shopper_id": "cy", "searches": [said(3, "tea"), said(4, " oat  milk ", "App")]},
    {"shopper_id": "ana", "searches": [said(2, "oat milk", "web"), said(5, " "), said(6, None)]},
]


def of(rows: list[dict[str, Any]]) -> SearchHistories:
    table = pa.Table.from_pylist(rows, schema=SEARCH_HISTORIES.schema)
    return SearchHistories.from_table(table, encode)


def test_a_text_is_encoded_once_and_what_says_nothing_is_left_out() -> None:
    found = of(ROWS)
    assert found.shopper_ids.to_pylist() == ["ana", "cy"]
    ana, cy = found.of("ana"), found.of("cy")
    assert ana is not None and cy is not None and found.of("bob") is None
    assert ana.key.tolist() == [text_key("oat milk")]
    assert cy.key.tolist() == [text_key("tea"), text_key("oat milk")]
    assert cy.vectors[cy.text].tolist() == [[3, 1], [8, 1]]
    assert len(found.searches.vectors) == 2
    assert cy.channel.tolist() == [0, channel_code("app")]
    assert cy.ts.tolist() == [round(each["ts"].timestamp() * 1e6) for each in ROWS[0]["searches"]]


def test_it_comes_back_from_the_disk_without_a_word(tmp_path: Path) -> None:
    of(ROWS).save(tmp_path)
    found, expected = SearchHistories.open(tmp_path).of("cy"), of(ROWS).of("cy")
    assert found is not None and expected is not None
    assert found.key.tolist() == expected.key.tolist()
    assert found.vectors[found.text].tolist() == expected.vectors[expected.text].tolist()
    for path in tmp_path.iterdir():
        assert b"milk" not in path.read_bytes()


def test_along_others_who_did_something() -> None:
    """Who searched for nothing has none, and who only searched is left out."""
    found = of(ROWS).along(pa.array(["aaa", "cy", "zoe"]))
    assert found.offsets.tolist() == [0, 0, 2, 2]
    assert found.key.tolist() == [text_key("tea"), text_key("oat milk")]
    assert of([]).along(pa.array(["aaa", "cy"])).offsets.tolist() == [0, 0, 0]


def test_nothing_is_known_of_later_or_of_who_is_hidden() -> None:
    moment = round(datetime(2026, 1, 4, tzinfo=UTC).timestamp() * 1e6)
    cy = of(ROWS).before(moment).of("cy")
    assert cy is not None
    assert cy.key.tolist() == [text_key("tea")]
    whole = of(ROWS)
    hidden = SearchHistories(whole.shopper_ids, whole.searches, lambda who: who == "cy")
    assert hidden.of("cy") is None
    assert hidden.of("ana") is not None


def test_of_very_many_texts_the_most_frequent_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_histories, "MOST_TEXTS", 1)
    found = of(ROWS)
    assert found.searches.keys.tolist() == [text_key("oat milk")]
    assert len(found.searches.ts) == 2
