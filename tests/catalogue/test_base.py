import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.catalogue.base import open_base, write_catalogue
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.packed import HashTable, Texts
from mercato.catalogue.vectors import VectorIndex, write_vectors
from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Silent


def write(folder: Path, ids: list[str], popularity: list[float]) -> list[int]:
    table = pa.table({"id": ids, "title": [f"title {item_id}" for item_id in ids]})
    with Silent().step("") as step:
        order = write_catalogue(folder, table, np.array(popularity, np.float32), step)
    return order.tolist()


def test_rows_stand_by_popularity_then_by_id(tmp_path: Path) -> None:
    assert write(tmp_path, ["b", "a", "z", "c"], [1, 1, 9, 0]) == [2, 1, 0, 3]
    base = open_base(tmp_path, None)
    assert base.ids.many(np.arange(4)) == ["z", "a", "b", "c"]
    assert base.popularity.tolist() == [9, 1, 1, 0]


def test_an_empty_catalogue_opens_and_grows(open_catalogue: Callable[..., Catalogue]) -> None:
    empty = open_catalogue([])
    assert (empty.n_rows, empty.living.tolist(), empty.row("a")) == (0, [], None)
    assert empty.facet("brand", empty.living, distinct=True) == {}


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="each id once.*1 ids again"):
        write(tmp_path, ["a", "a"], [1, 2])


def test_a_folder_without_a_catalogue_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="mercato build"):
        open_base(tmp_path, None)
    write(tmp_path, ["a"], [0])
    (tmp_path / "catalogue.json").write_text(json.dumps({"format": 99, "n_rows": 1}))
    with pytest.raises(NotReady, match="format 99"):
        open_base(tmp_path, None)


def test_vectors_of_other_rows_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ["a", "b"], [0, 0])
    write_vectors(tmp_path / "v", np.ones((1, 2), np.float32), np.zeros(3, np.int32))
    with pytest.raises(BadInput, match="vectors of 2 rows"):
        open_base(tmp_path, VectorIndex.open(tmp_path / "v"))


def test_opening_makes_nothing_per_item(tmp_path: Path) -> None:
    write(tmp_path, [f"item-{number:06}" for number in range(20_000)], [0.0] * 20_000)
    tracemalloc.start()
    base = open_base(tmp_path, None)
    catalogue = Catalogue.over(base, release=1)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 20_000 * 12, "the rows' numbers and a little, not objects"
    assert catalogue.row("item-019999") == 19_999


def test_texts_of_any_script_come_back() -> None:
    texts = ["", "a", "ü", "手机", "a\nb"]
    packed = Texts.of(texts)
    assert [packed[at] for at in range(5)] == texts
    assert packed.many(np.array([4, 0, 3])) == ["a\nb", "", "手机"]


def test_a_hash_table_finds_what_was_put_in_and_nothing_else() -> None:
    keys = [f"key{number}" for number in range(1_000)]
    table = HashTable.of(keys)
    assert [table.find(key) for key in keys] == list(range(1_000))
    assert [table.find(f"other{number}") for number in range(1_000)] == [None] * 1_000
    assert HashTable.of([]).find("a") is None
