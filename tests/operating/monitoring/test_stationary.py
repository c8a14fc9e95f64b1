"""How often monitors alarm of shops in which nothing changes, and of those that lose buyers."""

import numpy as np
import pytest

from bench.returning import Shops, simulated
from mercato.data.engines import open_engine
from mercato.operating.monitoring.conversion import Conversion, conversion_of
from mercato.operating.monitoring.showing import days_of, shown_lately

SHOPS = 200


def looked_at(seed: int, shops: int, done: Shops) -> list[Conversion]:
    """The newest day of each shop, through the log as monitors read it."""
    tables = simulated(np.random.default_rng(seed), shops, done)
    with open_engine() as engine:
        read = {name: engine.arrow(table) for name, table in tables.items()}
        rows = shown_lately(engine, read, most=10**9)
    found = [conversion_of(times) for times in days_of(rows)]
    return [each for each in found if each is not None]


def test_shoppers_who_return_and_buy_later_raise_no_alarm() -> None:
    """On Sundays, one of which is judged, a third fewer buy. They buy later too, which answers of
    long ago had time for, and are known as visitors or as users."""
    found = looked_at(1, SHOPS, Shops(weekend=0.67))
    assert len(found) == SHOPS
    assert sum(each.is_fewer() for each in found) <= 2, "one day in a thousand"
    # Three standard deviations of a share of 200 above .05.
    assert np.mean([each.is_fewer(0.05) for each in found]) <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_both_sides_had_as_long_to_buy() -> None:
    found = looked_at(2, 30, Shops())
    ratio = np.mean([each.now for each in found]) / np.mean([each.expected for each in found])
    # 30 shops of 150 shoppers, of whom a tenth buys: 450 are known within 5%; twice that.
    assert ratio == pytest.approx(1, abs=0.1)


def test_a_shop_that_loses_all_its_buyers_is_told_of() -> None:
    found = looked_at(3, 30, Shops(lost=1.0))
    assert np.mean([each.is_fewer() for each in found]) > 0.7
