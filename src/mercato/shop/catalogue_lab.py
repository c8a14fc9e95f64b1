"""How well the catalogue is described, and what of it shoppers never meet or never buy."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE
from mercato.data.assets.item_quality import ITEM_QUALITY
from mercato.data.assets.item_statistics import ITEM_STATISTICS
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop

Told = TypeVar("Told")

_TOLD: dict[tuple[Path, str], tuple[int, Any]] = {}
"""Of the assets of the shops that this process has open: version, and what it told."""

_WORST = 30
_IDLE = 30
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
    """

    items: int
    never_bought: float | None
    never_seen: float | None
    mean_score: float | None
    lacking: tuple[tuple[str, float], ...]
    worst: tuple[Poor, ...]
    idle: tuple[Idle, ...]
    departments: tuple[Department, ...]
    refused: tuple[Refused, ...]


def catalogue_read(shop: Shop) -> CatalogueRead:
    """Of the assets as they were last summed up, and of the living products."""
    root = shop.paths.assets
    sold = _of_newest(root, ITEM_STATISTICS.name, _sold)
    described = _of_newest(root, ITEM_QUALITY.name, _described)
    return CatalogueRead(
        items=len(shop.live.catalogue.living),
        never_bought=None if sold is None else sold.never_bought,
        never_seen=None if sold is None else sold.never_seen,
        mean_score=None if described is None else described.mean,
        lacking=() if described is None else described.lacking,
        worst=() if described is None else described.worst,
        idle=() if sold is None else sold.idle,
        departments=_departments(shop.live.catalogue),
        refused=_of_newest(root, QUARANTINE.name, _refused) or (),
    )


@dataclass(frozen=True)
class _Sold:
    never_bought: float
    never_seen: float
    idle: tuple[Idle, ...]


@dataclass(frozen=True)
class _Described:
    mean: float
    lacking: tuple[tuple[str, float], ...]
    worst: tuple[Poor, ...]


def _sold(statistics: pa.Table) -> _Sold:
    return _Sold(
        _share(statistics, ("purchases",)), _share(statistics, _MEETINGS), _idle(statistics)
    )


def _described(quality: pa.Table) -> _Described:
    mean = float(pc.mean(quality["score"]).as_py() or 0.0)
    return _Described(mean, _lacking(quality), _worst(quality))


_MEETINGS = ("impressions", "clicks", "views", "carts", "purchases")


def _share(statistics: pa.Table, names: tuple[str, ...]) -> float:
    """Of products of which none of these ever happened."""
    happened = np.zeros(len(statistics), bool)
    for name in names:
        happened |= statistics[name].to_numpy() > 0
    return float(1 - happened.mean()) if len(happened) else 0.0


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


def _of_newest(root: Path, name: str, make: Callable[[pa.Table], Told]) -> Told | None:
    """What is told of an asset's newest version; None where there is none. Told once a version:
    the table itself is not kept."""
    version = AssetStore(root).version(name)
    if version is None:
        return None
    key = (root, name)
    kept = _TOLD.get(key)
    if kept is None or kept[0] != version:
        kept = _TOLD[key] = (version, make(AssetStore(root).read(name, version)))
    told: Told = kept[1]
    return told
