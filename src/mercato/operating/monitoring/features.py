"""Whether what models are asked with still lies where it lay when they learned."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from mercato.data.assets import ASSETS
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.psi import SIGNIFICANT, is_significant, shift_of_numbers
from mercato.data.store import AssetStore

WATCHED = ("item_statistics", "users")
"""Derived assets whose numbers are features of items and of shoppers."""

FEWEST = 200
_PERCENTILES = np.arange(101)


def feature_alarms(store: AssetStore, learned: Mapping[str, int]) -> Iterator[Alarm]:
    """Of the newest versions, beside those that the published release was made from.

    learned : asset → version, as its manifest says
    """
    for name in WATCHED:
        version, newest = learned.get(name), store.version(name)
        if version is None or newest is None or version == newest:
            continue
        columns = [
            field.name
            for field in ASSETS[name].schema
            if pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
        ]
        before, now = (store.read(name, at, columns) for at in (version, newest))
        for column in columns:
            yield from _shifted(name, column, before[column], now[column])


def _shifted(
    asset: str, column: str, before: pa.ChunkedArray, now: pa.ChunkedArray
) -> Iterator[Alarm]:
    old, new = (each.drop_null().to_numpy().astype(np.float64) for each in (before, now))
    if min(len(old), len(new)) < FEWEST:
        return
    index, bins = shift_of_numbers(
        np.percentile(old, _PERCENTILES).tolist(), np.percentile(new, _PERCENTILES).tolist()
    )
    if is_significant(index, bins, len(old), len(new)):
        yield Alarm(
            "feature-shift",
            asset,
            column,
            f"{column} as the published release learned it (stability index below {SIGNIFICANT})",
            f"an index of {index:.2f}, median {np.median(new):.3g}, was {np.median(old):.3g}",
            "Learn anew: mercato learn DIR",
        )
