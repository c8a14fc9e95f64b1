"""Fields of items as columns: which row has which value.

One mechanism serves categories and numbers, one value a row or several, the standard fields and
every attribute: (row, code) pairs into a growing list of values, of which some are numbers.
A column of a release is mapped into memory; rows appended since stand in its tail.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.growing import Growing, Layers
from mercato.catalogue.packed import HashTable, Texts, open_array
from mercato.catalogue.ranges import range_of
from mercato.catalogue.values import Value, key_of, number_of, number_text

NO_SPAN = {"pairs": [0, 0], "values": [0, 0], "bounds": []}
"""Where a field stands that no item of the release has."""

_NO_PAIRS = np.zeros(0, np.int32)

FEW_PAIRS = 50_000
"""So many are looked through faster than by value."""

MOST_SPANS = 256
"""Wanted values that are looked up one by one."""


Entry = tuple[int, Sequence[tuple[str, float]]]
"""A row and the values, as text and number, that one field of it has from then on."""


@dataclass(frozen=True)
class Pairs:
    """Which row has which value; a row may have several.

    rows  : (n,) ascending
    codes : (n,) positions in the column's values
    """

    rows: NDArray[np.integer]
    codes: NDArray[np.integer]

    def replaced(self, new: "Pairs", patched: NDArray[np.integer]) -> "Pairs":
        """With ``new`` in place of all pairs of ``patched`` rows; both ascending."""
        if len(self.rows) == 0 or len(patched) == 0:
            return self if len(new.rows) == 0 else new.and_then(self).sorted()
        at = np.minimum(np.searchsorted(patched, self.rows), len(patched) - 1)
        kept = patched[at] != self.rows
        return Pairs(self.rows[kept], self.codes[kept]).and_then(new).sorted()

    def and_then(self, others: "Pairs") -> "Pairs":
        return Pairs(
            np.concatenate([self.rows, others.rows]), np.concatenate([self.codes, others.codes])
        )

    def cut(self, *rows: int) -> list["Pairs"]:
        """The pairs before each of ``rows`` (rising), and those behind the last."""
        bounds = [0, *np.searchsorted(self.rows, rows).tolist(), len(self.rows)]
        spans = [slice(*each) for each in zip(bounds, bounds[1:], strict=False)]
        return [Pairs(self.rows[span], self.codes[span]) for span in spans]

    def sorted(self) -> "Pairs":
        order = np.argsort(self.rows, kind="stable")
        return Pairs(self.rows[order], self.codes[order])


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
            RowIndex(self.rows[pairs], self.n_rows),
            self.codes[pairs],
            self.numbers[values],
            tuple(span["bounds"]) if span["bounds"] else None,
            self.texts,
            self.keys,
            values.start,
        )


@dataclass(frozen=True)
class RowIndex:
    """Where in a column's pairs each row stands.

    rows : (n_pairs,) ascending
    """

    rows: NDArray[np.integer]
    n_rows: int

    @cached_property
    def one_each(self) -> bool:
        """Whether each row has exactly one value, so that ``rows`` counts them up."""
        return len(self.rows) == self.n_rows and bool((self.rows == np.arange(self.n_rows)).all())

    @cached_property
    def single(self) -> bool:
        """Whether no row has two values."""
        return bool((self.rows[1:] > self.rows[:-1]).all())

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(n_rows + 1,) where each row's values start."""
        counts = np.bincount(self.rows, minlength=self.n_rows)
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


@dataclass(frozen=True)
class BaseColumn:
    """One field of a release.

    codes      : (n_pairs,) the value of each pair; later ones among them where rows were patched
    numbers    : (n_values,) NaN for a value that is not a number
    bounds     : inner bounds of the field's ranges; None where it is counted value by value
    all_texts  : the values of all fields, this one's from ``first_value``
    keys       : where in ``all_texts`` a value of a field stands
    is_patched : whether rows have other values than in the release
    """

    name: str
    index: RowIndex
    codes: NDArray[np.integer]
    numbers: NDArray[np.float64]
    bounds: tuple[float, ...] | None
    all_texts: Texts
    keys: HashTable
    first_value: int
    is_patched: bool = False

    @property
    def n_rows(self) -> int:
        return self.index.n_rows

    @property
    def one_each(self) -> bool:
        """Whether each row has exactly one value."""
        return self.index.one_each

    @property
    def pairs(self) -> Pairs:
        return Pairs(self.index.rows, self.codes)

    def patched(self, new: Pairs, rows: NDArray[np.integer]) -> "BaseColumn":
        """With ``new`` as all pairs of ``rows``; both ascending."""
        if len(rows) == 0:
            return self
        first = np.searchsorted(self.index.rows, rows)
        held = np.searchsorted(self.index.rows, rows, side="right") - first
        if len(new.rows) == len(rows) == held.sum() and (held == 1).all():
            codes = self.codes.copy()
            codes[first] = new.codes
            return replace(self, codes=codes, is_patched=True)
        pairs = self.pairs.replaced(new, rows)
        index = RowIndex(pairs.rows, self.n_rows)
        return replace(self, index=index, codes=pairs.codes, is_patched=True)

    def rows_where(self, wanted: NDArray[np.bool_]) -> NDArray[np.integer]:
        """Rows with one of the wanted values, by value, then by row, or only by row."""
        found = None
        if not self.is_patched and len(self.codes) >= FEW_PAIRS:
            found = self._where_by_value(np.flatnonzero(wanted[: len(self.numbers)]))
        at = np.flatnonzero(wanted[self.codes]) if found is None else found
        return np.asarray(self.index.rows[at])

    def _where_by_value(self, codes: NDArray[np.int64]) -> NDArray[np.int32] | None:
        """The pairs of a few values; None where it is faster to look through all."""
        order, starts = self._by_value
        spans = [order[starts[code] : starts[code + 1]] for code in codes[:MOST_SPANS].tolist()]
        if len(codes) > MOST_SPANS or sum(map(len, spans)) > len(order) // 4:
            return None
        return np.concatenate([_NO_PAIRS, *spans])

    @cached_property
    def _by_value(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The pairs by value, then row, and where those of each value start. Made once a
        release, where a filter first names the field."""
        few = np.uint16 if len(self.numbers) < 1 << 16 else np.uint32  # 16 bits sort ten times
        order = np.argsort(self.codes.astype(few), kind="stable").astype(np.int32)  # as fast
        counts = np.bincount(self.codes, minlength=len(self.numbers))
        return order, np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

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
        if len(rows) == self.n_rows:
            return pairs
        if self.one_each:
            return Pairs(rows, pairs.codes[rows])
        if len(pairs.rows) < 2 * len(rows):
            asked = np.zeros(self.n_rows, bool)
            asked[rows] = True
            found = np.flatnonzero(asked[pairs.rows])
            return Pairs(pairs.rows[found], pairs.codes[found])
        starts = self.index.starts[rows]
        counts = self.index.starts[rows + 1] - starts
        shift = np.repeat(starts - np.cumsum(counts) + counts, counts)
        return Pairs(np.repeat(rows, counts), pairs.codes[np.arange(len(shift)) + shift])


@dataclass(frozen=True)
class LateValues:
    """The values of a field that the release lacks.

    texts   : by code
    codes   : by key
    numbers : (n,) of the codes, from the first
    """

    texts: Layers[int, str] = field(default_factory=Layers)
    codes: Layers[str, int] = field(default_factory=Layers)
    numbers: Growing[np.float64] = field(default_factory=lambda: Growing.of(np.zeros(0)))

    def grown(self, texts: Mapping[str, tuple[int, str, float]]) -> "LateValues":
        """With (code, text, number) by key, in the order of their codes."""
        numbers = np.array([number for _, _, number in texts.values()], np.float64)
        return LateValues(
            self.texts.over({code: text for code, text, _ in texts.values()}),
            self.codes.over({key: code for key, (code, _, _) in texts.items()}),
            self.numbers.extended(numbers),
        )


def _no_pairs() -> Growing[np.int32]:
    return Growing.of(_NO_PAIRS)


@dataclass(frozen=True)
class Column:
    """One field of a catalogue: the release's part and the tail of later rows.

    late_rows, late_codes : (n,) pairs of the tail, ascending by row
    late_values           : values that the release's part lacks
    """

    base: BaseColumn
    late_rows: Growing[np.int32] = field(default_factory=_no_pairs)
    late_codes: Growing[np.int32] = field(default_factory=_no_pairs)
    late_values: LateValues = field(default_factory=LateValues)

    @property
    def tail(self) -> Pairs:
        return Pairs(self.late_rows.array, self.late_codes.array)

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
        return np.concatenate([self.base.numbers, self.late_values.numbers.array])

    @cached_property
    def bins(self) -> NDArray[np.int64]:
        """(n_values,) the range in which each value lies; behind the ranges, one bin for each
        value that is not a number. Only where the column has bounds."""
        assert self.bounds is not None
        own = np.arange(len(self.numbers)) + len(self.bounds) + 1
        return np.where(np.isnan(self.numbers), own, range_of(self.numbers, self.bounds))

    @cached_property
    def single(self) -> bool:
        """Whether no row has two values."""
        late = self.tail.rows
        return self.base.index.single and bool((late[1:] > late[:-1]).all())

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
            next(base) if code < n_base else self.late_values.texts[code] for code in codes.tolist()
        ]

    def code(self, text: str) -> int | None:
        """The value that a text means: by its key, then by its number's spelling."""
        for key in dict.fromkeys((key_of(text), _number_key(text))):
            code = self._code_of_key(key)
            if code is not None:
                return code
        return None

    def _code_of_key(self, key: str) -> int | None:
        code = self.base.code(key)
        return self.late_values.codes.get(key) if code is None else code

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
        """Rows with a value, in parts, each ascending."""
        wanted = np.zeros(len(self.numbers), bool)
        wanted[code] = True
        return self.rows_where(wanted)

    def rows_where(self, wanted: NDArray[np.bool_]) -> Iterator[NDArray[np.integer]]:
        """Rows with one of the wanted values (n_values,), in parts."""
        yield self.base.rows_where(wanted)
        yield self.tail.rows[wanted[self.tail.codes]]

    def grown(self, entries: Sequence[Entry], first: int) -> "Column":
        """With what the log says of rows, in its order; rows from ``first`` on are new."""
        values, codes = self._coded(entries)
        rows = np.array(sorted(codes), np.int32)
        new = _pairs({row: codes[row] for row in rows.tolist()})
        base_end, tail_end = np.searchsorted(rows, [self.base.n_rows, first])
        base_pairs, old_pairs, new_pairs = new.cut(self.base.n_rows, first)
        tail = self.tail.replaced(old_pairs, rows[base_end:tail_end])
        same = tail_end == base_end
        late_rows = self.late_rows if same else Growing.of(tail.rows.astype(np.int32))
        late_codes = self.late_codes if same else Growing.of(tail.codes.astype(np.int32))
        return Column(
            self.base.patched(base_pairs, rows[:base_end]),
            late_rows.extended(new_pairs.rows.astype(np.int32)),
            late_codes.extended(new_pairs.codes.astype(np.int32)),
            values,
        )

    def compacted(self, moved: NDArray[np.int32]) -> "Column":
        """With later rows at other places, see `TextIndex.compacted`."""
        rows = moved[self.tail.rows]
        kept = rows >= 0
        return replace(
            self,
            late_rows=Growing.of(rows[kept]),
            late_codes=Growing.of(self.late_codes.array[kept]),
        )

    def _coded(self, entries: Sequence[Entry]) -> tuple[LateValues, dict[int, list[int]]]:
        """The values after ``entries``, and the codes of each row that they name."""
        late: dict[str, tuple[int, str, float]] = {}
        known: dict[str, int] = {}
        first_free = len(self.base.numbers) + len(self.late_values.numbers)
        codes: dict[int, list[int]] = {}
        for row, values in entries:
            found: dict[int, None] = {}
            for text, number in values:
                code = known.get(text)
                if code is None:
                    code = known[text] = self._code_of_new(text, number, late, first_free)
                found[code] = None
            codes[row] = list(found)
        return self.late_values.grown(late), codes

    def _code_of_new(
        self, text: str, number: float, late: dict[str, tuple[int, str, float]], first_free: int
    ) -> int:
        """The code of a value, which joins the ``late`` ones if nothing is known of it."""
        key = key_of(text)
        code = self._code_of_key(key)
        if code is None:
            code = late.setdefault(key, (first_free + len(late), text, number))[0]
        return code


def _pairs(codes: Mapping[int, Sequence[int]]) -> Pairs:
    counts = [len(each) for each in codes.values()]
    rows = np.repeat(np.fromiter(codes, np.int32, len(codes)), counts)
    return Pairs(rows, np.array([code for each in codes.values() for code in each], np.int32))


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

    def grown(
        self, rows: Iterable[tuple[int, Mapping[str, Sequence[Value]]]], first: int
    ) -> "Columns":
        """With what the log says of rows, in its order: the values of each field that a row has
        now, none where it lost them. Rows from ``first`` on are new."""
        by_field: dict[str, list[Entry]] = {}
        for row, fields in rows:
            for name, values in fields.items():
                told = [(value.text, value.number) for value in values]
                by_field.setdefault(name, []).append((row, told))
        grown = {name: self[name].grown(entries, first) for name, entries in by_field.items()}
        return Columns(self.base, {**self.changed, **grown})

    def compacted(self, moved: NDArray[np.int32]) -> "Columns":
        """With later rows at other places, see `TextIndex.compacted`."""
        changed = {name: column.compacted(moved) for name, column in self.changed.items()}
        return Columns(self.base, changed)


def _number_key(text: str) -> str:
    number = number_of(text)
    return key_of(text) if number != number else number_text(number)
