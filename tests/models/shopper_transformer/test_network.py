"""The network in torch, and the same as it is served."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.searches import Searches
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import Read, read_events
from mercato.models.shopper_transformer.learned import content_of, exported, tables
from mercato.models.shopper_transformer.network import Batch, ItemVectors, ShopperNetwork
from mercato.models.shopper_transformer.settings import Inputs, Shape

ITEMS = 12
LONGEST = 24

PLAIN = Shape(mean=0.0, cosine=0.0)
SHAPES = {
    "plain": PLAIN,
    "post": replace(PLAIN, norm="post"),
    "absolute": replace(PLAIN, positions="absolute"),
    "mean": replace(PLAIN, mean=0.4),
    "default": Shape(),
    "pointwise": replace(PLAIN, block="pointwise"),
    "pointwise absolute": Shape(block="pointwise", positions="absolute"),
}


TOLD = ItemContent(
    np.random.default_rng(0).normal(size=(ITEMS, 6)).astype(np.float32),
    np.arange(ITEMS)[:, None] % 3,
    np.array([3]),
)


def made(name: str, inputs: Inputs) -> ShopperNetwork:
    """With all weights at random, those that begin at zero too."""
    shape = SHAPES[name]
    small = {**vars(shape), "width": 16, "heads": 4, "longest": LONGEST}
    torch.manual_seed(1)
    shape = Shape(**small)
    told = TOLD if inputs.content else ItemContent.none(ITEMS)
    items = ItemVectors(shape, inputs, np.ones(ITEMS, bool), told)
    network = ShopperNetwork(shape, inputs, items)
    with torch.no_grad():
        for each in network.parameters():
            each.add_(torch.randn_like(each) * 0.3)
    return network.eval()


def batch(read: Read, rows: list[list[int]]) -> Batch:
    """A row holds the given shoppers' events, one behind the other."""
    at, piece, place = (np.zeros((len(rows), LONGEST), np.int64) for _ in range(3))
    for row, shoppers in enumerate(rows):
        filled = 0
        for number, shopper in enumerate(shoppers):
            own = np.arange(*read.offsets[shopper : shopper + 2])
            part = slice(filled, filled + len(own))
            at[row, part], piece[row, part] = own, number + 1
            place[row, part] = np.arange(len(own))
            filled += len(own)
    fields = (np.maximum(read.item[at], 0), read.kind[at], read.gap[at], read.ts[at], piece, place)
    fields += (read.channel[at], read.search[at]) if len(read.texts) else ()
    texts = torch.from_numpy(read.texts) if len(read.texts) else None
    return Batch(torch.arange(ITEMS), *(torch.from_numpy(each) for each in fields), texts=texts)


def states(network: ShopperNetwork, given: Batch) -> NDArray[np.float32]:
    with torch.no_grad():
        return network(given, network.items(given.items)).numpy()


def with_searches(log: Interactions) -> Interactions:
    """Each shopper, whose events are cut at eight, searches twice among them; in three channels."""
    random = np.random.default_rng(1)
    log = log.where(
        np.arange(len(log.item)) - np.repeat(log.offsets[:-1], np.diff(log.offsets)) < 8
    )
    places = log.offsets[:-1, None] + np.array([0, 2])
    n = 2 * log.n_users
    asked = Searches(
        np.arange(log.n_users + 1) * 2,
        log.ts[places].ravel() + 1,
        random.integers(0, 5, n).astype(np.int32),
        random.integers(0, 3, n).astype(np.int16),
        np.arange(5),
        random.normal(size=(5, 6)).astype(np.float32),
    )
    channel = random.integers(0, 3, len(log.item)).astype(np.int16)
    return replace(log, channel=channel, searches=asked)


@pytest.fixture(scope="module")
def read(browsing: Interactions) -> Read:
    return read_events(browsing, kinds=True, gaps=True)


@pytest.mark.parametrize("name", SHAPES)
def test_shoppers_in_a_row_do_not_see_each_other(name: str, read: Read) -> None:
    network = made(name, Inputs())
    lengths = np.diff(read.offsets)
    first, second = np.flatnonzero(lengths <= LONGEST // 2)[:2].tolist()
    together = states(network, batch(read, [[first, second]]))[0]
    alone = states(network, batch(read, [[first], [second]]))
    n, m = lengths[first], lengths[second]
    np.testing.assert_allclose(together[:n], alone[0, :n], atol=1e-5)
    np.testing.assert_allclose(together[n : n + m], alone[1, :m], atol=1e-5)


@pytest.mark.parametrize("name", SHAPES)
def test_what_comes_later_is_not_seen(name: str, read: Read) -> None:
    network = made(name, Inputs())
    shopper = int(np.argmax(np.diff(read.offsets) == 10))
    given = batch(read, [[shopper]])
    before = states(network, given)
    given.item[0, 5] = (given.item[0, 5] + 1) % ITEMS
    after = states(network, given)
    np.testing.assert_array_equal(before[0, :5], after[0, :5])
    assert (np.abs(before[0, 5:10] - after[0, 5:10]).max(1) > 1e-4).all()


@pytest.mark.parametrize(
    "inputs",
    [
        Inputs(),
        Inputs(kinds=False, gaps=False),
        Inputs(content=True, searches=True, channel=True),
    ],
    ids=["all", "items", "searches"],
)
@pytest.mark.parametrize("name", SHAPES)
def test_served_it_says_what_torch_says(name: str, inputs: Inputs, browsing: Interactions) -> None:
    """At once, and event by event; within 1e-4."""
    network = made(name, inputs)
    how = {"searches": inputs.searches, "channel": inputs.channel}
    read = read_events(with_searches(browsing), kinds=inputs.kinds, gaps=inputs.gaps, **how)
    assert (read.search >= 0).any() == inputs.searches
    served, known = exported(network), tables(network, np.ones(ITEMS, bool))
    content = content_of(network.items, TOLD, 16, unit=bool(network.shape.cosine))
    for shopper in range(6):
        part = slice(*read.offsets[shopper : shopper + 2])
        expected = states(network, batch(read, [[shopper]]))[0]
        events, ts = known.events(read, part, 0, content), read.ts[part]
        np.testing.assert_allclose(served.state(events, ts), expected[len(ts) - 1], atol=1e-4)
        past = served.nothing
        for place in range(len(ts)):
            one = slice(part.start + place, part.start + place + 1)
            state, past = served.read(known.events(read, one, place, content), read.ts[one], past)
            np.testing.assert_allclose(state, expected[place], atol=1e-4)


def test_an_item_that_nobody_met_has_no_vector_of_its_own() -> None:
    known = np.arange(ITEMS) < 10
    told = ItemContent(
        np.eye(ITEMS, dtype=np.float32),
        np.ones((ITEMS, 1), np.int64),
        np.array([2]),
    )
    shape, inputs = replace(PLAIN, width=16), Inputs(content=True)
    network = ShopperNetwork(shape, inputs, ItemVectors(shape, inputs, known, told)).eval()
    with torch.no_grad():
        vectors = network.items(torch.arange(ITEMS))
        content = network.items.project.weight.T + network.items.codes.weight[1]
        own = network.items.own.weight
    torch.testing.assert_close(vectors[10:], content[10:])
    torch.testing.assert_close(vectors[:10], content[:10] + own[:10])
