"""What ranking looks up of each row at once: brand, category, price, age, stock, image."""

import zlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def and_then(self, others: "FactRows") -> "FactRows":
        return FactRows(
            np.concatenate([self.keys, others.keys]), np.concatenate([self.numbers, others.numbers])
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
    """Of a release's rows, and of rows appended since."""

    base: FactRows
    tail: FactRows

    @classmethod
    def over(cls, base: FactRows) -> "Facts":
        return cls(base, FactRows.of(()))

    def appended(self, items: Iterable[Mapping[str, Any]]) -> "Facts":
        """With those of more rows, in the order of the rows."""
        return Facts(self.base, self.tail.and_then(FactRows.of(items)))

    def of(self, rows: NDArray[np.integer]) -> FactRows:
        """Of some rows (k,)."""
        n_base = len(self.base.keys)
        if not len(self.tail.keys):
            return FactRows(self.base.keys[rows], self.base.numbers[rows])
        late = rows >= n_base
        keys = np.empty((len(rows), len(KEYS)), np.uint32)
        numbers = np.empty((len(rows), len(NUMBERS)), np.float32)
        keys[~late], numbers[~late] = self.base.keys[rows[~late]], self.base.numbers[rows[~late]]
        keys[late] = self.tail.keys[rows[late] - n_base]
        numbers[late] = self.tail.numbers[rows[late] - n_base]
        return FactRows(keys, numbers)
