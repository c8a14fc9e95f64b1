"""What a shopper may be about to type: queries, items, categories."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import surface_words, words
from mercato.catalogue.catalogue import Catalogue
from mercato.core import columns as c

_FIRST_LOOK = 512
"""Rows among which the first cards are sought before all rows are."""


@dataclass(frozen=True)
class SuggestContext:
    """queries : what shoppers search for, the most frequent first; may be empty"""

    catalogue: Catalogue
    queries: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuggestedItem:
    id: str
    title: str


@dataclass(frozen=True)
class Suggestions:
    """categories : whole paths, as a filter on ``product_type`` takes them"""

    queries: tuple[str, ...] = ()
    items: tuple[SuggestedItem, ...] = ()
    categories: tuple[str, ...] = ()


def suggest(prefix: str, context: SuggestContext, n: int = 8) -> Suggestions:
    """At most ``n`` of each that go on from what is typed; the last word may be unfinished.

    Queries are those of shoppers, then phrases that titles share; items come by popularity, one
    of each group; categories by their number of cards.
    """
    typed = surface_words(prefix)
    if not typed or n < 1:
        return Suggestions()
    catalogue = context.catalogue
    return Suggestions(
        queries=tuple(_queries(typed, prefix, context, n)),
        items=tuple(
            SuggestedItem(item[c.ID], item[c.TITLE])
            for item in catalogue.items(_item_rows(typed, catalogue, n))
        ),
        categories=tuple(_categories(typed, catalogue, n)),
    )


def _queries(typed: list[str], prefix: str, context: SuggestContext, n: int) -> list[str]:
    text = " ".join(typed) + (" " if prefix[-1:].isspace() else "")
    found = dict.fromkeys(_asked(text, context.queries))
    if len(found) < n:
        found |= dict.fromkeys(context.catalogue.completions.base.phrases_with(text, n))
    return list(found)[:n]


def _asked(text: str, queries: tuple[str, ...]) -> Iterator[str]:
    for query in queries:
        if " ".join(surface_words(query)).startswith(text):
            yield query


def _item_rows(typed: list[str], catalogue: Catalogue, n: int) -> NDArray[np.int64]:
    """Rows with a word that starts as the last one typed, and with all words before it."""
    mask = np.zeros(catalogue.n_rows, bool)
    mask[catalogue.completions.rows_with(typed[-1])] = True
    mask &= catalogue.alive
    for word in words(" ".join(typed[:-1])):
        having = np.zeros(catalogue.n_rows, bool)
        having[catalogue.text.rows_with(word)] = True
        mask &= having
    rows = catalogue.in_order(mask)
    return _one_of_each_group(rows, catalogue.group, n)


def _one_of_each_group(
    rows: NDArray[np.int64], group: NDArray[np.int32], n: int
) -> NDArray[np.int64]:
    for looked_at in (rows[:_FIRST_LOOK], rows):
        _, first = np.unique(group[looked_at], return_index=True)
        if len(first) >= n:
            break
    return looked_at[np.sort(first)[:n]]


def _categories(typed: list[str], catalogue: Catalogue, n: int) -> list[str]:
    def count() -> dict[str, int]:
        return catalogue.facet(c.PRODUCT_TYPE, catalogue.living, distinct=True)

    found = (path for path in catalogue.memo.get("categories", count) if _fits(typed, path))
    return [path for path, _ in zip(found, range(n), strict=False)]


def _fits(typed: list[str], path: str) -> bool:
    name = _last_level(path)
    return all(any(word.startswith(each) for word in name) for each in typed)


@lru_cache(maxsize=1 << 14)
def _last_level(path: str) -> tuple[str, ...]:
    return tuple(surface_words(path.rpartition(c.PATH_SEPARATOR)[2]))
