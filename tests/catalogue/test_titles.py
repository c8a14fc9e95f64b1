"""Titles as tokens and postings with fields, of a release and of later rows."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.titles import MOST_TOKENS
from mercato.core.changes import Change, ItemChange

ITEMS = [
    {"id": "a1", "title": "Mug for tea, red", "brand": "Red Star", "description": "a red mug"},
    {"id": "b2", "title": "tea"},
    {"id": "c3", "title": " ".join(f"w{at}" for at in range(60))},
]


@pytest.fixture(scope="module")
def catalogue(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(ITEMS)


def late(catalogue: Catalogue, *titles: str) -> Catalogue:
    changes = [
        ItemChange(seq, Change.PUT, f"late{seq}", {"title": title})
        for seq, title in enumerate(titles, 1)
    ]
    return catalogue.apply(changes)


def title(catalogue: Catalogue, item_id: str) -> list[int]:
    row = catalogue.row(item_id)
    assert row is not None
    return catalogue.text.titles.of(np.array([row])).tokens.tolist()


def numbers(catalogue: Catalogue, *tokens: str) -> list[int]:
    return catalogue.text.numbers(tokens).tolist()


def test_a_title_is_its_telling_tokens_in_order(catalogue: Catalogue) -> None:
    assert title(catalogue, "a1") == numbers(catalogue, "mug", "tea", "red")


def test_a_long_title_is_cut(catalogue: Catalogue) -> None:
    whole = title(catalogue, "c3")  # each word gives three tokens: w0, w, 0
    assert len(whole) == MOST_TOKENS == 48
    assert whole[:4] == numbers(catalogue, "w0", "w", "0", "w1")


def test_titles_of_later_rows_stand_beside_those_of_the_release(catalogue: Catalogue) -> None:
    changed = late(catalogue, "gnome tea", "tea gnome oak")
    tea, gnome, oak = numbers(changed, "tea", "gnome", "oak")
    found = changed.text.titles.of(np.array([3, 1, 4]))
    assert found.tokens.tolist() == [gnome, tea, tea, tea, gnome, oak]
    assert found.row.tolist() == [0, 0, 1, 2, 2, 2]
    assert found.place.tolist() == [0, 1, 0, 0, 1, 2]
    assert found.lengths.tolist() == [2, 1, 3]
    assert len({tea, gnome, oak, -1}) == 4


def test_titles_of_no_rows(catalogue: Catalogue) -> None:
    assert len(catalogue.text.titles.of(np.zeros(0, np.int64)).tokens) == 0


def test_words_that_nothing_holds_have_no_number(catalogue: Catalogue) -> None:
    assert numbers(catalogue, "zzz") == [-1]


def fields_of(catalogue: Catalogue, token: str) -> dict[int, set[str]]:
    return {
        row: {each.name for at, each in enumerate(TEXT_FIELDS) if bits >> at & 1}
        for part in catalogue.text.postings([token])[0]
        for row, bits in zip(part.rows.tolist(), part.fields.tolist(), strict=True)
    }


def test_a_posting_knows_its_fields(catalogue: Catalogue) -> None:
    later = catalogue.apply(
        [ItemChange(1, Change.PUT, "new", {"title": "x", "color": "red", "gtin": "mug"})]
    )
    first = catalogue.row("a1")
    assert fields_of(later, "red") == {first: {"title", "brand", "description"}, 3: {"variant"}}
    assert fields_of(later, "mug") == {first: {"title", "description"}, 3: {"codes"}}
