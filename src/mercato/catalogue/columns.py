"""Fields of items as columns: which row has which value.

One mechanism serves categories and numbers, one value a row or several, the standard fields and
every attribute: (row, code) pairs into a growing list of values, of which some are numbers.
A column of a release is mapped into memory; rows appended since stand in its tail.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.packed import HashTable, Texts, open_array
from mercato.catalogue.ranges import range_of
from mercato.catalogue.values import Value, key_of, number_of, number_text

NO_SPAN = {"pairs": [0, 0], "values": [0, 0], "bounds": []}
"""Where a field stands that no item of the release has."""

_NO_PAIRS = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Pairs:
    """Which row has which value; a row may have several.

    rows  : (n,) ascending
    codes : (n,) positions in the column's values
    """

    rows: NDArray[np.integer]
    codes: NDArray[np.integer]


@dataclass(frozen=True)
class BaseColumns:
    """The columns of a release; ``spans`` says which part of the arrays is whose."""

    n_rows: int
    spans: Mapping[str, Mapping[str, Any]]
    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    texts: Texts
    numbers: NDArray[np.float64]
    keys: HashTable
    _opened: dict[str, "Column"] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> "BaseColumns":
        meta = json.loads((folder / "columns.json").read_text())
        return cls(
            meta["n_rows"],
            meta["fields"],
            open_array(folder, "column_rows").view(np.int32),
            open_array(folder, "column_codes").view(np.int32),
            Texts.open(folder, "values"),
            open_array(folder, "value_numbers").view(np.float64),
            HashTable.open(folder, "value_keys"),
        )

    def column(self, name: str) -> "Column":
        """The column of a field; empty where no item of the release has the field."""
        if name not in self._opened:
            self._opened[name] = Column(self._base_column(name))
        return self._opened[name]

    def _base_column(self, name: str) -> "BaseColumn":
        span = self.spans.get(name, NO_SPAN)
        pairs, values = slice(*span["pairs"]), slice(*span["values"])
        return BaseColumn(
            name,
            self.n_rows,
            Pairs(self.rows[pairs], self.codes[pairs]),
            self.numbers[values],
            tuple(span["bounds"]) if span["bounds"] else None,
            self.texts,
            self.keys,
            values.start,
        )


@dataclass(frozen=True)
class BaseColumn:
    """One field of a release.

    numbers    : (n_values,) NaN for a value that is not a number
    bounds     : inner bounds of the field's ranges; None where it is counted value by value
    all_texts  : the values of all fields, this one's from ``first_value``
    keys       : where in ``all_texts`` a value of a field stands
    """

    name: str
    n_rows: int
    pairs: Pairs
    numbers: NDArray[np.float64]
    bounds: tuple[float, ...] | None
    all_texts: Texts
    keys: HashTable
    first_value: int

    @cached_property
    def one_each(self) -> bool:
        """Whether each row has exactly one value, so that ``pairs.rows`` counts them up."""
        rows = self.pairs.rows
        return len(rows) == self.n_rows and bool((rows == np.arange(self.n_rows)).all())

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(n_rows + 1,) where in ``pairs`` each row's values start."""
        return np.searchsorted(self.pairs.rows, np.arange(self.n_rows + 1))

    def texts(self, codes: NDArray[np.integer]) -> list[str]:
        return self.all_texts.many(codes + self.first_value)

    def place_of(self, text: str) -> int:
        """How many values stand before a text."""
        return bisect_left(
            range(len(self.numbers)), text, key=lambda at: self.all_texts[self.first_value + at]
        )

    def code(self, key: str) -> int | None:
        at = self.keys.find(f"{self.name}\0{key}")
        if at is None:
            return None
        code = at - self.first_value
        # A key that was never put in may share its hash with another field's.
        return code if 0 <= code < len(self.numbers) else None

    def of_rows(self, rows: NDArray[np.integer]) -> Pairs:
        """The pairs of some rows, given ascending."""
        pairs = self.pairs
        if self.one_each:
            return Pairs(rows, pairs.codes[rows])
        if len(pairs.rows) < 2 * len(rows):
            asked = np.zeros(self.n_rows, bool)
            asked[rows] = True
            found = np.flatnonzero(asked[pairs.rows])
            return Pairs(pairs.rows[found], pairs.codes[found])
        starts = self.starts[rows]
        counts = self.starts[rows + 1] - starts
        shift = np.repeat(starts - np.cumsum(counts) + counts, counts)
        return Pairs(np.repeat(rows, counts), pairs.codes[np.arange(len(shift)) + shift])


@dataclass(frozen=True)
class Column:
    """One field of a catalogue: the release's part and the tail of later rows.

    tail_codes : code of each value that the release's part lacks, by key
    """

    base: BaseColumn
    tail: Pairs = Pairs(_NO_PAIRS, _NO_PAIRS)
    tail_texts: tuple[str, ...] = ()
    tail_numbers: tuple[float, ...] = ()
    tail_codes: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def bounds(self) -> tuple[float, ...] | None:
        """The inner bounds of the field's ranges; None where it is counted value by value."""
        return self.base.bounds

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """(n_values,) NaN for a value that is not a number."""
        return np.concatenate([self.base.numbers, np.array(self.tail_numbers, np.float64)])

    @cached_property
    def bins(self) -> NDArray[np.int64]:
        """(n_values,) the range in which each value lies; behind the ranges, one bin for each
        value that is not a number. Only where the column has bounds."""
        assert self.bounds is not None
        own = np.arange(len(self.numbers)) + len(self.bounds) + 1
        return np.where(np.isnan(self.numbers), own, range_of(self.numbers, self.bounds))

    @property
    def one_each(self) -> bool:
        """Whether no row is known to have two values."""
        return self.base.one_each and len(self.tail.rows) == 0

    def order_by_text(self, codes: NDArray[np.integer]) -> NDArray[np.float64]:
        """(k,) numbers that rise as the texts of values do. Those of the release stand in that
        order already; later ones are put between them."""
        ranks = codes.astype(np.float64)
        late = np.flatnonzero(codes >= len(self.base.numbers))
        if len(late):
            texts = self.texts(codes[late])
            ranks[late] = [self.base.place_of(text) - 0.5 for text in texts]
            by_text = sorted(range(len(late)), key=texts.__getitem__)
            ranks[late[by_text]] += np.arange(len(late)) / (4 * len(late))
        return ranks

    def texts(self, codes: NDArray[np.integer]) -> list[str]:
        """The spelling of values."""
        n_base = len(self.base.numbers)
        found = self.base.texts(codes[codes < n_base])
        if len(found) == len(codes):
            return found
        base = iter(found)
        return [
            next(base) if code < n_base else self.tail_texts[code - n_base]
            for code in codes.tolist()
        ]

    def code(self, text: str) -> int | None:
        """The value that a text means: by its key, then by its number's spelling."""
        for key in dict.fromkeys((key_of(text), _number_key(text))):
            code = self.base.code(key)
            code = self.tail_codes.get(key) if code is None else code
            if code is not None:
                return code
        return None

    def of_rows(self, rows: NDArray[np.integer]) -> Pairs:
        """The pairs of some rows, given ascending."""
        split = int(np.searchsorted(rows, self.base.n_rows))
        found = self.base.of_rows(rows[:split])
        if split == len(rows) or len(self.tail.rows) == 0:
            return found
        late = np.flatnonzero(np.isin(self.tail.rows, rows[split:]))
        return Pairs(
            np.concatenate([found.rows, self.tail.rows[late]]),
            np.concatenate([found.codes, self.tail.codes[late]]),
        )

    def rows_of(self, code: int) -> Iterator[NDArray[np.integer]]:
        """Rows with a value, in parts."""
        for part in (self.base.pairs, self.tail):
            yield part.rows[part.codes == code]

    def rows_where(self, wanted: NDArray[np.bool_]) -> Iterator[NDArray[np.integer]]:
        """Rows with one of the wanted values (n_values,), in parts."""
        for part in (self.base.pairs, self.tail):
            yield part.rows[wanted[part.codes]]

    def appended(self, pairs: Iterable[tuple[int, str, float]]) -> "Column":
        """With (row, text, number) of later rows, ascending by row."""
        codes, texts, numbers = dict(self.tail_codes), list(self.tail_texts), []
        found: dict[tuple[int, int], None] = {}
        for row, text, number in pairs:
            key = key_of(text)
            code = self.base.code(key)
            if code is None:
                code = codes.setdefault(key, len(self.base.numbers) + len(texts))
                if code == len(self.base.numbers) + len(texts):
                    texts.append(text)
                    numbers.append(number)
            found[row, code] = None
        new = np.array(list(found), np.int32).reshape(-1, 2)
        tail = Pairs(
            np.concatenate([self.tail.rows, new[:, 0]]),
            np.concatenate([self.tail.codes, new[:, 1]]),
        )
        return replace(
            self,
            tail=tail,
            tail_texts=tuple(texts),
            tail_numbers=(*self.tail_numbers, *numbers),
            tail_codes=codes,
        )


@dataclass(frozen=True)
class Columns:
    """All columns of a catalogue; ``changed`` are those with a tail."""

    base: BaseColumns
    changed: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        """The column of a field; empty where no item has the field."""
        return self.changed.get(name) or self.base.column(name)

    def __contains__(self, name: str) -> bool:
        return name in self.base.spans or name in self.changed

    def names(self) -> set[str]:
        """Fields that some row has or had."""
        return {*self.base.spans, *self.changed}

    def appended(self, rows: Iterable[tuple[int, Iterable[Value]]]) -> "Columns":
        """With the values of later rows, ascending."""
        by_field: dict[str, list[tuple[int, str, float]]] = {}
        for row, values in rows:
            for name, text, number in values:
                by_field.setdefault(name, []).append((row, text, number))
        grown = {name: self[name].appended(pairs) for name, pairs in by_field.items()}
        return Columns(self.base, {**self.changed, **grown})


def _number_key(text: str) -> str:
    number = number_of(text)
    return key_of(text) if number != number else number_text(number)
