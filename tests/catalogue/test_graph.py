"""The graph over codes, held against every cosine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mercato.catalogue.codes import code_of, codes_of
from mercato.catalogue.graph import MOST_SOUGHT, Graph, write_graph
from mercato.catalogue.vectors import VectorIndex, inverse_lengths, quantise, write_vectors
from mercato.core.progress import Silent

DIMENSIONS = 64


def index_by_graph(folder: Path, texts: np.ndarray) -> VectorIndex:
    rows = np.arange(len(texts), dtype=np.int32)
    write_vectors(folder / "vectors", texts, rows, most_exact=0)
    with Silent().step("graph") as step:
        write_graph(folder / "graph", folder / "vectors", step)
    index = VectorIndex.open(folder / "vectors")
    return replace(index, look=Graph.open(folder / "graph", DIMENSIONS))


def test_a_code_says_below_between_or_above() -> None:
    """Components of (3, -3, 0, 0, 0, 0, 0, 0) / sqrt(18): 2, -2 and 0 standard deviations."""
    vectors = np.array([[3, -3, 0, 0, 0, 0, 0, 0]], np.int8)
    codes = codes_of(vectors, inverse_lengths(vectors))
    assert codes.tolist() == [[0b10111111, 0b10000000]]
    assert code_of(vectors).tolist() == codes[0].tolist()
    assert code_of(np.zeros((1, 8), np.int8)).tolist() == [0b11111111, 0]


def test_a_codes_length_does_not_matter() -> None:
    random = np.random.default_rng(1)
    vectors = random.integers(-60, 61, (50, 20), dtype=np.int8)
    codes = codes_of(vectors, inverse_lengths(vectors))
    assert codes.shape == (50, 6)
    twice = vectors * np.int8(2)
    assert (codes_of(twice, inverse_lengths(twice)) == codes).all()


def test_the_graph_finds_the_nearest_of_many_texts(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    n = 3 * MOST_SOUGHT
    topics = random.standard_normal((100, DIMENSIONS))
    texts = topics[random.integers(100, size=n)]
    texts = (texts + 0.6 * random.standard_normal(texts.shape)).astype(np.float32)
    index = index_by_graph(tmp_path, texts)
    late = topics[0] + 0.6 * random.standard_normal((5, DIMENSIONS))
    index = index.grown([each.tobytes() for each in quantise(late)], range(n, n + 5), {})
    all_texts = np.concatenate([texts, late])
    unit = all_texts / np.linalg.norm(all_texts, axis=1, keepdims=True)
    for query in (texts[0], texts[7], late[0].astype(np.float32)):
        exact = unit @ (query / np.linalg.norm(query))
        rows, cosines = index.nearest(query, 50, threshold=0.3)
        best = np.argsort(-exact, kind="stable")[:50]
        assert len(set(best) & set(rows.tolist())) >= 48
        assert np.abs(cosines - exact[rows]).max() < 0.01
        seen = index.cosines(query)
        assert len(seen.values) == MOST_SOUGHT + 5
        some = np.arange(0, n, 4)
        assert np.abs(index.cosines_of(some, seen) - exact[some]).max() < 0.01


def test_vectors_without_signs_are_looked_up_exactly(tmp_path: Path) -> None:
    """Where an engine names the nearest of few texts, all rows asked about have exact cosines."""
    texts = np.random.default_rng(6).standard_normal((3_000, DIMENSIONS)).astype(np.float32)
    write_vectors(tmp_path, texts, np.arange(3_000, dtype=np.int32))

    class NoText:
        def near(self, query: np.ndarray) -> np.ndarray:
            return np.zeros(0, np.int64)

    whole = VectorIndex.open(tmp_path)
    index, rows = replace(whole, look=NoText()), np.arange(3_000)
    told = index.cosines_of(rows, index.cosines(texts[3]))
    assert told == pytest.approx(whole.cosines(texts[3]).values, abs=1e-6)
