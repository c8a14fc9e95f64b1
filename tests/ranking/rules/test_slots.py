"""Of banners that share a slot one is shown, with the chance that it is the one clicked most."""

import numpy as np
import pytest

from mercato.ranking.rules.actions import Banner
from mercato.ranking.rules.slots import BannerClicks, Placed, placed

ALONE = Banner("alone", id="alone")
ONE, OTHER = Banner("one", slot="top", id="one"), Banner("other", slot="top", id="other")
BELOW = Banner("below", slot="below", id="below")


def test_a_slot_shows_one_where_its_first_stands() -> None:
    every = [BELOW, ONE, ALONE, OTHER]
    for seed in range(5):
        first, second, third = placed(every, BannerClicks(), np.random.default_rng(seed))
        assert (first, third) == (Placed(BELOW), Placed(ALONE))
        assert second.banner in (ONE, OTHER)
        assert second.propensity == pytest.approx(0.5, abs=1e-9)  # nothing is known of either


def test_the_chance_is_that_of_being_the_best() -> None:
    # Beliefs Beta(2, 1) and Beta(1, 2): the integral of 2x (1 - (1 - x)^2) is 4/3 - 1/2 = 5/6.
    clicks = BannerClicks({"one": 1, "other": 1}, {"one": 1})
    assert clicks.chances(("one", "other")) == pytest.approx([5 / 6, 1 / 6], abs=1e-9)
    random = np.random.default_rng(0)
    found = [placed([ONE, OTHER], clicks, random)[0] for _ in range(2_000)]
    shown = sum(each.banner is ONE for each in found)
    assert shown == pytest.approx(2_000 * 5 / 6, abs=4 * (2_000 * 5 / 36) ** 0.5)
    told = {each.banner.id: each.propensity for each in found}
    assert told == pytest.approx({"one": 5 / 6, "other": 1 / 6}, abs=1e-9)
