"""Links between items against dense matrices."""

import numpy as np

from mercato.models.item_links import ItemLinks, follow, strongest


def random_links(n: int, seed: int) -> tuple[ItemLinks, np.ndarray]:
    random = np.random.default_rng(seed)
    dense = random.normal(size=(n, n)) * (random.random((n, n)) < 0.2)
    dense = dense.astype(np.float16)
    source, target = np.nonzero(dense)
    offsets = np.searchsorted(source, np.arange(n + 1))
    links = ItemLinks(offsets, target.astype(np.int32), dense[source, target])
    return links, dense.astype(np.float64)


def test_follow_is_a_product_of_matrices() -> None:
    links, dense = random_links(30, seed=1)
    items, weights = np.array([3, 11, 29]), np.array([1, 0.5, 2], np.float32)
    found = follow(links, items, weights)
    expected = weights @ dense[items]
    assert found.items.tolist() == np.flatnonzero(expected).tolist()
    assert np.allclose(found.scores, expected[found.items], rtol=1e-3)


def test_strongest_is_the_largest_product() -> None:
    links, dense = random_links(30, seed=2)
    items, weights = np.array([0, 7, 8, 21]), np.array([1, 3, 0.5, 1], np.float32)
    targets = np.random.default_rng(0).permutation(30)
    products = weights[:, None] * dense[np.ix_(items, targets)]
    expected = np.where(products.max(axis=0) > 0, items[products.argmax(axis=0)], -1)
    assert strongest(links, items, weights, targets).tolist() == expected.tolist()
    assert -1 in expected
    assert len(set(expected.tolist())) > 2


def test_nothing_leads_nowhere() -> None:
    links, _ = random_links(5, seed=3)
    none, no_weights = np.zeros(0, np.int64), np.zeros(0, np.float32)
    assert len(follow(links, none, no_weights).items) == 0
    assert strongest(links, none, no_weights, np.array([1, 2])).tolist() == [-1, -1]
