"""The part of a release that tells which categories a query asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.texts import category_levels
from mercato.core import columns as c
from mercato.core.progress import Step
from mercato.models.naive_bayes import Examples, chosen, fit_naive_bayes
from mercato.ranking.intent import CategoryIntent, query_tokens
from mercato.training.workshop import Made, Workshop

MOST_CATEGORIES = 1_000
"""Assumed: of the levels of a catalogue's tree the deepest one with no more is learned."""

OF_A_CLICK = 5.0
"""Assumed: what the words of a search count whose result was clicked, beside a title's."""

LOW_PRICES = 1 / 3
HELD_OUT = 10
"""One item in so many; short queries are made up of their titles' words."""

MOST_ASKED = 3_000
LONGEST_ASKED = 4


@dataclass(frozen=True)
class Searched:
    """What shoppers typed and then clicked; a row for each.

    query, item_id : n texts
    clicks         : (n,) how often
    """

    query: Sequence[str]
    item_id: Sequence[str]
    clicks: NDArray[np.float64]

    @classmethod
    def of(cls, clicks: pa.Table | None) -> "Searched":
        """From the derived asset ``search_clicks``."""
        if clicks is None:
            return cls((), (), np.zeros(0))
        n = np.asarray(clicks["clicked"].to_numpy(), np.float64)
        kept = np.flatnonzero(n)
        clicks = clicks.take(kept)
        return cls(clicks["query"].to_pylist(), clicks["item_id"].to_pylist(), n[kept])


def make_intent(workshop: Workshop, catalogue: Made, clicks: pa.Table | None) -> Made | None:
    """Learned from titles, and from searches and what was clicked; None where there are not two
    categories."""
    opened = Catalogue.over(open_base(catalogue.folder, None), 0)
    categories = Categories(opened)
    if len(categories.names) < 2:
        return None
    searched = Searched.of(clicks)

    def work(folder: Path, step: Step) -> None:
        learned, likelihood = learn_intent(categories, searched)
        learned.save(folder)
        step.note(f"{len(learned.names)} categories, {np.exp(likelihood):.2f} of the chance right")

    clicked = sorted(zip(searched.query, searched.item_id, searched.clicks.tolist(), strict=True))
    of = {"catalogue": catalogue.fingerprint, "clicks": clicked}
    return workshop.make("intent", of, work)


@dataclass(frozen=True)
class Categories:
    """The categories of a release that are told apart: one level of its tree."""

    catalogue: Catalogue

    @cached_property
    def paths(self) -> list[str]:
        """Every value of ``product_type``."""
        column = self.catalogue.columns[c.PRODUCT_TYPE].base
        return column.texts(np.arange(len(column.numbers)))

    @cached_property
    def depth(self) -> int:
        levels = [len(category_levels(path)) for path in self.paths]
        deep = [at for at in range(1, max(levels, default=0) + 1) if self._few(levels, at)]
        return max(deep, default=1)

    @staticmethod
    def _few(levels: Sequence[int], depth: int) -> bool:
        return sum(each <= depth for each in levels) <= MOST_CATEGORIES

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Paths of the chosen level, and shorter ones at which items end."""
        rows, codes = self._deepest
        del rows
        return tuple(self.paths[code] for code in np.unique(codes).tolist())

    @cached_property
    def of_row(self) -> NDArray[np.int64]:
        """(n_base,) the category of each row; -1 without one."""
        found = np.full(self.catalogue.n_base, -1, np.int64)
        rows, codes = self._deepest
        found[rows] = np.searchsorted(np.unique(codes), codes)
        return found

    @cached_property
    def of_value(self) -> NDArray[np.int16]:
        """(n_values,) the category that each value is; -1: none."""
        found = np.full(len(self.paths), -1, np.int16)
        codes = np.unique(self._deepest[1])
        found[codes] = np.arange(len(codes), dtype=np.int16)
        return found

    @cached_property
    def _deepest(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(row, value) of each row's deepest level that is not below the chosen one."""
        pairs = self.catalogue.columns[c.PRODUCT_TYPE].base.pairs
        level = np.array([len(category_levels(path)) for path in self.paths] or [0])
        kept = np.flatnonzero(level[pairs.codes] <= self.depth)
        rows, codes = pairs.rows[kept], pairs.codes[kept]
        order = np.lexsort((level[codes], rows))
        rows, codes = rows[order].astype(np.int64), codes[order].astype(np.int64)
        last = np.append(rows[1:] != rows[:-1], True) if len(rows) else np.zeros(0, bool)
        return rows[last], codes[last]

    @cached_property
    def low_prices(self) -> NDArray[np.float32]:
        """(n_categories,) up to which a category's products are cheap; NaN without prices."""
        column = self.catalogue.columns[c.PRICE].base
        prices = np.full(self.catalogue.n_base, np.nan)
        prices[column.pairs.rows] = column.numbers[column.pairs.codes]
        low = np.full(len(self.names), np.nan, np.float32)
        order = np.argsort(self.of_row, kind="stable")
        starts = np.searchsorted(self.of_row[order], np.arange(len(self.names) + 1))
        for at in range(len(self.names)):
            own = prices[order[starts[at] : starts[at + 1]]]
            own = own[~np.isnan(own)]
            if len(own):
                low[at] = np.quantile(own, LOW_PRICES)
        return low


def learn_intent(categories: Categories, searched: Searched) -> tuple[CategoryIntent, float]:
    """What was learned, and the mean log-likelihood of held-out queries' categories.

    Smoothing and temperature are chosen on searches that were left aside or, where there are few,
    on short queries made up of left-aside titles.
    """
    catalogue = categories.catalogue
    n_tokens, n_classes = len(catalogue.text.base.vocabulary), len(categories.names)
    from_titles, from_names = _titles(categories), _names(categories)
    queries = list(_queries(categories, searched))
    held = [at for at in range(len(queries)) if at % HELD_OUT == 0]
    asked = [(tokens, cls) for tokens, cls, _ in (queries[at] for at in held)][:MOST_ASKED]
    kept = [each for at, each in enumerate(queries) if at % HELD_OUT]
    some = from_titles
    if len(asked) < MOST_ASKED // 10:
        some, asked, kept = *_made_up(categories, from_titles), queries
    smoothing, temperature, likelihood = chosen(
        _joined(some.examples, from_names, _of_queries(kept)), n_tokens, n_classes, asked
    )
    everything = _joined(from_titles.examples, from_names, _of_queries(queries))
    model = fit_naive_bayes(everything, n_tokens, n_classes, smoothing)
    model = replace(model, temperature=temperature)
    learned = CategoryIntent(
        categories.names,
        categories.of_row.astype(np.int16),
        categories.of_value,
        categories.low_prices,
        model,
    )
    return learned, likelihood


@dataclass(frozen=True)
class _Titles:
    """row : (n,) of each example"""

    row: NDArray[np.int64]
    examples: Examples

    def of(self, kept: NDArray[np.bool_]) -> "_Titles":
        some, row = self.examples, self.row[kept]
        return _Titles(row, Examples(some.token[kept], some.cls[kept], some.weight[kept]))


def _titles(categories: Categories) -> _Titles:
    """Each token of a title once."""
    titles = categories.catalogue.text.titles
    row = np.repeat(np.arange(titles.n_base), np.diff(titles.offsets))
    kept = (categories.of_row[row] >= 0) & (titles.tokens >= 0)
    n_tokens = max(len(categories.catalogue.text.base.vocabulary), 1)
    row, token = np.divmod(np.unique(row[kept] * n_tokens + titles.tokens[kept]), n_tokens)
    return _Titles(row, Examples(token, categories.of_row[row], np.ones(len(row))))


def _names(categories: Categories) -> Examples:
    """The words of categories' names, as if they had been clicked for."""
    numbers = [categories.catalogue.text.numbers(query_tokens(name)) for name in categories.names]
    return _of_queries([(tokens[tokens >= 0], cls, 1.0) for cls, tokens in enumerate(numbers)])


_Query = tuple[NDArray[np.int64], int, float]


def _queries(categories: Categories, searched: Searched) -> Iterator[_Query]:
    """Tokens, category and weight of searches with a click on something that has a category."""
    catalogue = categories.catalogue
    for query, item_id, clicks in zip(
        searched.query, searched.item_id, searched.clicks.tolist(), strict=True
    ):
        row = catalogue.base_row(item_id)
        tokens = catalogue.text.numbers(query_tokens(query))
        tokens = tokens[tokens >= 0]
        if row is not None and categories.of_row[row] >= 0 and len(tokens):
            yield tokens, int(categories.of_row[row]), clicks


def _of_queries(queries: Sequence[_Query]) -> Examples:
    counts = [len(tokens) for tokens, _, _ in queries]
    tokens = [np.zeros(0, np.int64), *(tokens for tokens, _, _ in queries)]
    return Examples(
        np.concatenate(tokens),
        np.repeat(np.array([cls for _, cls, _ in queries], np.int64), counts),
        np.repeat(OF_A_CLICK * np.array([weight for _, _, weight in queries]), counts),
    )


def _joined(*parts: Examples) -> Examples:
    return Examples(
        np.concatenate([each.token for each in parts]),
        np.concatenate([each.cls for each in parts]),
        np.concatenate([each.weight for each in parts]),
    )


def _made_up(
    categories: Categories, titles: _Titles
) -> tuple[_Titles, list[tuple[NDArray[np.int64], int]]]:
    """Titles without those left aside, and short queries of the latter's words."""
    draw = np.random.default_rng(0)
    aside = titles.row % HELD_OUT == 0
    held = titles.of(aside)
    asked = []
    for row in draw.permutation(np.unique(held.row))[:MOST_ASKED].tolist():
        start, stop = np.searchsorted(held.row, [row, row + 1]).tolist()
        n_words = min(int(draw.integers(1, LONGEST_ASKED + 1)), stop - start)
        tokens = draw.choice(held.examples.token[start:stop], n_words, replace=False)
        asked.append((tokens, int(categories.of_row[row])))
    return titles.of(~aside), asked
