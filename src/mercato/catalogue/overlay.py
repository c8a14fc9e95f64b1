"""Apply changes of items to a snapshot.

A change of what no word of a query is sought in (prices, stock, links, numbers) patches the item's
row in place; any other appends exactly one row, and the old one dies. Both follow from the log
alone, whatever stands in the same batch, so two workers that read it in different steps come to
the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mercato.catalogue.documents import canonical, encode, patched
from mercato.catalogue.rows import NewRow
from mercato.catalogue.texts import item_text, searched_texts
from mercato.catalogue.values import Value, values_of
from mercato.catalogue.vectors import NO_TEXT
from mercato.core import columns as c
from mercato.core.changes import ENCODED_TEXT, Change, ItemChange
from mercato.data.importers.collector import without_collector

if TYPE_CHECKING:
    from mercato.catalogue.catalogue import Catalogue

WITHDRAWN = -1
"""In place of a row: the item is gone."""


def applied(catalogue: "Catalogue", changes: Sequence[ItemChange]) -> "Catalogue":
    """The snapshot after ``changes``; those up to ``catalogue.overlay`` are left out.

    A patch or a deletion of an item that is not there changes nothing: the item was withdrawn
    by an import after the change was made. Neither does a vector of a text that is no more.
    """
    with without_collector():
        growth = _Growth(catalogue)
        for change in changes:
            if change.seq > growth.seq:
                growth.take(change)
        return growth.catalogue()


class _Growth:
    """A snapshot on its way to the next."""

    def __init__(self, catalogue: "Catalogue") -> None:
        self._before = catalogue
        self._first = catalogue.n_rows
        self.seq = catalogue.overlay
        self._late_rows: dict[str, int] = {}
        self._late_groups: dict[str, int] = {}
        self._live_of: dict[int, int] = {}
        self._dead: list[int] = []
        self._new: list[NewRow] = []
        self._items: dict[int, dict[str, Any]] = {}
        self._values: list[tuple[int, Mapping[str, Sequence[Value]]]] = []
        self._vectors: list[bytes] = []
        self._encoded: dict[int, int] = {}

    def take(self, change: ItemChange) -> None:
        self.seq = change.seq
        row = self._row(change.item_id)
        if change.change is Change.DELETE:
            self._end(change.item_id, row)
        elif change.change is Change.PUT:
            self._lay(change, canonical({**change.fields, c.ID: change.item_id}), row)
        elif row is not None and change.change is Change.PATCH:
            fields = {**change.fields, c.ID: change.item_id}
            self._lay(change, patched(self._item(row), fields), row)
        elif row is not None and self._awaits(row):
            if item_text(self._item(row)) == change.fields.get(ENCODED_TEXT):
                self._encode(row, change)

    def catalogue(self) -> "Catalogue":
        before, first = self._before, self._first
        if not self._items and not self._dead and not self._encoded:
            return replace(before, overlay=self.seq)
        new = [(first + at, self._items[first + at]) for at in range(len(self._new))]
        alive = np.ones(first + len(new), bool)
        alive[:first] = before.alive
        alive[self._dead] = False
        live_of = before.live_of
        if self._live_of:
            live_of = live_of.copy()
            live_of[list(self._live_of)] = list(self._live_of.values())
        texts = [row.text for row in self._new]
        vectors = before.vectors
        return replace(
            before,
            overlay=self.seq,
            alive=alive,
            rows=before.rows.grown(self._new, set(self._encoded)),
            live_of=live_of,
            columns=before.columns.grown(self._values, first),
            text=before.text.appended(new),
            facts=before.facts.grown(self._items, first),
            completions=before.completions.appended(new),
            vectors=vectors and vectors.grown(self._vectors, texts, self._encoded),
            documents=before.documents.over(
                {row: encode(item) for row, item in self._items.items()}
            ),
            late_rows=before.late_rows.over(self._late_rows),
            late_groups=before.late_groups.over(self._late_groups),
            memo=before.memo.kept(self._changed_fields()),
        )

    def _changed_fields(self) -> set[str] | None:
        """None where rows came or went."""
        if self._new or self._dead:
            return None
        return {name for _, fields in self._values for name in fields}

    def _row(self, item_id: str) -> int | None:
        if item_id in self._late_rows:
            row = self._late_rows[item_id]
            return None if row == WITHDRAWN else row
        return self._before.row(item_id)

    def _item(self, row: int) -> Mapping[str, Any]:
        return self._items[row] if row in self._items else self._before.item(row)

    def _end(self, item_id: str, row: int | None) -> None:
        if row is None:
            return
        self._dead.append(row)
        self._late_rows[item_id] = WITHDRAWN
        base = self._before.base_row(item_id)
        if base is not None:
            self._live_of[base] = WITHDRAWN

    def _lay(self, change: ItemChange, item: dict[str, Any], old: int | None) -> None:
        before = None if old is None else self._item(old)
        if old is None or before is None or not _found_alike(before, item):
            self._append(change, item, old)
            return
        self._values.append((old, _changed_values(before, item)))
        self._items[old] = item
        self._encode(old, change)

    def _append(self, change: ItemChange, item: dict[str, Any], old: int | None) -> None:
        row = self._first + len(self._new)
        base = self._before.base_row(change.item_id)
        if old is not None:
            self._dead.append(old)
        if base is not None:
            self._live_of[base] = row
        self._late_rows[change.item_id] = row
        self._new.append(
            NewRow(
                group=self._group_of(item, row),
                base_of=-1 if base is None else base,
                place=self._place_of(old, base),
                text=NO_TEXT if old is None else self._text_of(old),
                awaiting=self._will_await(item, old),
            )
        )
        self._items[row] = item
        self._values.append((row, _by_field(item)))
        self._encode(row, change)

    def _place_of(self, old: int | None, base: int | None) -> int:
        if base is not None:
            return base
        if old is None:
            return self._before.n_base + self.seq
        first = self._first
        return self._new[old - first].place if old >= first else int(self._before.place[old])

    def _group_of(self, item: Mapping[str, Any], row: int) -> int:
        key = item.get(c.ITEM_GROUP_ID)
        if key is None:
            return row
        at = self._before.base.group_of_key.find(key)
        if at is not None:
            return int(self._before.base.group_numbers[at])
        known = self._before.late_groups.get(key)
        return self._late_groups.setdefault(key, row) if known is None else known

    def _text_of(self, row: int) -> int:
        """The number of a row's vector."""
        if row >= self._first:
            return self._new[row - self._first].text
        if row in self._encoded:
            return self._encoded[row]
        vectors = self._before.vectors
        return NO_TEXT if vectors is None else int(vectors.text_of_row[row])

    def _will_await(self, item: Mapping[str, Any], old: int | None) -> bool:
        """Whether a row that is laid over ``old`` has to wait for its vector."""
        if self._before.vectors is None:
            return False
        if old is None or item_text(self._item(old)) != item_text(item):
            return True
        return self._awaits(old)

    def _awaits(self, row: int) -> bool:
        """Whether a row's text is not the one that its vector was made of."""
        if row >= self._first:
            return self._new[row - self._first].awaiting
        return row not in self._encoded and self._before.rows.awaits(row)

    def _encode(self, row: int, change: ItemChange) -> None:
        """Give a row the vector that a change brings."""
        vectors = self._before.vectors
        if change.vector is None or vectors is None or len(change.vector) != vectors.dimensions:
            return
        text = vectors.n_texts + len(self._vectors)
        self._vectors.append(change.vector)
        if row >= self._first:
            at = row - self._first
            self._new[at] = replace(self._new[at], text=text, awaiting=False)
        else:
            self._encoded[row] = text


def _found_alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether words find two versions of an item alike, and they show on the same card."""
    same_group = before.get(c.ITEM_GROUP_ID) == after.get(c.ITEM_GROUP_ID)
    return same_group and searched_texts(before) == searched_texts(after)


def _by_field(item: Mapping[str, Any]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for value in values_of(item):
        found.setdefault(value.field, []).append(value)
    return found


def _changed_values(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Sequence[Value]]:
    """The values of the fields that differ; none of a field that the item lost."""
    old, new = _by_field(before), _by_field(after)
    return {
        name: new.get(name, ())
        for name in dict.fromkeys((*old, *new))
        if _spelled(old.get(name, ())) != _spelled(new.get(name, ()))
    }


def _spelled(values: Sequence[Value]) -> list[str]:
    return [value.text for value in values]
