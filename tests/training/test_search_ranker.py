"""A shop whose judges prefer what is dear gets a ranker that does too; others keep the default."""

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.progress import Silent
from mercato.core.settings import Settings
from mercato.data.importing import import_judgments
from mercato.data.store import AssetStore
from mercato.evaluation.intervals import bootstrap
from mercato.models.ranking_data import RankingData
from mercato.ranking.features import NAMES
from mercato.ranking.learned import LearnedRanker
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.training.build import build
from mercato.training.search_ranker.choosing import Comparison
from mercato.training.search_ranker.examples import (
    Examples,
    Graded,
    Question,
    discounted,
    graded_by_judgments,
)


def dearest_first(catalogue: Catalogue) -> list[tuple[str, str, int]]:
    """(query, id, grade): of a title's word, 3 for the dearest product with it, 1 for others."""
    items = [catalogue.item(row) for row in range(catalogue.n_base)]
    words = {item["id"]: set(re.findall("[a-z]{3,}", item["title"].lower())) for item in items}
    counts = Counter(word for found in words.values() for word in found)
    judged = []
    for word in sorted(word for word, n in counts.items() if n >= 2):
        having = [item for item in items if word in words[item["id"]]]
        dearest = max(having, key=lambda item: (item["price"], item["id"]))
        judged += [(word, item["id"], 3 if item is dearest else 1) for item in having]
    return judged


@pytest.fixture(scope="module")
def judged_tour(built_tour: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    shop = Path(shutil.copytree(built_tour, folder / "shop"))
    opened = Shop.open(shop)
    lines = [f"{q},{item},{grade}" for q, item, grade in dearest_first(opened.live.catalogue)]
    opened.close()
    file = folder / "judgments.csv"
    file.write_text("\n".join(["query,item_id,grade", *lines]))
    import_judgments(AssetStore(shop / "assets"), [file], settings=Settings())
    build(shop, progress=Silent())
    return shop


def test_a_release_learns_what_judges_prefer(judged_tour: Path) -> None:
    shop = Shop.open(judged_tour)
    release = judged_tour / "releases" / str(shop.live.number) / "ranker"
    comparison = Comparison.open(release)
    assert comparison.source == "judgments"
    assert comparison.chosen == "weighted sum"
    assert comparison.difference["weighted sum"]["value"] > 0.05
    assert "trees need 200 queries" in comparison.left_out
    assert comparison.position == ()
    ranker = shop.live.ranker
    assert ranker is not None
    assert ranker.sum.weights[NAMES.index("offer: price rank")] > 0
    judged = dearest_first(shop.live.catalogue)
    dearest = {query: item for query, item, grade in judged if grade == 3}
    first = {
        query: search(shop, SearchCall(q=query, distinct=False)).hits[0].id for query in dearest
    }
    shop.close()
    right = sum(first[query] == dearest[query] for query in dearest)
    assert right / len(dearest) > 0.6


def test_without_judgments_the_default_stays(built_tour: Path) -> None:
    shop = Shop.open(built_tour)
    comparison = Comparison.open(built_tour / "releases" / str(shop.live.number) / "ranker")
    shop.close()
    assert (comparison.chosen, comparison.source) == ("default", "none")
    assert comparison.told().startswith("default weights: ")
    told = shop.live.manifest.metrics["search_ranker"]
    assert told["left_out"].startswith("0 queries with a judgment or clicks")


def test_a_shop_may_leave_the_ranker_alone(judged_tour: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(judged_tour, tmp_path / "shop"))
    settings = alone / "shop.toml"
    text = settings.read_text().replace("search_ranker = true", "search_ranker = false")
    settings.write_text(text)
    built = build(alone, progress=Silent())
    assert built.manifest.metrics["search_ranker"]["chosen"] == "default"


def test_grades_gain_by_how_far_they_are_above_the_lowest(judged_tour: Path) -> None:
    shop = Shop.open(judged_tour)
    catalogue = shop.live.catalogue
    a, b = (catalogue.ids(np.array([row]))[0] for row in (0, 1))
    table = pa.table(
        {
            "query": ["q", "q", "q", "nothing", "binary"],
            "item_id": [a, b, "sold out", a, b],
            "grade": [3.0, 1.0, 3.0, 1.0, 1.5],
        }
    )
    found = graded_by_judgments(table, catalogue)
    assert found == {
        "q": Graded({0: 2**2 - 1, 1: 0.0}),
        "binary": Graded({1: pytest.approx(2**0.5 - 1)}),
    }
    same = pa.table({"query": ["q"], "item_id": [a], "grade": [4.0]})
    assert graded_by_judgments(same, catalogue) == {"q": Graded({0: 1.0})}
    shop.close()


def test_ndcg_counts_what_was_not_found() -> None:
    gains = np.array([3, 0, 1, 0, 1], np.float32)
    data = RankingData(np.zeros((5, 1), np.float32), np.array([3, 2]), gains)
    best = 3 / np.log2(2) + 3 / np.log2(3)  # one of the two best was not among the candidates
    questions = tuple(Question(q, None, np.zeros(0, np.int32), {}) for q in "ab")
    examples = Examples(questions, data, np.array([best, 1.0]))
    found = examples.ndcg(np.array([1, 3, 2, 0, 1]))
    assert found[0] == pytest.approx((1 / np.log2(3) + 3 / np.log2(4)) / best)
    assert found[1] == pytest.approx(1)
    assert discounted(np.array([3.0, 3.0])) == pytest.approx(best)
    assert bootstrap(found).n == 2


def test_scores_of_the_second_stage_are_positive(judged_tour: Path) -> None:
    shop = Shop.open(judged_tour)
    hits = search(shop, SearchCall(q="tent", distinct=False)).hits
    assert isinstance(shop.live.ranker, LearnedRanker)
    shop.close()
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
