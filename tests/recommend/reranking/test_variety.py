"""The greedy order against the determinants that it stands for."""

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.recommend.reranking.settings import Reranking
from mercato.recommend.reranking.variety import greedy


def by_determinants(gains: np.ndarray, similar: np.ndarray, variety: float) -> list[int]:
    """Each time the one that makes the sum of gains and log determinants largest."""
    order: list[int] = []
    for _ in gains:
        left = [each for each in range(len(gains)) if each not in order]

        def worth(each: int) -> float:
            rows = [*order, each]
            value = np.linalg.slogdet(similar[np.ix_(rows, rows)])[1]
            return float(gains[rows].sum() + variety * value)

        order.append(max(left, key=worth))
    return order


@pytest.mark.parametrize("variety", [0.1, 0.5, 0.9])
def test_the_order_is_that_of_the_determinants(variety: float) -> None:
    random = np.random.default_rng(3)
    for _ in range(10):
        vectors = random.normal(size=(8, 12))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        similar, gains = vectors @ vectors.T, random.normal(size=8)
        assert greedy(gains, similar, variety, 8).tolist() == by_determinants(
            gains, similar, variety
        )


def test_the_same_again_comes_last() -> None:
    similar = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])
    assert greedy(np.array([2, 1, 0.0]), similar, 0.5, 3).tolist() == [0, 2, 1]
    assert greedy(np.array([2, 1, 0.0]), similar, 0.0, 3).tolist() == [0, 1, 2]


def spread(corner_shop, variety: float) -> int:
    """Different leaf categories among the first four of a popular shelf."""
    shelf = corner_shop.ask(Placement.HOME, n=4, reranking=Reranking(variety=variety))
    items = corner_shop.catalogue.items(np.array([each.row for each in shelf.items]))
    return len({item["product_type"] for item in items})


def test_the_setting_moves_the_shelf(corner_shop) -> None:
    """Bread, jam and butter are bought by as many, beer and crisps by less; honey is a spread."""
    likeliest = corner_shop.ask(Placement.HOME, n=4)
    assert spread(corner_shop, 0.9) == 4
    varied = corner_shop.ask(Placement.HOME, n=100, reranking=Reranking(variety=0.9))
    assert len(varied.items) == len(corner_shop.ask(Placement.HOME, n=100).items)
    scores = [item.score for item in varied.items]
    assert scores == sorted(scores, reverse=True)
    assert likeliest.items[0].row == varied.items[0].row or scores[0] == 1


def test_those_who_are_not_picked_follow_by_their_gains() -> None:
    gains = np.array([1.0, 5.0, 3.0, 4.0])
    assert greedy(gains, np.eye(4), 0.5, 1).tolist() == [1, 3, 2, 0]
