"""Features against arithmetic that can be followed by hand."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from mercato.catalogue.analysis import Word, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import fact_key
from mercato.catalogue.query import Alternative, Sought, as_sought
from mercato.catalogue.text_matching import match
from mercato.core.changes import Change, ItemChange
from mercato.ranking.candidates import Candidates
from mercato.ranking.demand import Demand
from mercato.ranking.evidence import Evidence
from mercato.ranking.features import FAMILIES, NAMES, features
from mercato.ranking.taste import Taste
from mercato.ranking.understood import Understood

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ITEMS: list[dict[str, Any]] = [
    {"id": "1", "title": "red tea mug", "brand": "Acme", "price": 10.0, "product_type": "Mugs"},
    {"id": "2", "title": "mug for tea, red and blue", "brand": "Bolt", "price": 20.0},
    {"id": "3", "title": "tea", "description": "red", "availability": "out_of_stock"},
    {"id": "4", "title": "garden hose 50 ft", "created_at": EPOCH},
]


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS)


def candidates_of(
    catalogue: Catalogue, sought: tuple[Sought, ...], scores: Mapping[str, float] | None = None
) -> Candidates:
    ids = sorted(scores or {item["id"]: 1.0 for item in ITEMS})
    rows = np.array([catalogue.row(each) for each in ids], np.int64)
    given = np.array([(scores or {}).get(each, 1.0) for each in ids], np.float32)
    text = match(catalogue.text, sought, catalogue.alive)
    understood = Understood("", "", sought)
    return Candidates(catalogue, understood, Evidence(text), rows, given, len(rows))


def table(candidates: Candidates) -> dict[str, dict[str, float]]:
    """Id → feature → value."""
    ids = candidates.catalogue.ids(candidates.rows)
    values = features(candidates)
    assert np.isfinite(values).all()
    return {
        each: dict(zip(NAMES, row, strict=True))
        for each, row in zip(ids, values.tolist(), strict=True)
    }


def idf(frequency: int, n_items: int = 4) -> float:
    return math.log(1 + (n_items - frequency + 0.5) / (frequency + 0.5))


def test_every_feature_has_one_name(catalogue: Catalogue) -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len(NAMES) == sum(len(family.features) for family in FAMILIES)
    found = features(candidates_of(catalogue, as_sought(words("red mug"))))
    assert found.shape == (4, len(NAMES))
    assert found.dtype == np.float32


def test_only_families_that_are_needed_are_computed(catalogue: Catalogue) -> None:
    candidates = candidates_of(catalogue, as_sought(words("red mug")))
    needed = np.array([name == "phrase: neighbours" for name in NAMES])
    found, whole = features(candidates, needed), features(candidates)
    computed = np.array([name.startswith("phrase: ") for name in NAMES])
    assert (found[:, computed] == whole[:, computed]).all()
    assert not found[:, ~computed].any()


def test_words_count_by_rarity_in_each_field(catalogue: Catalogue) -> None:
    found = table(candidates_of(catalogue, as_sought(words("red mug"))))
    red, mug = idf(3), idf(2)  # red stands in items 1, 2, 3; mug in 1, 2
    assert found["1"]["words: in title"] == pytest.approx(1)
    assert found["3"]["words: in title"] == 0
    assert found["3"]["words: in description"] == pytest.approx(red / (red + mug))
    assert found["3"]["coverage: rarity held"] == pytest.approx(red / (red + mug))
    assert found["3"]["coverage: words held"] == pytest.approx(1 / 2)
    assert found["3"]["coverage: rarest missing"] == pytest.approx(mug / (red + mug))
    assert found["4"]["coverage: words held"] == 0


def test_a_title_is_exact_in_any_order_and_overlaps_in_part(catalogue: Catalogue) -> None:
    found = table(candidates_of(catalogue, as_sought(words("mug tea red"))))
    assert found["1"]["coverage: exact title"] == 1
    assert found["2"]["coverage: exact title"] == 0
    assert found["2"]["coverage: title asked for"] == pytest.approx(3 / 4)  # mug tea red blue
    assert found["2"]["coverage: title overlap"] == pytest.approx(2 * 0.75 / 1.75)


def test_phrases_stand_together_and_in_order(catalogue: Catalogue) -> None:
    found = table(candidates_of(catalogue, as_sought(words("tea mug"))))
    assert found["1"]["phrase: neighbours"] == 1  # red [tea mug]
    assert found["2"]["phrase: neighbours"] == 0  # mug tea …
    assert found["2"]["phrase: in order"] == 0
    assert found["1"]["phrase: begins early"] == pytest.approx(1 / 2)
    assert found["1"]["phrase: behind last word"] == 0
    assert found["2"]["phrase: behind last word"] == 3  # tea red blue
    assert found["3"]["phrase: behind last word"] == -1
    far = table(candidates_of(catalogue, as_sought(words("mug blue"))))
    assert far["2"]["phrase: density"] == pytest.approx(2 / 4)
    assert far["2"]["phrase: ends late"] == 1


def test_numbers_must_be_there(catalogue: Catalogue) -> None:
    found = table(candidates_of(catalogue, as_sought(words("50 ft hose"))))
    assert found["4"]["numbers: numbers in title"] == 1
    assert found["1"]["numbers: numbers missing"] == 1


def test_what_stands_for_a_word_counts_by_its_weight(catalogue: Catalogue) -> None:
    wrong = Word("mgu")
    corrected = Sought((wrong,), (Alternative((Word("mug"),), 0.8, "spelling"),))
    found = table(candidates_of(catalogue, (*as_sought(words("tea")), corrected)))
    tea, mug = idf(3), idf(2)
    assert found["1"]["words: in title"] == pytest.approx((tea + 0.8 * mug) / (tea + mug))
    assert found["1"]["coverage: not as typed"] == pytest.approx(0.2 * mug / (tea + mug))
    assert found["1"]["phrase: neighbours"] == 1  # as put right: tea mug
    assert found["1"]["query: known"] == 1


def test_the_best_candidates_tell_the_kind_and_the_price(catalogue: Catalogue) -> None:
    scores = {"1": 1.0, "2": 0.5, "3": 0.0}
    found = table(candidates_of(catalogue, as_sought(words("tea")), scores))
    best = 1 / (1 + 0.5**6)
    assert found["1"]["kind: brand agrees"] == pytest.approx(best)
    assert found["2"]["kind: brand agrees"] == pytest.approx(1 - best)
    assert found["3"]["kind: brand agrees"] == 0
    assert found["1"]["kind: category agrees"] == pytest.approx(best)
    assert found["2"]["offer: price apart"] == pytest.approx(math.log(20 / 10))
    assert found["1"]["offer: price rank"] == pytest.approx(0.5 / 2)
    assert found["3"]["offer: in stock"] == 0


def test_freshness_halves_in_ninety_days(catalogue: Catalogue) -> None:
    candidates = candidates_of(catalogue, as_sought(words("hose")))
    late = replace(candidates, now=90 * 86_400_000_000)
    assert table(late)["4"]["offer: fresh"] == pytest.approx(1 / 2)
    assert table(late)["1"]["offer: fresh"] == 0


def test_demand_follows_an_item_through_its_changes(catalogue: Catalogue) -> None:
    changed = catalogue.apply(
        [
            ItemChange(1, Change.PATCH, "2", {"title": "tea pot"}),
            ItemChange(2, Change.PUT, "new", {"title": "tea"}),
        ]
    )
    rates = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    scores = {"2": 1.0, "new": 1.0}
    candidates = candidates_of(changed, as_sought(words("tea")), scores)
    found = table(replace(candidates, demand=Demand(rates, -rates)))
    assert found["2"]["demand: click rate"] == pytest.approx(0.2)
    assert found["2"]["demand: purchase rate"] == pytest.approx(-0.2)
    assert found["new"]["demand: click rate"] == 0


def test_a_shoppers_taste_is_a_share_of_their_items(catalogue: Catalogue) -> None:
    bought = catalogue.facts.of(np.array([0, 1]))  # of Acme and of Bolt
    taste = Taste.of(np.array([0, 1]), bought, np.array([5.0, 2.0]))
    assert taste.shares[0] == pytest.approx({fact_key("Acme"): 5 / 37, fact_key("Bolt"): 2 / 37})
    candidates = candidates_of(catalogue, as_sought(words("tea")))
    found = table(replace(candidates, taste=taste))
    assert found["1"]["taste: own brand"] == pytest.approx(5 / 37)
    assert found["1"]["taste: own category"] == pytest.approx(5 / 37)
    assert found["2"]["taste: own item"] == pytest.approx(math.log(1 + 2))
    assert found["3"]["taste: own brand"] == 0


def test_a_query_without_any_known_word_has_features_too(catalogue: Catalogue) -> None:
    found = table(candidates_of(catalogue, as_sought(words("zzz qqq 77"))))
    assert found["1"]["coverage: words held"] == 0
    assert found["1"]["query: known"] == 0
