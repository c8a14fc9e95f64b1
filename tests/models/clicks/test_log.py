from pathlib import Path

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.models.clicks.log import ClickLog
from mercato.models.clicks.propensities import FLOOR, Propensities, propensities
from mercato.models.clicks.relevance import Relevance, worth


def some_log() -> ClickLog:
    return ClickLog.of_rows(
        query=np.array([1, 0, 1, 1]),
        item=np.array([5, 5, 5, 9]),
        position=np.array([2, 1, 2, 3]),
        shown=np.array([3, 4, 2, 10]),
        clicked=np.array([1, 0, 2, 5]),
    )


def test_rows_of_one_place_are_added_up() -> None:
    log = some_log()
    pairs = list(zip(log.query.tolist(), log.item.tolist(), strict=True))
    assert pairs == [(0, 5), (1, 5), (1, 9)]
    rows = zip(log.pair, log.position, log.shown, log.clicked, strict=True)
    assert sorted(map(tuple, rows)) == [(0, 1, 4, 0), (1, 2, 5, 3), (2, 3, 10, 5)]
    assert log.by_position(log.clicked).tolist() == [0, 3, 5]
    only = log.of_queries(np.array([False, True]))
    assert (only.query.tolist(), only.item.tolist()) == ([1, 1], [5, 9])
    assert only.by_pair(only.shown).tolist() == [5, 10]


def test_places_are_held_out_of_pairs_that_keep_another() -> None:
    random = np.random.default_rng(0)
    pair, position = (each.ravel() for each in np.indices((50, 4)))
    shown = np.full(200, 10)
    log = ClickLog.of_rows(pair, pair, position + 1, shown, random.integers(0, 10, 200))
    seen, held_out = log.apart(random)
    assert len(seen.pair) + len(held_out.pair) == 200
    assert 60 < len(held_out.pair) < 120
    assert set(seen.pair) == set(range(50))
    places = {
        (p, k) for part in (seen, held_out) for p, k in zip(part.pair, part.position, strict=True)
    }
    assert len(places) == 200
    assert seen.clicked.sum() + held_out.clicked.sum() == log.clicked.sum()
    assert not len(some_log().apart(random)[1].pair)  # nothing moved there


@pytest.mark.parametrize(
    ("position", "clicked", "match"), [(0, 1, "places from 1"), (1, 3, "one click a showing")]
)
def test_what_cannot_be_is_refused(position: int, clicked: int, match: str) -> None:
    one = np.array([1])
    with pytest.raises(BadInput, match=match):
        ClickLog.of_rows(one, one, np.array([position]), np.array([2]), np.array([clicked]))


def test_propensities_fall_begin_at_one_and_are_kept(tmp_path: Path) -> None:
    many = np.full(4, 1e6)
    found = propensities(np.array([0.5, 0.2, 0.3, 0.0]), many, "by hand")
    # The second and the third contradict each other: the middle of their logarithms.
    middle = np.sqrt(0.2 * 0.3) / 0.5
    np.testing.assert_allclose(found.examined, [1, middle, middle, FLOOR], rtol=1e-3)
    found.save(tmp_path)
    assert Propensities.open(tmp_path) == found
    assert found.of(np.array([1, 4, 400])).tolist() == [1, FLOOR, FLOOR]


def test_a_place_without_clicks_follows_the_curve_of_the_others() -> None:
    falling = 1 / np.arange(1, 7)
    falling[4] = 0.9  # says nothing: nobody clicked there
    clicked = np.array([1e6, 1e6, 1e6, 1e6, 0, 1e6])
    found = propensities(falling, clicked, "by hand")
    assert found.examined[4] == pytest.approx(1 / 5, rel=1e-3)


def test_what_anything_gets_is_worth_nothing() -> None:
    """Of 20 pairs looked at alike, the two lowest make up a tenth: what they get is taken off, and
    the highest is worth 1. A pair that is hardly known does not count as one of them."""
    value = np.array([0.1, 0.1, 0.3, *np.linspace(0.3, 0.5, 16), 0.5, 0.01])
    certain = np.array([1.0] * 20 + [0.001])
    found = worth(Relevance(value, certain))
    assert found[:3].tolist() == pytest.approx([0, 0, 0.5])
    assert found.max() == 1
    assert found[-1] == 0
