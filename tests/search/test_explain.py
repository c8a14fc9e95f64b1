"""An explanation is held to the answer that it explains."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.models.lambdamart.graph import open_graph, write_graph
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.models.listwise import WeightedSum
from mercato.ranking.features import NAMES
from mercato.ranking.fusion import Calibration
from mercato.ranking.learned import FEATURES, LearnedRanker, save_ranker, shown
from mercato.search.explain import explain, explain_page
from mercato.search.explained import Explanation
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.reranking import RERANKED
from mercato.search.search import search

WORDS = ("red", "blue", "mug", "lamp", "oak", "tea")
N_ITEMS = 260  # more than the second stage looks at


def vector(text: str) -> NDArray[np.float32]:
    found = np.array([text.count(word) + 0.1 for word in WORDS], np.float32)
    return found / np.float32(np.linalg.norm(found))


def items() -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    return [
        {
            "id": f"i{at:03}",
            "title": " ".join(random.choice(WORDS, 1 + at % 3, replace=False)),
            "brand": str(random.choice(["Acme", "Bolt"])),
            "price": float(random.integers(1, 100)),
            **({"item_group_id": f"g{at % 40}"} if at % 4 == 0 else {}),
        }
        for at in range(N_ITEMS)
    ]


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> LearnedRanker:
    """Prefers what is dear; one tree prefers Acme, by its share of the best."""
    weights = np.zeros(len(NAMES), np.float32)
    weights[NAMES.index("first stage: score")] = 2
    weights[NAMES.index("offer: price rank")] = 1
    means = np.full(len(NAMES), 0.5, np.float32)
    tree = Trees(
        len(NAMES),
        np.array([0], np.int32),
        np.array([NAMES.index("kind: brand agrees"), LEAF, LEAF], np.int32),
        np.array([0.5, 0, 0], np.float32),
        np.array([1, -1, -1], np.int32),
        np.array([2, -1, -1], np.int32),
        np.array([0, -0.3, 0.3], np.float32),
        np.array([10, 6, 4], np.float32),
    )
    path = tmp_path_factory.mktemp("ranker") / "trees.onnx"
    write_graph(tree, path)
    return LearnedRanker(WeightedSum(weights, means), tree, open_graph(path))


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(items(), vector_of=lambda item: vector(item["title"]))


@pytest.fixture(scope="module")
def context(catalogue: Catalogue, ranker: LearnedRanker) -> SearchContext:
    calibration = Calibration(semantic_threshold=0.9)
    return SearchContext(catalogue, vector, calibration, ranker)


def all_rows(request: SearchRequest, context: SearchContext) -> list[int]:
    """Everything that pages show, in order."""
    first = search(request, context)
    pages = range(1, -(-first.total // 100) + 1)
    found: list[int] = []
    for page in pages:
        asked = SearchRequest(
            request.q, request.filters, page=page, per_page=100, distinct=request.distinct
        )
        found += search(asked, context).rows.tolist()
    return found


@pytest.mark.parametrize("q", ["red mug", "blue lamp oak", "tea", "zzz tea"])
@pytest.mark.parametrize("distinct", [True, False])
def test_an_item_stands_where_it_is_said(context: SearchContext, q: str, distinct: bool) -> None:
    request = SearchRequest(q, ("price:10..",), distinct=distinct)
    rows = all_rows(request, context)
    for row in (*rows[:5], *rows[-5:]):
        found = explain(request, context, row)
        assert found.position == rows.index(row) + 1
        assert found.total == len(rows)
        assert found.shown_as is None
        assert found.membership.found and found.membership.shown
        assert found.membership.by_words or found.membership.by_meaning


def test_a_page_is_explained_as_each_of_its_items(context: SearchContext) -> None:
    request = SearchRequest("red mug", page=2, per_page=7)
    found, told = explain_page(request, context)
    assert found.rows.tolist() == search(request, context).rows.tolist()
    assert [each.position for each in told] == list(range(8, 15))
    assert told == [explain(request, context, row) for row in found.rows.tolist()]


def test_contributions_add_up_to_the_score(context: SearchContext) -> None:
    request = SearchRequest("red mug", distinct=False)
    answer = search(request, context)
    for row, score in zip(answer.rows.tolist(), answer.scores.tolist(), strict=True):
        found = explain(request, context, row)
        second = found.second_stage
        assert second is not None
        total = second.base + sum(part.contribution for part in second.parts)
        assert total == pytest.approx(second.sum, abs=1e-5)
        assert float(shown(np.float32(second.sum))) == pytest.approx(second.score, abs=1e-6)
        assert found.score == pytest.approx(score) == pytest.approx(second.score, abs=1e-6)
        assert {part.feature for part in second.parts} == set(NAMES)


def test_parts_of_the_first_stage_add_up_to_its_score(context: SearchContext) -> None:
    request = SearchRequest("red mug", distinct=False)
    for row in search(request, context).rows.tolist():
        found = explain(request, context, row)
        second = found.second_stage
        assert second is not None
        (first,) = (part for part in second.parts if part.feature == "first stage: score")
        assert sum(found.first_stage.values()) == pytest.approx(first.value, abs=1e-6)
        assert set(found.first_stage) == {"words", "meaning"}


def test_what_the_second_stage_did_not_see_says_so(context: SearchContext) -> None:
    everything = SearchRequest("red", distinct=False)
    context = replace(context, calibration=Calibration(semantic_threshold=0.0))
    rows = all_rows(everything, context)
    assert len(rows) > RERANKED
    assert explain(everything, context, rows[RERANKED - 1]).second_stage is not None
    assert explain(everything, context, rows[RERANKED]).second_stage is None


def of_item(catalogue: Catalogue, **wanted: str) -> int:
    return next(
        row
        for row in range(catalogue.n_rows)
        if all(catalogue.item(row).get(name) == value for name, value in wanted.items())
    )


def explained(context: SearchContext, row: int, q: str, *filters: str) -> Explanation:
    return explain(SearchRequest(q, filters), context, row)


def test_why_an_item_is_not_found(context: SearchContext, catalogue: Catalogue) -> None:
    row = of_item(catalogue, title="oak")
    found = explained(context, row, "red mugs")
    assert not found.membership.found
    assert (found.position, found.score, found.first_stage) == (None, None, {})
    assert [(word.word, word.fields, word.weight) for word in found.membership.words] == [
        ("red", (), 0),
        ("mug", (), 0),
    ]
    assert found.membership.cosine == pytest.approx(
        float(vector("red mugs") @ vector("oak")), abs=0.02
    )


def test_a_filter_that_leaves_an_item_out_is_named(
    context: SearchContext, catalogue: Catalogue
) -> None:
    row = of_item(catalogue, title="tea", brand="Acme")
    found = explained(context, row, "tea", "brand:Bolt", "price:0..")
    assert found.membership.found and not found.membership.shown
    assert [(each.filter, each.passed) for each in found.membership.filters] == [
        ("brand:Bolt", False),
        ("price:0..", True),
    ]
    assert found.position is None
    assert found.second_stage is None


def test_words_are_told_with_their_fields(context: SearchContext, catalogue: Catalogue) -> None:
    row = of_item(catalogue, title="tea", brand="Acme")
    words = explained(context, row, "acme tea xyzzy").membership.words
    assert [(word.word, word.fields, word.known) for word in words] == [
        ("acme", ("brand",), True),
        ("tea", ("title",), True),
        ("xyzzy", (), False),
    ]


def test_a_group_is_shown_by_its_best(context: SearchContext, catalogue: Catalogue) -> None:
    request = SearchRequest("tea mug")
    rows = all_rows(request, context)
    hidden = next(
        row
        for row in all_rows(SearchRequest("tea mug", distinct=False), context)
        if row not in rows
    )
    found = explain(request, context, hidden)
    assert found.position is not None
    leader = rows[found.position - 1]
    assert catalogue.group[leader] == catalogue.group[hidden]
    assert found.shown_as == catalogue.item(leader)["id"]


def test_a_sort_leaves_the_ranker_out(context: SearchContext) -> None:
    request = SearchRequest("tea", sort="price:asc", distinct=False)
    cheapest = int(search(request, context).rows[0])
    found = explain(request, context, cheapest)
    assert found.position == 1
    assert found.second_stage is None


def test_without_words_items_stand_by_popularity(
    context: SearchContext, catalogue: Catalogue
) -> None:
    found = explain(SearchRequest("", distinct=False), context, 3)
    assert found.position == 4
    assert found.first_stage == {"popularity": float(catalogue.popularity[3])}
    assert found.membership.words == ()


def test_a_ranker_is_opened_as_it_was_saved(
    ranker: LearnedRanker, tmp_path: Path, context: SearchContext
) -> None:
    save_ranker(tmp_path, ranker.sum, ranker.trees)
    opened = LearnedRanker.open(tmp_path)
    assert opened is not None
    request = SearchRequest("red mug", distinct=False)
    again = SearchContext(context.catalogue, vector, context.calibration, opened)
    assert search(request, again).scores.tolist() == search(request, context).scores.tolist()


def test_a_ranker_of_other_features_is_left_out(ranker: LearnedRanker, tmp_path: Path) -> None:
    save_ranker(tmp_path, ranker.sum, ranker.trees)
    renamed = json.dumps([*NAMES[:-1], "another"])
    (tmp_path / FEATURES).write_text(renamed)
    assert LearnedRanker.open(tmp_path) is None


def test_a_ranker_that_is_the_first_stage_is_left_out(tmp_path: Path) -> None:
    weights = np.zeros(len(NAMES), np.float32)
    weights[0] = 10
    save_ranker(tmp_path, WeightedSum(weights, np.zeros_like(weights)), None)
    assert LearnedRanker.open(tmp_path) is None
