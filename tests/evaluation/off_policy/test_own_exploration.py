"""What our shelves log is what the estimators need."""

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.evaluation.off_policy.shelves import per_place, per_shelf
from mercato.recommend.picks import Pick
from mercato.recommend.placements import LAST_RESORT
from mercato.recommend.reranking.exploration import explored

PICKS = [Pick(item, 1.0, LAST_RESORT, 0) for item in range(3)]
POOL = [Pick(item, 0.5, LAST_RESORT, 0) for item in range(3, 8)]
CLICKS = np.array([0.5, 0.4, 0.3, 0.7, 0.1, 0.2, 0.6, 0.2])
"""Of each item; a place further down is clicked half as often."""


SHOWS = 12_000


def test_another_ranking_is_told_from_explored_shelves() -> None:
    """It puts 3 and 6 on top, and 1, which stands second now, where it never came."""
    other = np.array([3, 6, 1])
    shown = [explored(PICKS, POOL, 0.6, seed) for seed in range(SHOWS)]
    item = np.array([[pick.row for pick in shelf] for shelf in shown])
    propensity = np.array([[pick.propensity for pick in shelf] for shelf in shown])
    clicked = np.random.default_rng(0).random(item.shape) < CLICKS[item] / 2 ** np.arange(3)
    shelf, place = np.indices(item.shape)

    def told(places: int):
        rows = (slice(None), slice(places))
        arrays = (clicked[rows].astype(float), propensity[rows], (item == other)[rows] * 1.0)
        return [each.ravel() for each in (*arrays, shelf[rows], place[rows])]

    reward, chance, target, shelves, places = told(2)
    whole = per_shelf(reward, chance, target, shelves).estimate(resamples=50)
    assert whole.low < 0.7 + 0.6 / 2 < whole.high
    assert whole.high - whole.low < 0.15
    assert whole.claims
    by_place = per_place(reward, chance, target, places)
    assert by_place[0].value == pytest.approx(0.7, abs=0.05)
    assert by_place[1].value == pytest.approx(0.6 / 2, abs=0.05)
    with pytest.raises(BadInput, match="shows too"):
        per_place(*(each[2::3] for each in told(3)[:3]), np.full(SHOWS, 2))[2].estimate()
