"""Near pairs against all pairs, compared one by one."""

import random

import numpy as np
import pyarrow as pa
import pytest

from mercato.data.assets.near_duplicates import nearest_doubles
from mercato.data.minhash import near_pairs


def shingles(text: str) -> set[str]:
    padded = text.ljust(4, "\0")
    return {padded[at : at + 4] for at in range(len(padded) - 3)}


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    chance = random.Random(3)
    words = ["oat", "milk", "organic", "cheese", "bread", "dark", "chocolate", "large", "fresh"]
    base = [" ".join(chance.choices(words, k=9)) for _ in range(150)]
    near = [text + " s" for text in base[:60]] + [text[1:] for text in base[60:100]]
    return list(dict.fromkeys(base + near + ["", "a", "茶", "茶叶 绿茶 龙井"]))


def test_every_near_pair_is_found_with_its_exact_similarity(texts: list[str]) -> None:
    one, other, similarity = near_pairs(texts, np.zeros(len(texts), np.int64), 0.9)
    found = dict(zip(zip(one.tolist(), other.tolist(), strict=True), similarity, strict=True))
    expected = {
        (i, j): value
        for i in range(len(texts))
        for j in range(i + 1, len(texts))
        if (value := jaccard(texts[i], texts[j])) >= 0.9
    }
    assert len(expected) > 50
    assert found == pytest.approx(expected)


def test_texts_that_are_kept_apart_are_not_compared(texts: list[str]) -> None:
    one, _, _ = near_pairs(texts, np.arange(len(texts)), 0.9)
    assert len(one) == 0
    assert [len(part) for part in near_pairs([], np.zeros(0, np.int64), 0.9)] == [0, 0, 0]


def test_doubles_are_of_another_group_and_no_variants() -> None:
    long = "Organic oat milk from the mountains of Austria, unsweetened"
    rows = [
        {"id": "a", "title": long, "item_group_id": "g"},
        {"id": "b", "title": long, "item_group_id": "g"},
        {"id": "c", "title": long.upper(), "item_group_id": None},
        {"id": "d", "title": long + "!", "item_group_id": None},
        {"id": "e", "title": long, "item_group_id": None, "size": "1 l"},
        {"id": "f", "title": long + " X", "item_group_id": None, "size": "1 l"},
        {"id": "g", "title": "Rye bread", "item_group_id": None},
    ]
    columns = ("id", "title", "brand", "item_group_id", "size", "color", "material")
    table = pa.table({name: pa.array([r.get(name) for r in rows], pa.string()) for name in columns})
    found = {row["item_id"]: row for row in nearest_doubles(table).to_pylist()}
    pairs = {name: row["other_id"] for name, row in found.items()}
    assert pairs == {"a": "c", "b": "c", "c": "a", "d": "a", "e": "f", "f": "e"}
    assert found["a"]["similarity"] == 1.0
    assert 0.9 <= found["e"]["similarity"] < 1.0
