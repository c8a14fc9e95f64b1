from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.catalogue.signs import MOST_RESCORED
from mercato.catalogue.vectors import VectorIndex, quantise, write_vectors
from mercato.core.errors import BadInput


def index_of(
    folder: Path, vectors: np.ndarray, text_of_row: list[int], most_exact: int = 1_000_000
) -> VectorIndex:
    rows = np.array(text_of_row, np.int32)
    write_vectors(folder, vectors.astype(np.float32), rows, most_exact=most_exact)
    return VectorIndex.open(folder)


def test_cosines_are_those_of_the_floats(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    vectors = random.standard_normal((300, 384)).astype(np.float32)
    query = vectors[7] + random.standard_normal(384).astype(np.float32)
    index = index_of(tmp_path, vectors, list(range(300)))
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    assert np.abs(index.cosines(query).values - vectors @ query / lengths).max() < 0.005


def test_a_vectors_length_does_not_matter(tmp_path: Path) -> None:
    vectors = np.array([[3, 4], [300, 400], [0, 0]])
    index = index_of(tmp_path, vectors, [0, 1, 2])
    near = pytest.approx([1, 1, 0], abs=0.005)
    assert index.cosines(np.array([0.6, 0.8], np.float32)).values == near


def test_the_nearest_stand_by_cosine_then_by_row(tmp_path: Path) -> None:
    index = index_of(tmp_path, np.array([[1, 1], [1, -1], [-1, 1]]), [1, 0, 2, 0, 1, -1])
    query = np.array([1, 1], np.float32)
    rows, cosines = index.nearest(query, most=10, threshold=0.0)
    assert rows.tolist() == [1, 3, 0, 2, 4]
    assert cosines == pytest.approx([1, 1, 0, 0, 0], abs=1e-6)
    assert index.nearest(query, most=3, threshold=0.0)[0].tolist() == [1, 3, 0]
    assert index.nearest(query, most=10, threshold=0.5)[0].tolist() == [1, 3]


def test_dead_rows_take_no_place_among_the_nearest(tmp_path: Path) -> None:
    index = index_of(tmp_path, np.array([[1, 1], [1, 0]]), [0, 0, 1, 1])
    alive = np.array([False, False, True, True])
    rows, _ = index.nearest(np.array([1, 1], np.float32), 2, 0.0, alive)
    assert rows.tolist() == [2, 3]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_nearest_are_those_of_a_sort(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    n_texts, n_rows = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    vectors = random.choice([-1, 1], (n_texts, 8))
    text_of_row = random.integers(-1, n_texts, n_rows)
    alive = random.random(n_rows) < 0.8
    by_sign_first = {"most_exact": 0} if data.draw(st.booleans()) else {}
    folder = tmp_path_factory.mktemp("v")
    index = index_of(folder, vectors, text_of_row.tolist(), **by_sign_first)
    query = random.choice([-1, 1], 8)
    most, threshold = data.draw(st.integers(1, 12)), data.draw(st.sampled_from((-1.1, 0.1, 0.6)))
    cosine = {row: vectors[text] @ query / 8 for row, text in enumerate(text_of_row) if text >= 0}
    fitting = [row for row in cosine if alive[row] and cosine[row] >= threshold]
    expected = sorted(fitting, key=lambda row: (-cosine[row], row))[:most]
    rows, cosines = index.nearest(query.astype(np.float32), most, threshold, alive)
    assert rows.tolist() == expected
    assert cosines == pytest.approx([cosine[row] for row in expected], abs=1e-6)


def test_later_texts_are_found_beside_those_of_the_release(tmp_path: Path) -> None:
    index = index_of(tmp_path, np.array([[1, 1]]), [0])
    later = index.grown([quantise(np.array([[1.0, -1.0]])).tobytes()], [1, 0, -1], {})
    rows, _ = later.nearest(np.array([1, -1], np.float32), 10, 0.5)
    assert rows.tolist() == [1]
    assert later.nearest(np.array([1, 1], np.float32), 10, 0.5)[0].tolist() == [0, 2]
    half = np.sqrt(1 / 2)
    assert later.of(np.array([0, 1, 3])) == pytest.approx(
        np.array([[half, half], [half, -half], [0, 0]]), abs=1e-6
    )
    assert len(index.text_of_row) == 1


def test_of_many_texts_the_nearest_by_sign_are_looked_at(tmp_path: Path) -> None:
    """Texts around 200 topics, more than are rescored, against every cosine."""
    random = np.random.default_rng(3)
    n, n_late = 2 * MOST_RESCORED, 10
    topics = random.standard_normal((200, 128))
    texts = topics[random.integers(200, size=n + n_late)]
    texts = (texts + 0.6 * random.standard_normal(texts.shape)).astype(np.float32)
    index = index_of(tmp_path, texts[:n], list(range(n)), most_exact=n - 1)
    late = [vector.tobytes() for vector in quantise(texts[n:])]
    index = index.grown(late, range(n, n + n_late), {})
    every_row = np.arange(n + n_late)
    for query in texts[[0, 7, n + 3]]:
        lengths = np.linalg.norm(texts, axis=1) * np.linalg.norm(query)
        exact = texts @ query / lengths
        rows, cosines = index.nearest(query, 100, threshold=0.3)
        best = set(np.argsort(-exact, kind="stable")[:100].tolist())
        assert len(best & set(rows.tolist())) >= 95
        assert np.abs(cosines - exact[rows]).max() < 0.01
        seen = index.cosines(query)
        assert len(seen.values) < 0.8 * n
        assert np.abs(index.cosines_of(every_row[:2_000], seen) - exact[:2_000]).max() < 0.01
        told = index.cosines_of(every_row, seen)
        assert np.abs(told[rows] - exact[rows]).max() < 0.01
        assert np.sqrt(np.mean((told - exact) ** 2)) < 0.15  # 128 signs: .5 pi / sqrt(128) = .14


def test_a_query_of_another_encoder_is_refused(tmp_path: Path) -> None:
    index = index_of(tmp_path, np.eye(3), [0, 1, 2])
    with pytest.raises(BadInput, match="a vector of 3 numbers"):
        index.cosines(np.zeros(4, np.float32))


def test_a_row_of_a_text_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="texts from -1 to 2"):
        index_of(tmp_path, np.eye(3), [0, 3])
