"""The tree of categories, counted over the whole catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE
from mercato.web.glyphs import drawing
from mercato.web.links import listing_path

_LEVELS = 2


@dataclass(frozen=True)
class Category:
    """path : all levels, as a filter takes them; count : cards in it and below"""

    path: str
    name: str
    count: int
    url: str
    glyph: str
    hue: str
    children: tuple["Category", ...] = ()


def departments(catalogue: Catalogue) -> tuple[Category, ...]:
    """The top level with the one below, the fullest first; kept until an item changes."""
    fields = frozenset({PRODUCT_TYPE})
    return catalogue.memo.get("departments", lambda: tree(level_counts(catalogue)), fields)


def level_counts(catalogue: Catalogue) -> dict[str, int]:
    """Path → cards, of all paths of at most two levels.

    A facet would not do: it names the thousand fullest paths of any depth.
    """
    column = catalogue.columns[PRODUCT_TYPE]
    texts = column.texts(np.arange(len(column.numbers)))
    shallow = np.array([text.count(PATH_SEPARATOR) < _LEVELS for text in texts], bool)
    pairs = column.of_rows(catalogue.living)
    kept = np.flatnonzero(shallow[pairs.codes])
    cards = catalogue.group[pairs.rows[kept]].astype(np.int64)
    once = np.unique(cards * len(texts) + pairs.codes[kept])
    counts = np.bincount(once % max(len(texts), 1), minlength=len(texts))
    return {text: int(n) for text, n in zip(texts, counts, strict=True) if n}


def tree(counts: Mapping[str, int]) -> tuple[Category, ...]:
    """Build the tree of paths with their counts; on each level the fullest stand first."""
    below: dict[str, list[str]] = {}
    for path in counts:
        parent, _, _ = path.rpartition(PATH_SEPARATOR)
        below.setdefault(parent, []).append(path)

    def branch(path: str) -> Category:
        glyph, hue = drawing(path)
        return Category(
            path,
            path.rpartition(PATH_SEPARATOR)[2],
            counts[path],
            listing_path(path),
            glyph,
            hue,
            level(path),
        )

    def level(parent: str) -> tuple[Category, ...]:
        return tuple(
            branch(path)
            for path in sorted(below.get(parent, ()), key=lambda each: (-counts[each], each))
        )

    return level("")


def crumbs(product_type: str) -> tuple[tuple[str, str], ...]:
    """(name, address) of each level of a category path, the widest first."""
    if not product_type:
        return ()
    levels = product_type.split(PATH_SEPARATOR)
    paths = [PATH_SEPARATOR.join(levels[: depth + 1]) for depth in range(len(levels))]
    return tuple((name, listing_path(path)) for name, path in zip(levels, paths, strict=True))
