"""Write the columns of a release: for each field its (row, value) pairs and its values."""

import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.distinct import distinct
from mercato.catalogue.packed import HashTable, Texts, save_array
from mercato.catalogue.ranges import bounds_for
from mercato.catalogue.values import key_of, values_of


class _Field:
    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.texts: list[str] = []
        self.numbers = array("d")
        self.pair_rows = array("i")
        self.pair_codes = array("i")

    def add(self, row: int, text: str, number: float) -> None:
        key = key_of(text)
        code = self.codes.get(key)
        if code is None:
            code = self.codes[key] = len(self.texts)
            self.texts.append(text)
            self.numbers.append(number)
        self.pair_rows.append(row)
        self.pair_codes.append(code)

    def sort(self) -> None:
        """Number the values by their text."""
        order = sorted(range(len(self.texts)), key=self.texts.__getitem__)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order))
        self.texts = [self.texts[at] for at in order]
        self.numbers = array("d", (self.numbers[at] for at in order))
        self.codes = {key: int(rank[code]) for key, code in self.codes.items()}
        self.pair_codes = array("i", rank[np.array(self.pair_codes, np.int64)].tobytes())

    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """By row, then code; each pair once."""
        rows = np.array(self.pair_rows, np.int64)
        pairs = distinct(rows * len(self.texts) + np.array(self.pair_codes, np.int64))
        row, code = np.divmod(pairs, max(len(self.texts), 1))
        return row.astype(np.int32), code.astype(np.int32)

    def keys(self) -> list[str]:
        """The keys of the values, in their order."""
        return sorted(self.codes, key=self.codes.__getitem__)

    def bounds(self, codes: NDArray[np.int32]) -> tuple[float, ...] | None:
        numbers = np.array(self.numbers)
        return None if np.isnan(numbers).any() else bounds_for(numbers[codes])


class ColumnWriter:
    """Takes items in the order of their rows."""

    def __init__(self) -> None:
        self._fields: dict[str, _Field] = {}
        self._n_rows = 0

    def add(self, item: Mapping[str, Any]) -> None:
        for name, text, number in values_of(item):
            field = self._fields.get(name)
            if field is None:
                field = self._fields[name] = _Field()
            field.add(self._n_rows, text, number)
        self._n_rows += 1

    def write(self, folder: Path) -> None:
        """Write all fields one after another, and where in that each field stands."""
        rows, codes, spans, n_pairs, n_values = [], [], {}, 0, 0
        for name, field in self._fields.items():
            field.sort()
            of_rows, of_codes = field.pairs()
            rows.append(of_rows)
            codes.append(of_codes)
            spans[name] = {
                "pairs": [n_pairs, n_pairs + len(of_rows)],
                "values": [n_values, n_values + len(field.texts)],
                "bounds": field.bounds(of_codes),
            }
            n_pairs, n_values = n_pairs + len(of_rows), n_values + len(field.texts)
        fields = self._fields.items()
        save_array(folder, "column_rows", np.concatenate([np.zeros(0, np.int32), *rows]))
        save_array(folder, "column_codes", np.concatenate([np.zeros(0, np.int32), *codes]))
        numbers = [np.array(field.numbers, np.float64) for _, field in fields]
        save_array(folder, "value_numbers", np.concatenate([np.zeros(0), *numbers]))
        Texts.of(text for _, field in fields for text in field.texts).save(folder, "values")
        keys = [f"{name}\0{key}" for name, field in fields for key in field.keys()]
        HashTable.of(keys).save(folder, "value_keys")
        meta = {"n_rows": self._n_rows, "fields": spans}
        (folder / "columns.json").write_text(json.dumps(meta))
