"""The products that a shop sells at one moment: a release and the changes since.

A snapshot never changes; the next one shares what did not change. An item whose words change is a
new row and its old row dies, see `overlay`; dead rows are left out in time, see `compaction`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.base import Base
from mercato.catalogue.columns import Columns
from mercato.catalogue.compaction import compacted
from mercato.catalogue.completions import Completions
from mercato.catalogue.documents import decode
from mercato.catalogue.facets import (
    ALL_VALUES,
    Counting,
    OnCards,
    Statistics,
    count_values,
    statistics,
    told,
)
from mercato.catalogue.facts import Facts
from mercato.catalogue.filters import Filter, fields_of
from mercato.catalogue.growing import Layers
from mercato.catalogue.masks import known_field, mask_of
from mercato.catalogue.memo import Memo
from mercato.catalogue.overlay import WITHDRAWN, applied
from mercato.catalogue.postings import TextIndex
from mercato.catalogue.rows import Rows
from mercato.catalogue.vectors import VectorIndex
from mercato.catalogue.whole_counts import whole_counts
from mercato.core import columns as c
from mercato.core.changes import ItemChange
from mercato.core.errors import BadInput

_ANY_VALUES: frozenset[str] = frozenset()
"""Of what follows from rows alone, whatever values they have."""


@dataclass(frozen=True)
class Catalogue:
    """A snapshot; rows below ``n_base`` are the release's, by falling popularity.

    release   : number of the release
    overlay   : seq of the last change in this snapshot
    alive     : (n_rows,) bool
    live_of   : (n_base,) int32, the row where a base row's item lives now; -1 withdrawn
    documents : the items of rows that were appended or patched since the release, as JSON
    late_rows : rows of ids that moved since the release; -1 withdrawn
    late_groups : group of an item_group_id that the release lacks
    """

    base: Base
    release: int
    overlay: int
    alive: NDArray[np.bool_]
    rows: Rows
    live_of: NDArray[np.int32]
    columns: Columns
    text: TextIndex
    facts: Facts
    completions: Completions
    vectors: VectorIndex | None
    documents: Layers[int, bytes]
    late_rows: Layers[str, int]
    late_groups: Layers[str, int]
    memo: Memo = field(default_factory=Memo, compare=False)

    @classmethod
    def over(cls, base: Base, release: int) -> "Catalogue":
        """The catalogue as a release has it, before any change."""
        rows = np.arange(len(base), dtype=np.int32)
        return cls(
            base=base,
            release=release,
            overlay=0,
            alive=np.ones(len(base), bool),
            rows=Rows.over(base.group, rows),
            live_of=rows,
            columns=Columns(base.columns, {}),
            text=TextIndex(base.text, base.titles),
            facts=Facts.over(base.facts, rows),
            completions=Completions(base.completions),
            vectors=base.vectors,
            documents=Layers(),
            late_rows=Layers(),
            late_groups=Layers(),
        )

    @property
    def n_base(self) -> int:
        return len(self.base)

    @property
    def n_rows(self) -> int:
        return len(self.alive)

    @property
    def group(self) -> NDArray[np.int32]:
        """(n_rows,) rows that show as one card share it."""
        return self.rows.group.array

    @property
    def base_of(self) -> NDArray[np.int32]:
        """(n_rows,) the base row whose behaviour a row continues; -1 for a new item."""
        return self.rows.base_of.array

    @property
    def place(self) -> NDArray[np.int32]:
        """(n_rows,) the order of rows that are equal otherwise, which a change of an item does
        not upset: the base row, or for later items what follows from when they were added."""
        return self.rows.place.array

    @cached_property
    def living(self) -> NDArray[np.int64]:
        """Rows that live, ascending."""
        return self.memo.get("living", lambda: np.flatnonzero(self.alive), _ANY_VALUES)

    @cached_property
    def popularity(self) -> NDArray[np.float32]:
        """(n_rows,) of the base row that a row continues; 0 for a new item."""
        known = np.append(self.base.popularity, np.float32(0))
        return np.concatenate([self.base.popularity, known[self.base_of[self.n_base :]]])

    @cached_property
    def living_popularity(self) -> NDArray[np.float32]:
        """(n_living,) of the rows that live."""

        def find() -> NDArray[np.float32]:
            return self.popularity[self.living]

        return self.memo.get("living popularity", find, _ANY_VALUES)

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """(n_rows,) rows that may not be alone on their card; False only where they are."""

        def find() -> NDArray[np.bool_]:
            shared = np.zeros(self.n_rows, bool)
            shared[: self.n_base] = self.base.shared
            late = np.arange(self.n_base, self.n_rows)
            of_others = self.group[late] != late
            shared[late[of_others]] = True
            shared[self.group[late[of_others]]] = True
            return shared

        return self.memo.get("shared", find, _ANY_VALUES)

    @cached_property
    def grouped(self) -> bool:
        """Whether rows may show as one card; False only where none do."""
        late = self.group[self.n_base :]
        return self.base.grouped or bool((late != np.arange(self.n_base, self.n_rows)).any())

    def in_order(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rows of a mask (n_rows,), in the order of their place."""
        rows = np.flatnonzero(mask)
        return rows[np.argsort(self.place[rows], kind="stable")]

    def row(self, item_id: str) -> int | None:
        """The living row of an item; None where the catalogue has no such item."""
        row = self.late_rows.get(item_id)
        if row is None:
            return self.base_row(item_id)
        return None if row == WITHDRAWN else row

    def base_row(self, item_id: str) -> int | None:
        """The row of an item in the release, whatever became of it."""
        row = self.base.row_of_id.find(item_id)
        return row if row is not None and self.base.ids[row] == item_id else None

    def item(self, row: int) -> dict[str, Any]:
        """The item of a row: its fields that are not empty, attributes as a dict."""
        late = self.documents.get(row)
        return decode(self.base.documents.bytes_of(row) if late is None else late)

    def items(self, rows: Iterable[int]) -> list[dict[str, Any]]:
        """The items of some rows."""
        return [self.item(int(row)) for row in rows]

    def ids(self, rows: NDArray[np.integer]) -> list[str]:
        """The ids of some rows."""
        late = np.flatnonzero(rows >= self.n_base)
        found = self.base.ids.many(np.where(rows < self.n_base, rows, 0)) if self.n_base else []
        found = found or [""] * len(rows)
        for at in late.tolist():
            found[at] = self.item(int(rows[at]))[c.ID]
        return found

    def mask(self, wanted: Filter) -> NDArray[np.bool_]:
        """(n_rows,) which rows a filter lets through, dead ones not left out; read only.

        Raises BadInput where it names a field that no item has.
        """

        def make() -> NDArray[np.bool_]:
            mask = mask_of(wanted, self.columns, self.n_rows, self.row)
            mask.setflags(write=False)
            return mask

        return self.memo.get(("mask", wanted), make, self.fields_of(wanted))

    def fields_of(self, wanted: Filter) -> frozenset[str]:
        """The fields that a filter looks at."""
        return frozenset(known_field(name, self.columns) for name in fields_of(wanted))

    def facet(
        self,
        name: str,
        rows: NDArray[np.integer],
        *,
        distinct: bool,
        counting: Counting = ALL_VALUES,
    ) -> dict[str, int]:
        """Value of a field → how many of ``rows`` (ascending) have it.

        With ``distinct`` a group counts once for each value that any of its rows has. Numbers of
        many values are counted in ranges. Raises BadInput for a field that no item has.
        """
        name = known_field(name, self.columns)
        if name == c.ID:
            raise BadInput("a field that items share", "id", "Ask for another facet.")
        column, on_cards = self.columns[name], distinct and self.grouped
        if rows is self.living:
            counts = whole_counts(self, column, on_cards=on_cards, in_ranges=counting.ranges)
            return told(counts, column, counting)
        cards = OnCards(self.group, self.shared) if on_cards else None
        return count_values(column, rows, cards, counting)

    def statistics(self, name: str, rows: NDArray[np.integer]) -> Statistics | None:
        """Of the numbers of ``rows`` (ascending) in a field; None where they have none.

        Raises BadInput for a field that no item has.
        """
        return statistics(self.columns[known_field(name, self.columns)], rows)

    def apply(self, changes: Sequence[ItemChange]) -> "Catalogue":
        """The snapshot after more changes, given by rising seq; those it has already are left."""
        return applied(self, changes)

    def compacted(self) -> "Catalogue":
        """The same snapshot without the dead rows that changes have left."""
        return compacted(self)

    def awaiting(self, most: int) -> list[int]:
        """At most ``most`` living rows whose text waits for its vector, the oldest first."""
        late = self.rows.awaiting.array & self.alive[self.n_base :]
        rows = np.flatnonzero(late)[:most] + self.n_base
        return [int(row) for row in rows]
