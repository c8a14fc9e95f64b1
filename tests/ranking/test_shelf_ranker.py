"""A ranker of shelves: what it writes it opens, and what it says counts is what is lost without."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.ranking.shelf_features import NAMES
from mercato.ranking.shelf_ranker import ABOUT, ShelfRanker, ShelfRankers, save_ranker

SAID = ("ease: score", "ease: share", "item-knn: score", "item-knn: share")
LINES = NAMES.index("habit: lines")
SHOPPERS = NAMES.index("demand: shoppers")
SHARE = len(NAMES) + 1


def stumps(of: Mapping[int, tuple[float, float]]) -> Trees:
    """Trees of one question: feature → (threshold, what is above it is worth); below it nothing."""
    n = len(of)
    nodes = np.arange(3 * n)
    root = nodes % 3 == 0
    feature, threshold, value = (np.zeros(3 * n) for _ in range(3))
    feature[root], threshold[root] = list(of), [at for at, _ in of.values()]
    feature[~root] = LEAF
    value[nodes % 3 == 2] = [worth for _, worth in of.values()]
    return Trees(
        len(NAMES) + len(SAID),
        np.flatnonzero(root).astype(np.int32),
        feature.astype(np.int32),
        threshold.astype(np.float32),
        np.where(root, nodes + 1, -1).astype(np.int32),
        np.where(root, nodes + 2, -1).astype(np.int32),
        value.astype(np.float32),
        np.ones(3 * n, np.float32),
    )


@pytest.fixture
def ranker(tmp_path: Path) -> ShelfRanker:
    trees = stumps({LINES: (2, 1.0), SHOPPERS: (3, 2.0), SHARE: (0.5, 4.0)})
    save_ranker(tmp_path, trees, SAID, 0.5, np.zeros(trees.n_features, np.float32))
    found = ShelfRanker.open(tmp_path)
    assert found is not None
    return found


def test_it_opens_what_was_written(ranker: ShelfRanker) -> None:
    assert (ranker.said, ranker.formula) == (SAID, 0.5)
    assert np.flatnonzero(ranker.needed).tolist() == sorted([LINES, SHOPPERS, SHARE])


def test_chances_follow_the_trees(ranker: ShelfRanker) -> None:
    values = np.zeros((2, len(NAMES) + len(SAID)), np.float32)
    values[1, LINES] = 3
    assert ranker.chances(values) == pytest.approx([1 / 2, 1 / (1 + np.exp(-1))])


def test_a_group_moves_what_is_lost_without_it(ranker: ShelfRanker) -> None:
    values = np.zeros((2, len(NAMES) + len(SAID)), np.float32)
    values[0, [LINES, SHOPPERS, SHARE]] = [3, 4, 1]
    values[1, SHOPPERS] = 4
    names = [name for name, _ in ranker.groups]
    moved = ranker.moved(values)
    told = [dict(zip(names, row.tolist(), strict=True)) for row in moved]
    assert (told[0]["habit"], told[0]["demand"], told[0]["ease"]) == (1, 2, 4)
    assert (told[1]["habit"], told[1]["demand"], told[1]["ease"]) == (0, 2, 0)
    assert names[-2:] == ["ease", "item-knn"], "both columns of a retriever are one reason"


def test_a_ranker_of_other_features_is_left_out(ranker: ShelfRanker, tmp_path: Path) -> None:
    about = json.loads((tmp_path / ABOUT).read_text())
    about["features"] = about["features"][1:]
    (tmp_path / ABOUT).write_text(json.dumps(about))
    assert ShelfRanker.open(tmp_path) is None


def test_a_release_whose_rankers_are_all_of_other_features_has_none(tmp_path: Path) -> None:
    trees = stumps({LINES: (2, 1.0)})
    usual = np.zeros(trees.n_features, np.float32)
    save_ranker(tmp_path / Placement.HOME, trees, SAID, 0.0, usual)
    about = tmp_path / Placement.HOME / ABOUT
    about.write_text(about.read_text().replace("habit: lines", "habit: something else"))
    assert ShelfRankers.open(tmp_path) is None, "not even its facts are looked for"
