"""The catalogue of a release on disk: written once, mapped into memory by every worker."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mercato.catalogue.column_writing import ColumnWriter
from mercato.catalogue.columns import BaseColumns
from mercato.catalogue.completion_writing import CompletionWriter
from mercato.catalogue.completions import BaseCompletions
from mercato.catalogue.documents import canonical, encode
from mercato.catalogue.facts import FactRows, FactWriter
from mercato.catalogue.memo import Memo
from mercato.catalogue.packed import HashTable, Texts, open_array, save_array
from mercato.catalogue.posting_writing import PostingWriter
from mercato.catalogue.postings import BaseText
from mercato.catalogue.titles import Titles
from mercato.catalogue.vectors import VectorIndex
from mercato.core import columns as c
from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Step

FORMAT = 3
"""The version of the folder's layout that this Mercato writes and reads."""

BATCH_ROWS = 5_000


@dataclass(frozen=True)
class Base:
    """The products of a release; base row = position.

    ids        : n texts
    documents  : n JSON texts, see `documents`
    group      : (n,) int32, the first row of the item's ``item_group_id``; its own without one
    popularity : (n,) float32, falling
    """

    folder: Path
    ids: Texts
    row_of_id: HashTable
    documents: Texts
    group: NDArray[np.int32]
    group_of_key: HashTable
    group_numbers: NDArray[np.int32]
    popularity: NDArray[np.float32]
    columns: BaseColumns
    text: BaseText
    titles: Titles
    facts: FactRows
    completions: BaseCompletions
    vectors: VectorIndex | None
    memo: Memo = field(default_factory=Memo, compare=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """(n,) rows that are not alone on their card."""
        return np.asarray((np.bincount(self.group) > 1)[self.group], bool)

    @cached_property
    def grouped(self) -> bool:
        """Whether any two rows show as one card."""
        return bool(self.shared.any())


def write_catalogue(
    folder: Path, items: pa.Table, popularity: NDArray[np.float32], step: Step
) -> NDArray[np.int64]:
    """Write items by falling popularity, then by id.

    popularity : (n,) of each item, as they stand in the table
    step       : advanced by items

    Returns (n,) int64: which item of the table each base row is, so that
    ``items.take(order)`` stands as the catalogue does. Raises BadInput where an id comes twice.
    """
    ids = items.column(c.ID).to_pylist()
    order = np.array(
        sorted(range(len(ids)), key=lambda i: (-popularity[i], ids[i])), dtype=np.int64
    )
    folder.mkdir(parents=True, exist_ok=True)
    writers = _Writers()
    for batch in _batches(items, order):
        for item in batch:
            writers.add(canonical(item))
        step.advance(len(batch))
    writers.write(folder)
    save_array(folder, "popularity", popularity[order].astype(np.float32))
    (folder / "catalogue.json").write_text(json.dumps({"format": FORMAT, "n_rows": len(order)}))
    return order


def open_base(folder: Path, vectors: VectorIndex | None) -> Base:
    """Open what ``write_catalogue`` wrote.

    vectors : of the same rows; None where the release has no encoder

    Raises NotReady where the folder holds no catalogue of this format, BadInput where the
    vectors are of another number of rows.
    """
    try:
        meta = json.loads((folder / "catalogue.json").read_text())
    except FileNotFoundError:
        meta = {}
    if meta.get("format") != FORMAT:
        raise NotReady(
            f"a catalogue of format {FORMAT} in {folder}",
            f"format {meta.get('format')}",
            "Build a release with: mercato build",
        )
    if vectors is not None and len(vectors.text_of_row) != meta["n_rows"]:
        raise BadInput(
            f"vectors of {meta['n_rows']} rows",
            f"{len(vectors.text_of_row)}",
            "Write catalogue and vectors from the same items.",
        )
    return Base(
        folder,
        Texts.open(folder, "ids"),
        HashTable.open(folder, "id_keys"),
        Texts.open(folder, "documents"),
        open_array(folder, "group").view(np.int32),
        HashTable.open(folder, "group_keys"),
        open_array(folder, "group_numbers").view(np.int32),
        open_array(folder, "popularity").view(np.float32),
        BaseColumns.open(folder),
        BaseText.open(folder),
        Titles.open(folder),
        FactRows.open(folder),
        BaseCompletions.open(folder),
        vectors,
    )


def _batches(items: pa.Table, order: NDArray[np.int64]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(order), BATCH_ROWS):
        yield items.take(pa.array(order[start : start + BATCH_ROWS])).to_pylist()


class _Writers:
    """Takes items in the order of their rows."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._documents: list[bytes] = []
        self._group: list[int] = []
        self._number_of_group: dict[str, int] = {}
        self._columns = ColumnWriter()
        self._postings = PostingWriter()
        self._completions = CompletionWriter()
        self._facts = FactWriter()

    def add(self, item: dict[str, Any]) -> None:
        row = len(self._ids)
        key = item.get(c.ITEM_GROUP_ID)
        self._ids.append(item[c.ID])
        self._documents.append(encode(item))
        self._group.append(row if key is None else self._number_of_group.setdefault(key, row))
        self._columns.add(item)
        self._postings.add(item)
        self._completions.add(item)
        self._facts.add(item)

    def write(self, folder: Path) -> None:
        if len(set(self._ids)) < len(self._ids):
            raise BadInput(
                "each id once",
                f"{len(self._ids) - len(set(self._ids))} ids again",
                "Import the items anew; the import keeps the last of each id.",
            )
        Texts.of(self._ids).save(folder, "ids")
        HashTable.of(self._ids).save(folder, "id_keys")
        Texts.of(self._documents).save(folder, "documents")
        save_array(folder, "group", np.array(self._group, np.int32))
        HashTable.of(list(self._number_of_group)).save(folder, "group_keys")
        numbers = np.array(list(self._number_of_group.values()), np.int32)
        save_array(folder, "group_numbers", numbers)
        self._columns.write(folder)
        self._postings.write(folder)
        self._completions.write(folder)
        self._facts.write(folder)
