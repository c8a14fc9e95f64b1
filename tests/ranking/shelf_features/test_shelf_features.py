"""Features of shelves by hand; and one shopper alone has those that they have among all."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.ranking.shelf_facts import LONGEST, ShelfFacts
from mercato.ranking.shelf_features import FAMILIES, NAMES, features
from mercato.ranking.shelf_features.pairs import Pairs

TODAY = 100
MILK, BREAD, BUTTER, SOAP, LAMP = range(5)
N_ITEMS = 5

KINDS = np.array([[1, 11, 31], [2, 12, 31], [1, 11, 31], [3, 13, 33], [0] * 3])
"""Milk and butter share brand and category; bread the top category; a lamp has none."""

PRICES = np.array([1.0, 3.0, 4.0, 2.0, np.nan])

DONE = [
    (0, 40, MILK),
    (0, 60, MILK),
    (0, 60, BREAD),
    (0, 80, MILK),
    (0, 90, BUTTER),
    (0, 95, LAMP, Event.VIEW_ITEM),
    (1, 98, SOAP),
    (1, 99, SOAP),
    (2, 10, MILK),
    (2, 97, SOAP),
]


def as_of(day: float) -> int:
    return round(day * MICROSECONDS_PER_DAY)


@pytest.fixture(scope="module")
def log(log_of: Callable[..., Interactions]) -> Interactions:
    return log_of(DONE, N_ITEMS)


@pytest.fixture(scope="module")
def facts(log: Interactions) -> ShelfFacts:
    return ShelfFacts.of_log(log, KINDS, PRICES, as_of(TODAY))


def pairs_of(
    facts: ShelfFacts,
    shoppers: Interactions,
    asked: Sequence[tuple[int, int]],
    cart: Sequence[tuple[int, int]] = (),
    now: float = TODAY,
) -> Pairs:
    user, item = np.array(asked, np.int64).T
    in_cart = np.array(cart, np.int64).reshape(-1, 2).T
    said = np.full((len(asked), 1), 0.5, np.float32)
    return Pairs(facts, shoppers, user, item, as_of(now), said, (in_cart[0], in_cart[1]))


def of(found: NDArray[np.float32], name: str) -> list[float]:
    return found[:, NAMES.index(name)].tolist()


@pytest.fixture(scope="module")
def found(facts: ShelfFacts, log: Interactions) -> NDArray[np.float32]:
    """Of the first shopper: milk, bread, butter, soap, and something newer than the log."""
    return features(pairs_of(facts, log, [(0, item) for item in (MILK, BREAD, BUTTER, SOAP, 7)]))


def test_a_habit_is_counted(found: NDArray[np.float32]) -> None:
    assert of(found, "habit: lines") == [3, 1, 1, 0, 0]
    # Trips on days 40, 60, 80 and 90.
    assert of(found, "habit: share of trips") == [0.75, 0.25, 0.25, 0, 0]
    # Since bread was first bought, on days 60, 80 and 90.
    assert of(found, "habit: share of trips since")[1] == pytest.approx(1 / 3)
    halved = 0.5 ** (60 / 30) + 0.5 ** (40 / 30) + 0.5 ** (20 / 30)
    assert of(found, "habit: half-life 30")[0] == pytest.approx(halved)
    # Milk is bought most, then butter, ten days ago, then bread; the others share a place.
    assert of(found, "habit: place") == [0, 2, 1, 3, 3]


def test_a_rhythm_is_timed(found: NDArray[np.float32]) -> None:
    assert of(found, "rhythm: since") == [20, 40, 10, LONGEST, LONGEST]
    # Milk on days 40, 60 and 80, twenty days ago: once its interval.
    assert of(found, "rhythm: interval")[:2] == [20, LONGEST]
    assert of(found, "rhythm: since of interval")[:2] == [1, -1]
    assert of(found, "rhythm: trips since")[:3] == [1, 2, 0]


def test_kinds_know_what_was_bought_of_them(found: NDArray[np.float32]) -> None:
    assert of(found, "kinds: category items")[:4] == [2, 1, 2, 0], "milk and butter are one kind"
    assert of(found, "kinds: category since")[:4] == [10, 40, 10, LONGEST]
    left = [(1 + days / 30) ** -0.7 for days in (60, 40, 20)]
    share = sum(left) / (sum(left) + (1 + 10 / 30) ** -0.7)
    assert of(found, "kinds: category share in")[0] == pytest.approx(share)


def test_demand_is_everybodys(found: NDArray[np.float32]) -> None:
    shoppers = np.expm1(of(found, "demand: shoppers"))
    assert shoppers.tolist() == pytest.approx([2, 1, 1, 2, 0])
    assert np.expm1(of(found, "demand: shoppers of 7 days")) == pytest.approx([0, 0, 0, 2, 0])
    assert of(found, "demand: last sold") == [20, 40, 10, 1, LONGEST]


def test_offers_are_held_against_their_category(found: NDArray[np.float32]) -> None:
    mean = (np.log(1) + np.log(4)) / 2
    assert of(found, "offer: of category's")[0] == pytest.approx(np.log(1) - mean)
    assert of(found, "offer: price")[2] == pytest.approx(np.log(4))


def test_a_basket_is_of_kinds_too(facts: ShelfFacts, log: Interactions) -> None:
    asked = pairs_of(facts, log, [(0, BUTTER), (0, SOAP), (1, BUTTER)], [(0, MILK), (0, BREAD)])
    values = features(asked)
    assert of(values, "basket: items") == [2, 2, 0]
    assert of(values, "basket: category") == [1, 0, 0]
    assert of(values, "basket: top category") == [2, 0, 0]


def test_one_alone_has_the_features_that_they_have_among_all(
    facts: ShelfFacts, log: Interactions
) -> None:
    everything = [(user, item) for user in range(3) for item in range(N_ITEMS)]
    cart = [(0, BREAD), (2, SOAP)]
    together = features(pairs_of(facts, log, everything, cart))
    for user in range(3):
        asked = [(0, item) for item in range(N_ITEMS)]
        own = [(0, item) for owner, item in cart if owner == user]
        alone = features(pairs_of(facts, log.of(user), asked, own))
        np.testing.assert_array_equal(alone, together[user * N_ITEMS : (user + 1) * N_ITEMS])


def test_whoever_did_nothing_has_finite_features(
    facts: ShelfFacts, log_of: Callable[..., Interactions]
) -> None:
    nobody = Interactions.empty(N_ITEMS)
    assert np.isfinite(features(pairs_of(facts, nobody, [(0, MILK), (0, LAMP)]))).all()
    bare = ShelfFacts.of_log(log_of([], N_ITEMS, 1), KINDS * 0, PRICES * np.nan, 0)
    assert np.isfinite(features(pairs_of(bare, nobody, [(0, MILK)], now=0))).all()


def test_families_that_nobody_asks_for_are_left_out(facts: ShelfFacts, log: Interactions) -> None:
    asked = pairs_of(facts, log, [(0, MILK), (1, SOAP)])
    needed = np.zeros(len(NAMES) + 1, bool)
    needed[NAMES.index("habit: lines")] = True
    some, whole = features(asked, needed), features(asked)
    n_habit = len(FAMILIES[0].features)
    np.testing.assert_array_equal(some[:, :n_habit], whole[:, :n_habit])
    assert not some[:, n_habit : len(NAMES)].any()
    assert some[:, -1].tolist() == [0.5, 0.5], "what retrievers say stands last"


def test_days_that_pass_after_the_release_count(facts: ShelfFacts, log: Interactions) -> None:
    later = features(pairs_of(facts, log, [(0, MILK)], now=TODAY + 5))
    assert of(later, "rhythm: since") == [25]
    assert of(later, "demand: last sold") == [25]


def test_saved_facts_are_the_same(facts: ShelfFacts, log: Interactions, tmp_path: Path) -> None:
    facts.save(tmp_path)
    asked = [(0, MILK), (2, SOAP)]
    np.testing.assert_array_equal(
        features(pairs_of(ShelfFacts.load(tmp_path), log, asked)),
        features(pairs_of(facts, log, asked)),
    )
