"""Apply changes of items to a snapshot.

Each change but a deletion appends exactly one row, whatever else stands in the same batch, so two
workers that read the log in different steps come to the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mercato.catalogue.documents import canonical, patched
from mercato.catalogue.memo import Memo
from mercato.catalogue.values import values_of
from mercato.catalogue.vectors import NO_TEXT
from mercato.core import columns as c
from mercato.core.changes import Change, ItemChange

if TYPE_CHECKING:
    from mercato.catalogue.catalogue import Catalogue

WITHDRAWN = -1
"""In place of a row: the item is gone."""


def applied(catalogue: "Catalogue", changes: Sequence[ItemChange]) -> "Catalogue":
    """The snapshot after ``changes``; those up to ``catalogue.overlay`` are left out.

    A patch or a deletion of an item that is not there changes nothing: the item was withdrawn
    by an import after the change was made.
    """
    growth = _Growth(catalogue)
    for change in changes:
        if change.seq > growth.seq:
            growth.take(change)
    return growth.catalogue()


class _Growth:
    """A snapshot on its way to the next."""

    def __init__(self, catalogue: "Catalogue") -> None:
        self._before = catalogue
        self.seq = catalogue.overlay
        self._late_rows = dict(catalogue.late_rows)
        self._late_groups = dict(catalogue.late_groups)
        self._live_of = catalogue.live_of.copy()
        self._dead: list[int] = []
        self._items: list[dict[str, Any]] = []
        self._group: list[int] = []
        self._base_of: list[int] = []
        self._place: list[int] = []
        self._vectors: list[bytes] = []
        self._text_of_row: list[int] = []

    def take(self, change: ItemChange) -> None:
        self.seq = change.seq
        row = self._row(change.item_id)
        if change.change is Change.DELETE:
            self._end(change.item_id, row)
        elif change.change is Change.PUT:
            self._put(change, canonical({**change.fields, c.ID: change.item_id}), row)
        elif row is not None:
            fields = {**change.fields, c.ID: change.item_id}
            self._put(change, patched(self._item(row), fields), row)

    def catalogue(self) -> "Catalogue":
        before = self._before
        first = before.n_rows
        if not self._items and not self._dead:
            return replace(before, overlay=self.seq)
        rows = [(first + at, item) for at, item in enumerate(self._items)]
        alive = np.append(before.alive, np.ones(len(rows), bool))
        alive[self._dead] = False
        vectors = before.vectors
        return replace(
            before,
            overlay=self.seq,
            alive=alive,
            group=np.append(before.group, np.array(self._group, np.int32)),
            base_of=np.append(before.base_of, np.array(self._base_of, np.int32)),
            live_of=self._live_of,
            place=np.append(before.place, np.array(self._place, np.int32)),
            columns=before.columns.appended((row, values_of(item)) for row, item in rows),
            text=before.text.appended(rows),
            facts=before.facts.appended(self._items),
            completions=before.completions.appended(rows),
            vectors=vectors and vectors.appended(self._vectors, self._text_of_row),
            documents=before.documents + tuple(self._items),
            late_rows=self._late_rows,
            late_groups=self._late_groups,
            memo=Memo(),
        )

    def _row(self, item_id: str) -> int | None:
        if item_id in self._late_rows:
            row = self._late_rows[item_id]
            return None if row == WITHDRAWN else row
        return self._before.base_row(item_id)

    def _item(self, row: int) -> Mapping[str, Any]:
        first = self._before.n_rows
        return self._items[row - first] if row >= first else self._before.item(row)

    def _end(self, item_id: str, row: int | None) -> None:
        if row is None:
            return
        self._dead.append(row)
        self._late_rows[item_id] = WITHDRAWN
        base = self._before.base_row(item_id)
        if base is not None:
            self._live_of[base] = WITHDRAWN

    def _put(self, change: ItemChange, item: dict[str, Any], old: int | None) -> None:
        row = self._before.n_rows + len(self._items)
        base = self._before.base_row(change.item_id)
        if old is not None:
            self._dead.append(old)
        if base is not None:
            self._live_of[base] = row
        self._late_rows[change.item_id] = row
        self._text_of_row.append(self._text(change, old))
        self._group.append(self._group_of(item, row))
        self._base_of.append(-1 if base is None else base)
        self._place.append(self._place_of(old, base, row))
        self._items.append(item)

    def _place_of(self, old: int | None, base: int | None, row: int) -> int:
        if base is not None:
            return base
        if old is None:
            return row
        first = self._before.n_rows
        return self._place[old - first] if old >= first else int(self._before.place[old])

    def _group_of(self, item: Mapping[str, Any], row: int) -> int:
        key = item.get(c.ITEM_GROUP_ID)
        if key is None:
            return row
        at = self._before.base.group_of_key.find(key)
        if at is not None:
            return int(self._before.base.group_numbers[at])
        return self._late_groups.setdefault(key, row)

    def _text(self, change: ItemChange, old: int | None) -> int:
        """The number of the row's vector: a new one, or the one that its old row has."""
        vectors = self._before.vectors
        if vectors is None:
            return NO_TEXT
        if change.vector is not None and len(change.vector) == vectors.dimensions:
            self._vectors.append(change.vector)
            return vectors.n_texts + len(self._vectors) - 1
        if old is None:
            return NO_TEXT
        first = self._before.n_rows
        return self._text_of_row[old - first] if old >= first else int(vectors.text_of_row[old])
