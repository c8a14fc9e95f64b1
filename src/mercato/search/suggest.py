"""What a shopper may be about to type: queries, items, categories."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import surface_words, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.suggested import SuggestedQueries, typed_key
from mercato.catalogue.suggestion_rules import Blocked, looks_personal
from mercato.core import columns as c
from mercato.ranking.rules.effects import NO_EFFECTS, Effects

_FIRST_LOOK = 512
"""Rows among which the first cards are sought before all rows are."""

MOST_OWN = 3
"""The shopper's own queries that come before those of others. Assumed."""


@dataclass(frozen=True)
class Own:
    """What a shopper did before.

    queries    : as typed, the newest first
    categories : whole paths of products that they looked at or bought, the most frequent first
    """

    queries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuggestContext:
    """queries : None in releases from before there were any: then phrases of titles
    effects : of the merchandising rules that hold everywhere; what they hide is not suggested
    """

    catalogue: Catalogue
    queries: SuggestedQueries | None = None
    blocked: Blocked = Blocked()
    own: Own = Own()
    effects: Effects = NO_EFFECTS


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

    Queries are the shopper's own, those of others, then phrases that titles share; items come by
    popularity, one of each group; categories by their number of cards, the shopper's own first.
    Where no word starts as typed, one mistake is allowed; where no item does, items are those of
    the first query. What contains a blocked word is left out.
    """
    typed = surface_words(prefix)
    if not typed or n < 1:
        return Suggestions()
    queries = tuple(_queries(prefix, context, n))
    read = _put_right(typed, context)
    return Suggestions(
        queries=queries,
        items=tuple(_items(read, queries, context, n)),
        categories=tuple(_categories(read, context, n)),
    )


def _queries(prefix: str, context: SuggestContext, n: int) -> list[str]:
    found = dict.fromkeys(_own_queries(prefix, context))
    more = 2 * n if context.blocked.terms else n
    if context.queries is None:
        phrases = context.catalogue.completions.base.phrases_with(typed_key(prefix), more)
        found |= dict.fromkeys(phrases)
    else:
        found |= dict.fromkeys(context.queries.find(prefix, more))
    return [query for query in found if not context.blocked(query)][:n]


def _own_queries(prefix: str, context: SuggestContext) -> list[str]:
    """Those that go on from what is typed, that would find something and name nobody."""
    typed = typed_key(prefix)
    going_on = (query for query in context.own.queries if typed_key(query).startswith(typed))
    shown: list[str] = []
    for query in dict.fromkeys(" ".join(each.casefold().split()) for each in going_on):
        if not looks_personal(query) and _is_known(query, context.catalogue):
            shown.append(query)
        if len(shown) == MOST_OWN:
            break
    return shown


def _is_known(query: str, catalogue: Catalogue) -> bool:
    """Whether products have every word of a query."""
    asked = words(query)
    return bool(asked) and all(len(catalogue.text.rows_with(word)) for word in asked)


def _put_right(typed: list[str], context: SuggestContext) -> list[str]:
    """With the last word as most products have it, where none has one that starts so."""
    completions = context.catalogue.completions
    if context.queries is None or len(completions.rows_with(typed[-1])):
        return typed
    near = completions.base.nearest_word(typed[-1], context.queries.letters)
    return typed if near is None else [*typed[:-1], near]


def _items(
    typed: list[str], queries: tuple[str, ...], context: SuggestContext, n: int
) -> Iterator[SuggestedItem]:
    catalogue = context.catalogue
    more = 2 * n if context.blocked.terms else n
    rows = _item_rows(typed, context, more)
    if not len(rows) and queries:
        rows = _item_rows(surface_words(queries[0]), context, more)
    items = catalogue.items(rows)
    kept = [item for item in items if not context.blocked(item[c.TITLE])]
    return (SuggestedItem(item[c.ID], item[c.TITLE]) for item in kept[:n])


def _item_rows(typed: list[str], context: SuggestContext, n: int) -> NDArray[np.int64]:
    """Rows with a word that starts as the last one typed, and with all words before it."""
    catalogue = context.catalogue
    mask = np.zeros(catalogue.n_rows, bool)
    mask[catalogue.completions.rows_with(typed[-1])] = True
    mask &= catalogue.alive
    for word in words(" ".join(typed[:-1])):
        having = np.zeros(catalogue.n_rows, bool)
        having[catalogue.text.rows_with(word)] = True
        mask &= having
    if context.effects:
        rows = np.flatnonzero(mask)
        mask[rows[context.effects.hidden(rows, catalogue)]] = False
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


def _categories(typed: list[str], context: SuggestContext, n: int) -> list[str]:
    catalogue = context.catalogue

    def count() -> dict[str, int]:
        return catalogue.facet(c.PRODUCT_TYPE, catalogue.living, distinct=True)

    by_size = catalogue.memo.get("categories", count, frozenset({c.PRODUCT_TYPE}))
    own = (path for path in context.own.categories if path in by_size)
    paths = dict.fromkeys(own) | dict.fromkeys(by_size)
    found = (path for path in paths if _fits(typed, path) and not context.blocked(path))
    return [path for path, _ in zip(found, range(n), strict=False)]


def _fits(typed: list[str], path: str) -> bool:
    name = _last_level(path)
    return all(any(word.startswith(each) for word in name) for each in typed)


@lru_cache(maxsize=1 << 14)
def _last_level(path: str) -> tuple[str, ...]:
    return tuple(surface_words(path.rpartition(c.PATH_SEPARATOR)[2]))
