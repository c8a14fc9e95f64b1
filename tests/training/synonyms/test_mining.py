from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.data.assets import ASSETS
from mercato.ranking.synonyms.synonym import Status
from mercato.training.synonyms.clicks import from_clicks
from mercato.training.synonyms.differing import HALF_SURE, differing_terms
from mercato.training.synonyms.sessions import from_sessions
from mercato.training.synonyms.vectors import from_vectors


@pytest.mark.parametrize(
    ("first", "second", "terms"),
    [
        ("red sofa", "red couch", ("sofa", "couch")),
        ("sofa for the garden", "garden couch", ("sofa", "couch")),
        ("Love Seat", "sofas", ("love seat", "sofas")),
        ("red sofas", "red sofa", None),
        ("red sofa", "sofa", None),
        ("red sofa big", "blue sofa small", None),
        ("tv 55 inch", "tv 65 inch", None),
        ("one two three four", "five", None),
        ("", "sofa", None),
    ],
)
def test_two_queries_differ_in_a_term(
    first: str, second: str, terms: tuple[str, str] | None
) -> None:
    assert differing_terms(first, second) == terms


def clicked(counts: dict[str, dict[str, int]]) -> pa.Table:
    rows = [
        {"query": query, "item_id": item, "position": 1, "shown": 9, "clicked": n}
        | {"carted": 0, "bought": 0}
        for query, items in counts.items()
        for item, n in items.items()
    ]
    return pa.Table.from_pylist(rows, schema=ASSETS["search_clicks"].schema)


def test_queries_with_the_same_clicks_speak_for_a_synonym() -> None:
    (found,) = from_clicks(
        clicked(
            {
                "red sofa": {"a": 3, "b": 4},
                "red couch": {"a": 4, "b": 3},
                "red lamp": {"x": 5, "y": 5},
                "red rug": {"a": 1, "x": 2},
            }
        )
    )
    assert (found.terms, found.also, found.status) == (("couch", "sofa"), (), Status.PROPOSED)
    # cosine (3·4 + 4·3) / (5·5), by 3 + 3 clicks that both have
    assert found.score == pytest.approx(24 / 25 * 6 / (6 + HALF_SURE), abs=1e-4)
    assert found.evidence == {"queries": ["red sofa / red couch"], "times": 6}


def test_a_broader_query_finds_the_narrower_and_not_the_other_way_round() -> None:
    (found,) = from_clicks(
        clicked(
            {
                "footwear": {"a": 2, "b": 2, "c": 2, "d": 2, "e": 2},
                "sneaker": {"a": 5, "b": 5},
            }
        )
    )
    assert (found.terms, found.also) == (("footwear",), ("sneaker",))


def test_too_little_evidence_proposes_nothing() -> None:
    assert from_clicks(clicked({"sofa": {"a": 9}, "couch": {"a": 9}})) == []
    assert from_clicks(clicked({"sofa": {"a": 1, "b": 1}, "couch": {"a": 1, "b": 1}})) == []
    assert from_clicks(clicked({})) == []


def test_what_is_typed_instead_is_found_too() -> None:
    schema = ASSETS["reformulations"].schema
    rows = [
        {"query": "red settee", "next_query": "red sofa", "sessions": 6, "empty": 6},
        {"query": "red settee", "next_query": "red rug", "sessions": 2, "empty": 2},
        {"query": "big settee", "next_query": "big sofa", "sessions": 1, "empty": 1},
    ]
    found = from_sessions(pa.Table.from_pylist(rows, schema=schema))
    assert [(each.terms, each.also) for each in found] == [
        (("settee",), ("sofa",)),
        (("settee",), ("rug",)),
    ]
    # 6 of the 8 sessions that went on from it
    assert found[0].score == pytest.approx(6 / 8 * 6 / (6 + HALF_SURE), abs=1e-4)


DIRECTION = {"sofa": 0.0, "couch": 0.2, "divan": 0.45, "lamp": 3.0, "couches": 0.2, "sofabed": 0.1}


def encode(words: Sequence[str]) -> NDArray[np.float32]:
    angles = np.array([DIRECTION.get(word, 1.5) for word in words])
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_near_words_of_one_category_that_titles_use_apart(
    open_catalogue: Callable[..., Catalogue],
) -> None:
    titles = {
        "Seats": ["sofa"] * 6 + ["couch"] * 6 + ["sofa divan"] * 6 + ["sofabed"] * 6,
        "Lights": ["lamp"] * 6,
    }
    items = [
        {"id": f"{category}{at}", "title": f"{title} {at}", "product_type": category}
        for category, all_of_it in titles.items()
        for at, title in enumerate(all_of_it)
    ]
    found = from_vectors(open_catalogue(items), encode, 10)
    assert [each.terms for each in found] == [
        ("couch", "sofabed"),
        ("couch", "sofa"),
        ("couch", "divan"),
        ("divan", "sofabed"),
    ]
    assert found[0].score == pytest.approx(np.cos(0.1), abs=1e-3)
    assert from_vectors(open_catalogue(items), encode, 1) == found[:1]
    assert from_vectors(open_catalogue(items[:1]), encode, 10) == []
