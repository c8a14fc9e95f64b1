"""Complements and substitutes in a market that is made up, so that the truth is known."""

from collections.abc import Callable

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.complements import Complements, FittedComplements
from mercato.models.residuals import met_in, residuals
from mercato.models.substitutes import FittedSubstitutes, Substitutes

KINDS, EACH, STAPLES = 6, 4, 2
N_ITEMS = KINDS * EACH + STAPLES
AS_OF = 2_000 * MICROSECONDS_PER_DAY
MINUTE = 1 / (24 * 60)


def kind_of(item: int) -> int:
    return item // EACH


def partner(kind: int) -> int:
    """Kinds are bought in pairs: 0 with 1, 2 with 3, 4 with 5."""
    return kind ^ 1


@pytest.fixture(scope="module")
def market(log_of: Callable[..., Interactions]) -> Interactions:
    """Trips of 60 shoppers. Each looks at two or three items of one kind, buys one of them, and
    with a chance of .8 one of its partner's kind, at which they did not look for long. Staples
    are in every second basket, whatever else is."""
    random = np.random.default_rng(0)
    done: list[tuple[int, float, int, Event]] = []
    for shopper in range(60):
        for trip in range(30):
            day = float(trip * 7 + random.uniform(0, 5))
            kind = int(random.integers(KINDS))
            looked = random.permutation(EACH)[: int(random.integers(2, 4))] + kind * EACH
            done += [
                (shopper, day + at * MINUTE, int(item), Event.VIEW_ITEM)
                for at, item in enumerate(looked)
            ]
            basket = [int(random.choice(looked))]
            if random.random() < 0.8:
                basket.append(int(random.integers(EACH)) + partner(kind) * EACH)
            basket += [KINDS * EACH + staple for staple in range(STAPLES) if random.random() < 0.5]
            done += [(shopper, day + 10 * MINUTE, item, Event.PURCHASE) for item in basket]
    return log_of(done, N_ITEMS)


@pytest.fixture(scope="module")
def complements(market: Interactions) -> FittedComplements:
    with Silent().step("fit") as step:
        return Complements().fit(market, AS_OF, step)


@pytest.fixture(scope="module")
def substitutes(market: Interactions) -> FittedSubstitutes:
    with Silent().step("fit") as step:
        return Substitutes().fit(market, AS_OF, step)


@pytest.mark.parametrize("item", range(KINDS * EACH))
def test_what_is_bought_with_it_is_told_from_what_is_bought_instead(
    item: int, complements: FittedComplements, substitutes: FittedSubstitutes
) -> None:
    one = np.array([item])
    with_it = complements.of_items(one, np.ones(1)).best(3).items.tolist()
    assert {kind_of(each) for each in with_it} == {partner(kind_of(item))}
    instead = substitutes.of_items(one, np.ones(1)).items.tolist()
    others = set(range(kind_of(item) * EACH, (kind_of(item) + 1) * EACH)) - {item}
    assert set(instead) == others


def test_what_is_in_every_basket_completes_none(
    market: Interactions, complements: FittedComplements
) -> None:
    """Staples share more baskets with each item than anything else does, and come after what
    belongs to it: the four of its partner's kind."""
    bought = market.of_kinds(Event.PURCHASE)
    baskets = met_in(bought, 30, 1).toarray()
    for item in range(KINDS * EACH):
        together = baskets[baskets[:, item] > 0].sum(axis=0)
        together[item] = 0
        assert int(together.argmax()) >= KINDS * EACH, "by counts it would be a staple"
        first = complements.of_items(np.array([item]), np.ones(1)).best(1).items[0]
        assert kind_of(int(first)) == partner(kind_of(item))


def test_the_residual_is_that_of_the_configuration_model(
    log_of: Callable[..., Interactions],
) -> None:
    """Baskets {0, 1}, {0, 1, 2}, {0}: 5 + 1 entries, sum of size (size - 1) = 2 + 6 + 0 = 8.

    Items 0 and 1 stand in 3 and 2 baskets: 3 * 2 * 8 / 36 = 4/3 expected, 2 seen.
    """
    log = log_of([(0, 1, 0), (0, 1, 1), (0, 5, 0), (0, 5, 1), (0, 5, 2), (0, 9, 0)], 3)
    with Silent().step("") as step:
        (found,) = residuals(met_in(log, 30, 1), 0.0, 2, step)
    pairs = dict(
        zip(zip(found.item.tolist(), found.other.tolist(), strict=True), found.weight, strict=True)
    )
    assert set(pairs) == {(0, 1), (1, 0)}
    assert pairs[0, 1] == pytest.approx((2 - 4 / 3) / np.sqrt(4 / 3))


def test_without_views_nothing_stands_in(market: Interactions) -> None:
    with Silent().step("fit") as step:
        model = Substitutes().fit(market.of_kinds(Event.PURCHASE), AS_OF, step)
    assert len(model.target) == 0
