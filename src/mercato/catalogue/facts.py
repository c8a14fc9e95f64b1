"""What ranking looks up of each row at once: brand, category, price, age, stock, image."""

import zlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.growing import Growing
from mercato.catalogue.packed import open_array, save_array
from mercato.catalogue.texts import category_levels
from mercato.catalogue.values import key_of, moment_of
from mercato.core import columns as c

KEYS = ("brand", "category", "parent category", "top category")
NUMBERS = ("price", "saving", "created", "in stock", "image")

NO_KEY = 0
"""Where an item has no such value."""

_SECONDS_PER_DAY = 86_400


def fact_key(text: str | None) -> int:
    """Equal for two spellings of one value. Of 10,000 brands, two share a key by a chance of 1%,
    and then a feature of ranking is off by a little."""
    return zlib.crc32(key_of(text).encode()) or 1 if text else NO_KEY


def facts_of(item: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Values of KEYS and of NUMBERS of a canonical item.

    A price is what is paid; a saving the share that is off; created: days since 1970 UTC; in
    stock and image: 1 or 0. NaN where the item does not say.
    """
    levels = category_levels(item.get(c.PRODUCT_TYPE))
    leaf, parent, top = (levels[-1], levels[-2:][0], levels[0]) if levels else (None,) * 3
    keys = (fact_key(item.get(c.BRAND)), fact_key(leaf), fact_key(parent), fact_key(top))
    price, sale = item.get(c.PRICE), item.get(c.SALE_PRICE)
    paid = price if sale is None or price is None or sale > price else sale
    saving = 1 - paid / price if paid is not None and price else 0.0
    availability, created = item.get(c.AVAILABILITY), item.get(c.CREATED_AT)
    numbers = (
        np.nan if paid is None else paid,
        saving,
        moment_of(str(created)) / _SECONDS_PER_DAY if created else np.nan,
        float(availability == "in_stock") if availability else np.nan,
        float(bool(item.get(c.IMAGE_LINK))),
    )
    return keys, numbers


@dataclass(frozen=True)
class FactRows:
    """keys: (k, len(KEYS)) uint32, numbers: (k, len(NUMBERS)) float32"""

    keys: NDArray[np.uint32]
    numbers: NDArray[np.float32]

    @classmethod
    def of(cls, items: Iterable[Mapping[str, Any]]) -> "FactRows":
        found = [facts_of(item) for item in items]
        keys = np.array([keys for keys, _ in found], np.uint32).reshape(-1, len(KEYS))
        numbers = np.array([numbers for _, numbers in found], np.float32)
        return cls(keys, numbers.reshape(-1, len(NUMBERS)))

    @classmethod
    def open(cls, folder: Path) -> "FactRows":
        return cls(
            open_array(folder, "fact_keys").view(np.uint32),
            open_array(folder, "fact_numbers").view(np.float32),
        )


class FactWriter:
    """Takes items in the order of their rows."""

    def __init__(self) -> None:
        self._keys = array("I")
        self._numbers = array("f")

    def add(self, item: Mapping[str, Any]) -> None:
        keys, numbers = facts_of(item)
        self._keys.extend(keys)
        self._numbers.extend(numbers)

    def write(self, folder: Path) -> None:
        keys, numbers = np.array(self._keys, np.uint32), np.array(self._numbers, np.float32)
        save_array(folder, "fact_keys", keys.reshape(-1, len(KEYS)))
        save_array(folder, "fact_numbers", numbers.reshape(-1, len(NUMBERS)))


@dataclass(frozen=True)
class Facts:
    """Of a release's rows, and of what was changed or added since.

    keys, numbers : of changes, as in `FactRows`
    places        : (n_rows,) int32, where a row's facts stand, the release's first, then these
    """

    base: FactRows
    keys: Growing[np.uint32]
    numbers: Growing[np.float32]
    places: Growing[np.int32]

    @classmethod
    def over(cls, base: FactRows, rows: NDArray[np.int32]) -> "Facts":
        """Those of a release; rows: (n_base,) 0 and on."""
        none = FactRows.of(())
        return cls(base, Growing.of(none.keys), Growing.of(none.numbers), Growing.of(rows))

    def grown(self, items: Mapping[int, Mapping[str, Any]], first: int) -> "Facts":
        """With what rows are from now on; those from ``first`` on are new and ascending."""
        start = len(self.base.keys) + len(self.keys)
        rows = np.fromiter(items, np.int64, len(items))
        places = np.arange(start, start + len(rows), dtype=np.int32)
        late = rows >= first
        all_places = self.places.extended(places[late])
        if not late.all():
            moved = all_places.array.copy()
            moved[rows[~late]] = places[~late]
            all_places = Growing.of(moved)
        new = FactRows.of(items.values())
        keys, numbers = self.keys.extended(new.keys), self.numbers.extended(new.numbers)
        return replace(self, keys=keys, numbers=numbers, places=all_places)

    def compacted(self, kept: NDArray[np.integer]) -> "Facts":
        """With only some rows, ascending; those of the release stay."""
        n_base = len(self.base.keys)
        places = self.places.array[kept]
        late = places >= n_base
        found = places[late] - n_base
        places[late] = np.arange(n_base, n_base + len(found))
        return Facts(
            self.base,
            Growing.of(self.keys.array[found]),
            Growing.of(self.numbers.array[found]),
            Growing.of(places),
        )

    def of(self, rows: NDArray[np.integer]) -> FactRows:
        """Of some rows (k,)."""
        n_base, places = len(self.base.keys), self.places.array[rows]
        late = places >= n_base
        if not late.any():
            return FactRows(self.base.keys[places], self.base.numbers[places])
        keys = np.empty((len(rows), len(KEYS)), np.uint32)
        numbers = np.empty((len(rows), len(NUMBERS)), np.float32)
        early = places[~late]
        keys[~late], numbers[~late] = self.base.keys[early], self.base.numbers[early]
        keys[late] = self.keys.array[places[late] - n_base]
        numbers[late] = self.numbers.array[places[late] - n_base]
        return FactRows(keys, numbers)
