"""Scores against the formula of BM25F written out by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from mercato.catalogue import bm25
from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import as_sought
from mercato.catalogue.text_matching import match, needed_words
from mercato.core.changes import Change, ItemChange

WEIGHT = {field.name: field.weight for field in bm25.TEXT_FIELDS}

ITEMS = [
    {"id": "i1", "title": "red mug", "brand": "Acme"},
    {"id": "i2", "title": "red red lamp tall", "brand": "Red Star"},
    {"id": "i3", "title": "tea jar", "description": "a red jar"},
]


def idf(frequency: int, n_items: int = 3) -> float:
    return math.log(1 + (n_items - frequency + 0.5) / (frequency + 0.5))


def part(weight: float, count: int, length: int, mean: float) -> float:
    return weight * count / (1 - 0.75 + 0.75 * length / mean)


def saturated(frequency: float) -> float:
    return frequency / (1.2 + frequency)


# Mean lengths over the items that have the field: titles 2, 4, 2 words; brands 1, 2;
# one description of 3.
TITLE, BRAND, DESCRIPTION = (2 + 4 + 2) / 3, (1 + 2) / 2, 3 / 1
RED = {
    "i1": saturated(part(WEIGHT["title"], 1, 2, TITLE)),
    "i2": saturated(part(WEIGHT["title"], 2, 4, TITLE) + part(WEIGHT["brand"], 1, 2, BRAND)),
    "i3": saturated(part(WEIGHT["description"], 1, 3, DESCRIPTION)),
}


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS)


def scores(catalogue: Catalogue, query: str) -> dict[str, float]:
    found = match(catalogue.text, as_sought(words(query)), catalogue.alive)
    ids = catalogue.ids(found.rows)
    return dict(zip(ids, found.scores_of(found.rows).tolist(), strict=True))


def test_one_word_scores_as_the_formula_says(catalogue: Catalogue) -> None:
    expected = {item_id: idf(3) * value for item_id, value in RED.items()}
    assert scores(catalogue, "red") == pytest.approx(expected, rel=1e-6)


def test_the_scores_of_words_add_up(catalogue: Catalogue) -> None:
    mug = idf(1) * saturated(part(WEIGHT["title"], 1, 2, TITLE))
    half = math.sqrt(1 / 2)  # these hold one word of two
    expected = {
        "i1": idf(3) * RED["i1"] + mug,
        "i2": idf(3) * RED["i2"] * half,
        "i3": idf(3) * RED["i3"] * half,
    }
    assert scores(catalogue, "red mugs") == pytest.approx(expected, rel=1e-6)


def test_no_row_can_reach_the_best_score(catalogue: Catalogue) -> None:
    found = match(catalogue.text, as_sought(words("red mug")), catalogue.alive)
    assert found.best == pytest.approx(idf(3) + idf(1))
    assert found.scores_of(found.rows).max() < found.best


def test_a_later_item_is_scored_by_the_frequencies_of_the_release(catalogue: Catalogue) -> None:
    fields = {"title": "red mug", "brand": "Acme"}
    late = [ItemChange(seq, Change.PUT, f"late{seq}", fields) for seq in (1, 2, 3)]
    found = scores(catalogue.apply(late), "red mug")
    assert found["late1"] == pytest.approx(found["i1"], rel=1e-6)
    assert found["i1"] == scores(catalogue, "red mug")["i1"]


def test_a_word_that_only_later_items_have_is_the_rarest(catalogue: Catalogue) -> None:
    later = catalogue.apply([ItemChange(1, Change.PUT, "new", {"title": "gnome stool"})])
    expected = idf(0) * saturated(part(WEIGHT["title"], 1, 2, TITLE))
    assert scores(later, "gnome") == pytest.approx({"new": expected}, rel=1e-6)


@pytest.mark.parametrize(("known", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (8, 6)])
def test_of_more_than_two_words_three_quarters_are_needed(known: int, needed: int) -> None:
    assert needed_words(known) == needed


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        (["tea mug red"] * 10 + ["tea mug"] * 5 + ["tea"] * 5, 15),  # two of three are enough
        (["tea mug red"] * 2 + ["tea mug"] * 7 + ["tea", "red", "oak"], 11),  # nine are too few
        (["tea", "oak"], 1),
    ],
)
def test_a_word_less_is_needed_where_fewer_than_ten_match(
    open_catalogue: Callable[..., Catalogue], titles: list[str], found: int
) -> None:
    items = [{"id": str(at), "title": title} for at, title in enumerate(titles)]
    assert len(scores(open_catalogue(items), "tea mug red")) == found


def test_words_that_no_item_has_are_not_counted(catalogue: Catalogue) -> None:
    assert scores(catalogue, "red mug zzz yyy xxx") == scores(catalogue, "red mug")
    assert scores(catalogue, "zzz") == {}


def test_a_joined_word_is_found_in_either_writing(open_catalogue: Callable[..., Catalogue]) -> None:
    titles = ["WD-40 oil", "WD40 oil", "WD 40 oil", "WD 50 oil", "oil 40"]
    catalogue = open_catalogue([{"id": t, "title": t} for t in titles])
    for query in ("wd-40", "WD40"):
        assert set(scores(catalogue, query)) == {"WD-40 oil", "WD40 oil", "WD 40 oil"}


def test_rarity_falls_with_frequency() -> None:
    assert bm25.rarity(10, np.array([0, 5, 10])).tolist() == pytest.approx(
        [math.log(1 + 10.5 / 0.5), math.log(2), math.log(1 + 0.5 / 10.5)]
    )
