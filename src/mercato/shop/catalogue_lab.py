"""How well the catalogue is described, and what of it shoppers never meet or never buy."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE
from mercato.data.assets.item_quality import ITEM_QUALITY
from mercato.data.assets.item_statistics import ITEM_STATISTICS
from mercato.data.assets.near_duplicates import NEAR_DUPLICATES
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop
from mercato.shop.told import of_newest

_WORST = 30
_IDLE = 30
_UNMET = 30
_DOUBLES = 30
_DEPARTMENTS = 15


@dataclass(frozen=True)
class Poor:
    """A product whose entry lacks much. lacks : names of `data.quality.scoring.PARTS`"""

    item_id: str
    score: int
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Idle:
    """A product that is looked at and not bought; the most looked at first."""

    item_id: str
    impressions: int
    views: int


@dataclass(frozen=True)
class Double:
    """A product that reads like another one; similarity : 0 to 1, 1 where letters are the same"""

    item_id: str
    other_id: str
    similarity: float


@dataclass(frozen=True)
class Department:
    """bought : products of it that were bought at least once"""

    name: str
    items: int
    bought: int


@dataclass(frozen=True)
class Refused:
    """Rows that wait in quarantine for the same reason."""

    asset: str
    check: str
    column: str
    rows: int


@dataclass(frozen=True)
class CatalogueRead:
    """shares are of all products; None where it was not summed up

    mean_score : of quality, 0 to 100
    lacking : part of an entry → share of products that lack it, the most lacking first
    unmet : ids of some of the products that nobody ever met
    doubles : some of the products that read like another one; doubled : how many those are
    """

    items: int
    never_bought: float | None
    never_seen: float | None
    mean_score: float | None
    lacking: tuple[tuple[str, float], ...]
    worst: tuple[Poor, ...]
    idle: tuple[Idle, ...]
    unmet: tuple[str, ...]
    doubles: tuple[Double, ...]
    doubled: int
    departments: tuple[Department, ...]
    refused: tuple[Refused, ...]


def catalogue_read(shop: Shop) -> CatalogueRead:
    """Of the assets as they were last summed up, and of the living products."""
    store = AssetStore(shop.paths.assets)
    sold = of_newest(store, ITEM_STATISTICS.name, _sold)
    described = of_newest(store, ITEM_QUALITY.name, _described)
    doubled = of_newest(store, NEAR_DUPLICATES.name, _doubled)
    return CatalogueRead(
        items=len(shop.live.catalogue.living),
        never_bought=None if sold is None else sold.never_bought,
        never_seen=None if sold is None else sold.never_seen,
        mean_score=None if described is None else described.mean,
        lacking=() if described is None else described.lacking,
        worst=() if described is None else described.worst,
        idle=() if sold is None else sold.idle,
        unmet=() if sold is None else sold.unmet,
        doubles=() if doubled is None else doubled.first,
        doubled=0 if doubled is None else doubled.all,
        departments=_departments(shop.live.catalogue),
        refused=of_newest(store, QUARANTINE.name, _refused) or (),
    )


@dataclass(frozen=True)
class _Sold:
    never_bought: float
    never_seen: float
    idle: tuple[Idle, ...]
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class _Doubled:
    all: int
    first: tuple[Double, ...]


@dataclass(frozen=True)
class _Described:
    mean: float
    lacking: tuple[tuple[str, float], ...]
    worst: tuple[Poor, ...]


def _sold(statistics: pa.Table) -> _Sold:
    return _Sold(
        _share(statistics, ("purchases",)),
        _share(statistics, _MEETINGS),
        _idle(statistics),
        _unmet(statistics),
    )


def _doubled(near: pa.Table) -> _Doubled:
    """Each pair once, the most alike first."""
    once = near.filter(pc.less(near["item_id"], near["other_id"]))
    order = [("similarity", "descending"), ("item_id", "ascending")]
    rows = once.take(pc.select_k_unstable(once, _DOUBLES, order)).to_pylist()
    return _Doubled(len(near), tuple(Double(**row) for row in rows))


def _described(quality: pa.Table) -> _Described:
    mean = float(pc.mean(quality["score"]).as_py() or 0.0)
    return _Described(mean, _lacking(quality), _worst(quality))


_MEETINGS = ("impressions", "clicks", "views", "carts", "purchases")


def _share(statistics: pa.Table, names: tuple[str, ...]) -> float:
    """Of products of which none of these ever happened."""
    happened = _happened(statistics, names)
    return float(1 - happened.mean()) if len(happened) else 0.0


def _happened(statistics: pa.Table, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """(n,) whether any of these happened to a product."""
    happened = np.zeros(len(statistics), bool)
    for name in names:
        happened |= statistics[name].to_numpy() > 0
    return happened


def _unmet(statistics: pa.Table) -> tuple[str, ...]:
    ids = statistics["item_id"].filter(pa.array(~_happened(statistics, _MEETINGS)))
    return tuple(ids.sort().slice(0, _UNMET).to_pylist())


def _lacking(quality: pa.Table) -> tuple[tuple[str, float], ...]:
    counts = Counter(pc.list_flatten(quality["lacks"]).to_pylist())
    return tuple((name, n / max(len(quality), 1)) for name, n in counts.most_common())


def _worst(quality: pa.Table) -> tuple[Poor, ...]:
    order = [("score", "ascending"), ("item_id", "ascending")]
    at = pc.select_k_unstable(quality, _WORST, order)
    rows = quality.select(["item_id", "score", "lacks"]).take(at).to_pylist()
    return tuple(Poor(row["item_id"], row["score"], tuple(row["lacks"])) for row in rows)


def _idle(statistics: pa.Table) -> tuple[Idle, ...]:
    unsold = statistics.filter(pc.equal(statistics["purchases"], 0))
    met = unsold.filter(pc.greater(pc.add(unsold["views"], unsold["impressions"]), 0))
    order = [("views", "descending"), ("impressions", "descending"), ("item_id", "ascending")]
    at = pc.select_k_unstable(met, _IDLE, order)
    rows = met.select(["item_id", "impressions", "views"]).take(at).to_pylist()
    return tuple(Idle(**row) for row in rows)


def _departments(catalogue: Catalogue) -> tuple[Department, ...]:
    """The largest ones of the top level."""
    column = catalogue.columns[PRODUCT_TYPE]
    texts = column.texts(np.arange(len(column.numbers)))
    top = np.array([PATH_SEPARATOR not in text for text in texts], bool)
    pairs = column.of_rows(catalogue.living)
    kept = np.flatnonzero(top[pairs.codes])
    codes, rows = pairs.codes[kept], pairs.rows[kept]
    items = np.bincount(codes, minlength=len(texts))
    bought = np.bincount(codes, weights=catalogue.popularity[rows] > 0, minlength=len(texts))
    largest = np.argsort(-items, kind="stable")[:_DEPARTMENTS]
    return tuple(
        Department(texts[at], int(items[at]), int(bought[at])) for at in largest if items[at]
    )


def _refused(quarantine: pa.Table) -> tuple[Refused, ...]:
    keys = ["asset", "check", "column"]
    rows = quarantine.group_by(keys).aggregate([([], "count_all")]).to_pylist()
    found = (
        Refused(row["asset"], row["check"], row["column"] or "", row["count_all"]) for row in rows
    )
    return tuple(sorted(found, key=lambda each: (-each.rows, each.check)))
