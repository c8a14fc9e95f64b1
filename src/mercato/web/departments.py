"""The tree of categories, counted over the whole catalogue."""

from dataclasses import dataclass
from functools import lru_cache

from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE
from mercato.search.search import SearchContext, SearchRequest, search
from mercato.shop.opened import Live
from mercato.web.glyphs import drawing
from mercato.web.links import listing_path


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


def departments(live: Live) -> tuple[Category, ...]:
    """The top levels, the fullest first; kept until the release or an item changes."""
    return _departments(Snapshot(live))


class Snapshot:
    """A live release as a key: equal to another of the same release and changes.

    with_changes : False where item changes make no difference
    """

    def __init__(self, live: Live, *, with_changes: bool = True) -> None:
        self.live = live
        self._key = (
            live.manifest.created_at,
            live.number,
            live.catalogue.overlay if with_changes else 0,
        )

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._key == other._key


@lru_cache(maxsize=1)
def _departments(snapshot: Snapshot) -> tuple[Category, ...]:
    live = snapshot.live
    request = SearchRequest("", (), (PRODUCT_TYPE,), None, 1, 1, True, "lexical")
    counts = search(request, SearchContext(live.catalogue, None, live.calibration)).facets
    return tree(counts[PRODUCT_TYPE])


def tree(counts: dict[str, int]) -> tuple[Category, ...]:
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
