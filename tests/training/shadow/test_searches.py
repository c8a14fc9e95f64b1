"""Searches of two releases beside each other, by arithmetic that is left visible."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log2
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.progress import Silent
from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.showing.clicked import clicks_since
from mercato.data.store import AssetStore
from mercato.models.clicks.simulated import Shoppers, simulated_clicks
from mercato.training.shadow.comparing import PUBLISHED
from mercato.training.shadow.searches import (
    Clicked,
    click_values,
    clicked_of,
    compare_clicked,
    compare_judged,
)


@dataclass(frozen=True)
class Fixed:
    """A release that finds the same for every query but those that are named."""

    ids: tuple[str, ...]
    other: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    live: Any = None

    def hits(self, query: str, most: int = 100) -> list[str]:
        return list(self.other.get(query, self.ids)[:most])


def beside(**releases: Fixed) -> dict[str, Any]:
    return dict(releases)


def test_where_clicks_would_stand() -> None:
    clicked = Clicked(("tea",), np.zeros(3, np.int64), ("a", "b", "c"), np.array([2.0, 0.0, 1.0]))
    values = click_values(clicked, np.array([2.0, 3.0, 1.0]))
    reached, best = 2 / log2(3) + 1 / log2(2), 2 / log2(2) + 1 / log2(3)
    assert values["search/ndcg"].tolist() == pytest.approx([reached / best])
    assert values["search/mrr"].tolist() == pytest.approx([(2 / 2 + 1 / 1) / 3])
    nowhere = click_values(clicked, np.full(3, np.inf))
    assert nowhere["search/ndcg"].tolist() == nowhere["search/mrr"].tolist() == [0]


@pytest.fixture
def sixty() -> Clicked:
    """Sixty queries that showed a and b, of which a was clicked."""
    queries = tuple(f"q{n:02d}" for n in range(60))
    query = np.repeat(np.arange(60), 2)
    return Clicked(queries, query, ("a", "b") * 60, np.tile([1.0, 0.0], 60))


def test_a_release_that_puts_clicks_lower_is_worse(sixty: Clicked) -> None:
    asked = beside(
        published=Fixed(("a", "b")),
        candidate=Fixed(("b", "a")),
        new=Fixed(("n1", "a", "n2", "b")),
        broken=Fixed(("n1",)),
    )
    found = compare_clicked(asked, sixty, Silent())
    assert found.n == 60
    assert found.metrics["candidate"]["search/mrr"].value == pytest.approx(1 / 2)
    assert found.metrics["new"]["search/mrr"].value == 1, "what was never shown takes no place"
    assert found.metrics["broken"]["search/ndcg"].value == 0
    assert (
        set(found.worse("candidate"))
        == set(found.worse("broken"))
        == {
            "search/ndcg",
            "search/mrr",
        }
    )
    assert found.worse("new") == []
    few = compare_clicked(asked, sixty.first(40), Silent())
    assert (few.n, few.worse("broken")) == (40, []), "of so few nothing is said"


def test_judged_queries() -> None:
    rows = [(f"q{n:02d}", item, grade) for n in range(60) for item, grade in (("a", 2), ("b", 0))]
    judgments = pa.table(
        dict(zip(("query", "item_id", "grade"), zip(*rows, strict=True), strict=True))
    )
    asked = beside(
        published=Fixed(("a", "b")), candidate=Fixed(("b", "a"), {"q00": ("a",), "q01": ("x",)})
    )
    found = compare_judged(asked, judgments, 500, Silent())
    assert found is not None and found.n == 60
    mrr = found.metrics["candidate"]["search/mrr@10"].value
    assert mrr == pytest.approx((1 + 0 + 58 / 2) / 60)
    # One item is relevant, at place 2 of 58, so that 1 / log2(3) of what can be had is there.
    ndcg = found.metrics["candidate"]["search/ndcg@10"].value
    assert ndcg == pytest.approx((1 + 58 / log2(3)) / 60)
    assert found.metrics[PUBLISHED]["search/ndcg@10"].value == 1
    assert len(found.worse("candidate")) == 2
    nothing = judgments.filter(pa.array([False, True] * 60))
    assert compare_judged(asked, nothing, 500, Silent()) is None


def test_a_click_far_below_weighs_more(open_catalogue: Callable[..., Catalogue]) -> None:
    """Items of one worth, shown in two orders: clicks over the chance of a look are even."""
    catalogue = open_catalogue([{"id": f"p{n}", "title": "tea", "price": 1.0} for n in range(6)])
    random = np.random.default_rng(2)
    orders = [random.permutation(6) for _ in range(60)]
    log = simulated_clicks(orders, [np.full(6, 0.4)] * 60, Shoppers(sessions=200, depth=6), random)
    clicks = pa.table(
        {
            "query": [f"word{n % 30:02d}" for n in log.query[log.pair]],
            "item_id": [f"p{n}" for n in log.item[log.pair]],
            "position": pa.array(log.position, pa.int32()),
            "shown": log.shown.astype(int),
            "clicked": log.clicked.astype(int),
            "carted": np.zeros(len(log.pair), int),
            "bought": np.zeros(len(log.pair), int),
        }
    )
    live = SimpleNamespace(catalogue=catalogue)
    found = clicked_of(clicks, Fixed((), live=live))  # type: ignore[arg-type]
    assert found is not None and len(found.queries) == 30
    plain = np.array(log.by_pair(log.clicked))
    assert found.weight.std() / found.weight.mean() < 0.7 * plain.std() / plain.mean()
    assert clicked_of(clicks.slice(0, 20), Fixed((), live=live)) is None  # type: ignore[arg-type]


def test_what_was_searched_and_clicked_since(tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "assets")
    noon, april = datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    since = datetime(2026, 4, 15, tzinfo=UTC)
    assert clicks_since(store, Settings(), since).num_rows == 0
    answers = [
        {
            "query_id": f"q{n}", "ts": ts, "kind": kind, "release": 1,
            "request": orjson.dumps({"q": "Tea"}).decode(),
            "item_ids": ["a", "b"], "positions": [1, 2],
        }
        for n, (ts, kind) in enumerate(
            [(noon, "search"), (noon, "search"), (april, "search"), (noon, "shelf")]
        )
    ]  # fmt: skip
    store.commit("answers", pa.Table.from_pylist(answers, schema=ASSETS["answers"].schema))
    lines = [
        {"event_id": f"e{n}", "line": 0, "ts": ts, "event": "select_item", "query_id": f"q{n}",
         "item_id": "b", "user_id": "u", "attributes": attributes}
        for n, (ts, attributes) in enumerate(
            [(noon, None), (noon, '{"bot":"true"}'), (april, None), (noon, None)]
        )
    ]  # fmt: skip
    store.commit("events", pa.Table.from_pylist(lines, schema=ASSETS["events"].schema))
    rows = clicks_since(store, Settings(), since).select(["query", "item_id", "shown", "clicked"])
    assert sorted(map(tuple, (row.values() for row in rows.to_pylist()))) == [
        ("tea", "a", 1, 0),
        ("tea", "b", 1, 1),
    ]
