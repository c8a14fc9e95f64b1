"""Items of a shop in the codes that a transformer was taught."""

import numpy as np

from mercato.models.shopper_transformer.described import Description


def test_codes_of_this_release_and_of_newer_items() -> None:
    """Brands 7 and 5; kinds 90, 80 and none; prices from 1 to 20, one of them unknown."""
    keys = np.array([[7, 90], [5, 80], [7, 0]] * 8, np.uint32)
    price = np.append(np.arange(1, 24, dtype=float), np.nan)
    description = Description.of(keys, price)
    assert description.keys.tolist() == [5, 7, 80, 90]
    assert description.sizes.tolist() == [2, 2]
    told = description.content(
        np.array([[5, 90], [7, 80], [6, 0]], np.uint32),
        np.array([0.5, 1_000, np.nan]),
        np.zeros((3, 2), np.float32),
    )
    told.check(3)
    assert told.codes[:, :2].tolist() == [[1, 2], [2, 1], [0, 0]], "6 is no brand that was seen"
    bands = len(description.bands)
    assert told.codes[:, 2].tolist() == [1, bands + 1, 0]
    assert told.sizes.tolist() == [3, 3, bands + 2]


def test_a_shop_that_tells_nothing() -> None:
    description = Description.of(np.zeros((4, 2), np.uint32), np.full(4, np.nan))
    told = description.content(
        np.array([[3, 3]], np.uint32), np.array([1.0]), np.zeros((1, 0), np.float32)
    )
    told.check(1)
    assert told.codes[0, :2].tolist() == [0, 0]
