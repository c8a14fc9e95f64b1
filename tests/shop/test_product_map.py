"""Places on the map: near stays near, nothing overlaps, nothing leaves it."""

import numpy as np

from mercato.shop.product_map import WIDE, _flat, _pushed_apart


def test_clusters_stay_together_and_nothing_overlaps() -> None:
    chance = np.random.default_rng(3)
    # Two far groups of ten categories each, in 16 dimensions.
    groups = np.repeat(np.eye(16)[:2], 10, axis=0) + 0.05 * chance.standard_normal((20, 16))
    units = groups / np.linalg.norm(groups, axis=1, keepdims=True)
    radius = np.linspace(0.03, 0.08, 20)
    places = _pushed_apart(_flat(units), radius)
    between = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    apart = between - radius[:, None] - radius[None, :] + 9 * np.eye(20)
    assert apart.min() > -0.005
    assert (places >= radius[:, None] - 1e-9).all()
    assert (places <= [WIDE, 1.0] - radius[:, None] + 1e-9).all()
    # The first component tells the groups apart: all of one stand on the same side.
    sides = places[:, 0] > WIDE / 2
    assert len(set(sides[:10])) == len(set(sides[10:])) == 1
    assert sides[0] != sides[10]
