"""A small description of the rows of one import, kept to compare the next one with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import orjson

PERCENTILES = tuple(step / 100 for step in range(101))
"""Where the distribution of a number is written down."""


@dataclass(frozen=True)
class ColumnProfile:
    """rows, nulls : counts
    distinct    : values, about (HyperLogLog)
    percentiles : (101,) of a column of numbers, from least to greatest; else empty
    values      : of a column with few accepted values: value → rows; else empty
    """

    rows: int
    nulls: int
    distinct: int
    percentiles: tuple[float, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Profile:
    """What the rows of an import look like.

    days       : of events, UTC day → event → lines
    categories : of items, path → items
    shoppers   : of events, how many
    busiest    : lines of the busiest of them, most first; nobody is named
    span_days  : days from the first event to the last
    """

    rows: int
    columns: Mapping[str, ColumnProfile]
    days: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    shoppers: int = 0
    busiest: tuple[int, ...] = ()
    span_days: float = 0.0

    def to_json(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @staticmethod
    def from_json(text: str) -> "Profile":
        found: dict[str, Any] = orjson.loads(text)
        columns = {
            name: ColumnProfile(**{**each, "percentiles": tuple(each["percentiles"])})
            for name, each in found["columns"].items()
        }
        return Profile(**{**found, "columns": columns, "busiest": tuple(found["busiest"])})


def pooled(profiles: Sequence[Profile]) -> Profile:
    """Several profiles as if their rows had come at once; distinct counts are the largest."""
    names = dict.fromkeys(name for each in profiles for name in each.columns)
    return Profile(
        rows=sum(each.rows for each in profiles),
        columns={
            name: _pooled_column([p.columns[name] for p in profiles if name in p.columns])
            for name in names
        },
    )


def _pooled_column(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    values: Counter[str] = Counter()
    for each in columns:
        values.update(each.values)
    return ColumnProfile(
        rows=sum(each.rows for each in columns),
        nulls=sum(each.nulls for each in columns),
        distinct=max(each.distinct for each in columns),
        percentiles=_pooled_percentiles(columns),
        values=dict(values),
    )


def _pooled_percentiles(columns: Sequence[ColumnProfile]) -> tuple[float, ...]:
    """Of the mixture: each profile's percentiles stand for its rows."""
    known = [each for each in columns if each.percentiles]
    if not known:
        return ()
    points = np.concatenate([each.percentiles for each in known])
    weights = np.repeat([each.rows - each.nulls for each in known], len(PERCENTILES))
    order = np.argsort(points, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    at = np.searchsorted(share, PERCENTILES).clip(max=len(points) - 1)
    return tuple(float(each) for each in points[order][at])
