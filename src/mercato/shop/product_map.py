"""The catalogue as a map: categories as bubbles, near where their products read alike.

Centres of the categories' text vectors, laid out by their two principal components (Pearson 1901)
and then pushed apart until no two overlap: near stays near, distances across the map say little.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex
from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE
from mercato.shop.opened import Shop

MOST_BUBBLES = 60
_LEVELS = 2
"""Of a category's path; a shop whose categories have one level is shown by that."""

_MOST_TEXTS = 200
"""Of a category that its centre is made of."""

_FULL = 0.32
"""Share of the map's area that bubbles cover; denser ones cannot be told apart."""

_ROUNDS = 300
_APART = 0.006
"""Between two bubbles, of the map's width."""

WIDE = 1.6
"""The map's width by its height."""


@dataclass(frozen=True)
class Bubble:
    """A category.

    items, bought : its products, and how many of them were bought at least once
    x, y, radius  : where it stands, in heights of the map: x up to `WIDE`, y up to 1
    nearest : the category whose products read most like its own
    """

    path: str
    items: int
    bought: int
    x: float
    y: float
    radius: float
    nearest: str


_KNOWN: dict[tuple[object, int], tuple[Bubble, ...]] = {}
"""(shop's folder, release) → its map; a release's vectors do not change."""


def product_map(shop: Shop) -> tuple[Bubble, ...]:
    """The largest categories; none where products have no vectors, or too few categories."""
    key = (shop.paths.root, shop.live.number)
    if key not in _KNOWN:
        for old in [each for each in _KNOWN if each[0] == key[0]]:
            del _KNOWN[old]
        index = shop.live.catalogue.vectors
        _KNOWN[key] = () if index is None else _map(shop.live.catalogue, index)
    return _KNOWN[key]


def _map(catalogue: Catalogue, index: VectorIndex) -> tuple[Bubble, ...]:
    rows_of = _categories(catalogue)
    centres = {path: _centre(index, rows) for path, rows in rows_of.items()}
    paths = [path for path, centre in centres.items() if centre is not None]
    if len(paths) < 3:
        return ()
    units = np.array([centres[path] for path in paths])
    items = np.array([len(rows_of[path]) for path in paths])
    radius = np.sqrt(items / items.sum() * _FULL * WIDE / np.pi)
    places = _pushed_apart(_flat(units), radius)
    alike = units @ units.T
    np.fill_diagonal(alike, -1)
    return tuple(
        Bubble(
            path,
            len(rows_of[path]),
            int((catalogue.popularity[rows_of[path]] > 0).sum()),
            round(float(places[at, 0]), 4),
            round(float(places[at, 1]), 4),
            round(float(radius[at]), 4),
            paths[int(alike[at].argmax())],
        )
        for at, path in enumerate(paths)
    )


def _categories(catalogue: Catalogue) -> dict[str, NDArray[np.integer]]:
    """Path → its rows, of the largest categories at the level that is shown."""
    column = catalogue.columns[PRODUCT_TYPE]
    texts = column.texts(np.arange(len(column.numbers)))
    depth = np.array([text.count(PATH_SEPARATOR) + 1 for text in texts], int)
    shown = depth == min(_LEVELS, int(depth.max(initial=1)))
    pairs = column.of_rows(catalogue.living)
    here = shown[pairs.codes]
    codes, rows = pairs.codes[here], pairs.rows[here]
    counts = np.bincount(codes, minlength=len(texts))
    largest = np.argsort(-counts, kind="stable")[:MOST_BUBBLES]
    return {texts[at]: rows[codes == at] for at in largest if counts[at]}


def _centre(index: VectorIndex, rows: NDArray[np.integer]) -> NDArray[np.float64] | None:
    """The unit vector (d,) in the middle of some rows' texts; None where none has a vector."""
    texts = np.unique(index.text_of_row[rows[rows < len(index.text_of_row)]])
    texts = texts[(texts >= 0) & (texts < len(index.base))]
    if len(texts) == 0:
        return None
    some = texts[np.linspace(0, len(texts) - 1, min(len(texts), _MOST_TEXTS)).astype(int)]
    found = index.base.some(some)
    middle = (found.vectors * found.inverse_lengths[:, None].astype(np.float64)).mean(axis=0)
    length = float(np.linalg.norm(middle))
    return middle / length if length else None


def _flat(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, d) → (n, 2) on the map, by rank along each component: outliers leave no empty map."""
    centred = units - units.mean(axis=0)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    along = left[:, :2] * strength[:2]
    ranks = np.argsort(np.argsort(along, axis=0, kind="stable"), axis=0, kind="stable")
    flat: NDArray[np.float64] = (ranks + 0.5) / len(units) * np.array([WIDE, 1.0])
    return flat


def _pushed_apart(places: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bubbles that overlap give way by halves, and none leaves the map."""
    wanted = radius[:, None] + radius[None, :] + _APART
    low, high = radius[:, None], np.array([WIDE, 1.0]) - radius[:, None]
    for _ in range(_ROUNDS):
        between = places[:, None] - places[None, :]
        distance = np.sqrt((between**2).sum(axis=2))
        np.fill_diagonal(distance, np.inf)
        overlap = np.maximum(wanted - distance, 0)
        if not overlap.any():
            break
        way = between / np.maximum(distance, 1e-9)[..., None]
        places = np.clip(places + (way * overlap[..., None]).sum(axis=1) / 2, low, high)
    return places
