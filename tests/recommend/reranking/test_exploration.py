"""What is left to chance is shown as often as its propensity says."""

from collections import Counter

import numpy as np
import pytest

from mercato.core.columns import Placement
from mercato.recommend.picks import Pick
from mercato.recommend.placements import LAST_RESORT
from mercato.recommend.reranking.exploration import explored
from mercato.recommend.reranking.settings import Reranking

SHELVES = 20_000


def picks(*rows: int) -> list[Pick]:
    return [Pick(row, 1 / (1 + row), LAST_RESORT, 0) for row in rows]


@pytest.mark.parametrize("pool", [(10, 11, 12, 13, 14), (10, 11)], ids=["large", "small"])
def test_items_stand_where_they_stand_as_often_as_logged(pool: tuple[int, ...]) -> None:
    """Of 20,000 shelves of three places; the small pool needs a blank."""
    shelf, below = picks(0, 1, 2), picks(*pool)
    shown: Counter[tuple[int, int]] = Counter()
    told: dict[tuple[int, int], float] = {}
    for seed in range(SHELVES):
        for place, pick in enumerate(explored(shelf, below, 0.3, seed)):
            shown[place, pick.row] += 1
            told[place, pick.row] = pick.propensity
    for key, propensity in told.items():
        # Four standard deviations of a share out of so many shelves.
        error = 4 * np.sqrt(propensity * (1 - propensity) / SHELVES)
        assert shown[key] / SHELVES == pytest.approx(propensity, abs=error)
    for place in range(3):
        assert sum(told[place, row] for row in (place, *pool)) == pytest.approx(1)


def test_no_item_twice_and_the_scores_of_the_places() -> None:
    shelf, below = picks(0, 1, 2, 3, 4), picks(10, 11, 12, 13, 14, 15)
    for seed in range(200):
        shown = explored(shelf, below, 0.8, seed)
        assert len({pick.row for pick in shown}) == 5
        assert [pick.score for pick in shown] == [pick.score for pick in shelf]


def test_nothing_is_left_to_chance_unless_asked(corner_shop) -> None:
    certain = corner_shop.ask(Placement.HOME, n=3)
    assert all(item.propensity == 1 for item in certain.items)
    asked = {"reranking": Reranking(explore=0.5), "n": 3}
    shelves = {
        tuple(item.row for item in corner_shop.ask(Placement.HOME, seed=seed, **asked).items)
        for seed in range(20)
    }
    assert len(shelves) > 3
    one = corner_shop.ask(Placement.HOME, seed=7, **asked)
    assert one == corner_shop.ask(Placement.HOME, seed=7, **asked)
    assert {item.propensity for item in one.items} <= {0.5, 0.5 / 6, 0.5 / 7, 0.5 / 8}
