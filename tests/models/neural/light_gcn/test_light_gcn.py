"""LightGCN against its own formula on dense matrices, and what its losses learn."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.fitted import FORGETTING, FittedLightGcn
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.neural.light_gcn.network import LightGcnNetwork, Pairs, scaled_graph
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld
from mercato.models.preference import preferences

AS_OF = 100 * MICROSECONDS_PER_DAY
PAIRS = Pairs(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 3]))


def fit(model: LightGcn, log: Interactions) -> FittedLightGcn:
    with Silent().step("fit") as step:
        return model.fit(log, AS_OF, step)


@pytest.fixture(scope="module")
def halves(log_of: Callable[..., Interactions]) -> Interactions:
    """Even shoppers meet even items, but for the one of their own number."""
    done = [
        (user, 50.0, item)
        for user in range(20)
        for item in range(20)
        if item % 2 == user % 2 and item != user
    ]
    return log_of(done, 20)


def network_of(passing: Passing) -> LightGcnNetwork:
    met = np.bincount(PAIRS.item, minlength=4)
    return LightGcnNetwork(passing, PAIRS, RowsHeld.all_of(3), met, Processes(), 0)


def test_layers_are_those_of_the_formula() -> None:
    """E(l + 1) = D^-1/2 A D^-1/2 E(l) over the whole graph of shoppers and items."""
    network = network_of(Passing(width=4, layers=2, own=True))
    whole = np.zeros((7, 7))
    whole[PAIRS.shopper, 3 + PAIRS.item] = 1
    whole += whole.T
    root = 1 / np.sqrt(whole.sum(1))
    scaled = root[:, None] * whole * root
    expected = torch.cat([network.shoppers, network.items]).detach().numpy()
    for shoppers, items in network.layers():
        assert np.allclose(torch.cat([shoppers, items]).detach().numpy(), expected, atol=1e-6)
        expected = scaled @ expected


def test_gradients_go_back_along_the_graph() -> None:
    network = network_of(Passing(width=2, layers=1))
    shoppers, _ = network.layers()[1]
    shoppers[0].sum().backward()
    # Shopper 0 met items 0 (of one shopper) and 1 (of two).
    expected = np.array([1 / np.sqrt(2), 1 / 2, 0, 0])[:, None].repeat(2, 1)
    assert np.allclose(network.items.grad.numpy(), expected, atol=1e-6)


def test_noise_has_its_length_and_stays_in_the_orthant() -> None:
    network = network_of(Passing(width=8, layers=1))
    plain, noisy = network.layers()[1][1], network.layers(0.1)[1][1]
    apart = (noisy - plain).detach()
    known = plain.abs().sum(1) > 0
    assert np.allclose(apart[known].norm(dim=1).numpy(), 0.1, atol=1e-5)
    assert (apart * plain >= 0).all()


@pytest.mark.parametrize("own", [True, False])
def test_served_shoppers_are_those_of_the_network(own: bool, halves: Interactions) -> None:
    """What one's items pass on, with one's own vector, is the mean over the layers."""
    model = LightGcn(
        Passing(width=8, layers=3, own=own),
        Loss(kind="bpr"),
        Examples(batch=64),
        Learning(passes=1, weight_decay=0.0),
    )
    fitted = fit(model, halves)
    found = preferences(halves, AS_OF, FORGETTING)
    met = np.bincount(found.item, minlength=20)
    pairs = Pairs(np.repeat(np.arange(20), np.diff(found.offsets)), found.item.astype(np.int64))
    items = torch.from_numpy(fitted.items)
    shoppers = np.linalg.lstsq(items.numpy(), fitted.many(found, slice(0, 20)).T, rcond=None)[0].T
    assert len(fitted.shoppers) == (20 if own else 0)
    with torch.no_grad():
        # The served items are the means of these layers, so the first layer can be told back.
        scaled = scaled_graph(pairs, 20, met).toarray()
        whole = np.block([[np.zeros((20, 20)), scaled], [scaled.T, np.zeros((20, 20))]])
        powers = [np.linalg.matrix_power(whole, power) for power in range(4)]
    spread = np.mean(powers, axis=0)
    begun_items = np.linalg.lstsq(
        spread[20:, 20:], fitted.items - spread[20:, :20] @ _begun(fitted, own), rcond=None
    )[0]
    expected = spread[:20] @ np.vstack([_begun(fitted, own), begun_items])
    assert np.allclose(shoppers @ fitted.items.T, expected @ fitted.items.T, atol=1e-4)


def _begun(fitted: FittedLightGcn, own: bool) -> np.ndarray:
    """(20, width) what shoppers began with: their own vectors are a fourth of it."""
    return fitted.shoppers * 4 if own else np.zeros((20, fitted.items.shape[1]))


@pytest.mark.parametrize("loss", [Loss(kind="bpr"), Loss(contrast=0.1)])
def test_each_loss_finds_the_item_that_is_missing(loss: Loss, halves: Interactions) -> None:
    model = LightGcn(
        Passing(width=16, layers=2),
        loss,
        Examples(batch=64, held=5),
        Learning(passes=8, learning_rate=0.03, weight_decay=0.0, checks=1),
    )
    fitted = fit(model, halves)
    for shopper in range(20):
        met = set(halves.of(shopper).item.tolist())
        ranked = fitted.candidates(halves.of(shopper), 20).items.tolist()
        assert next(item for item in ranked if item not in met) == shopper
    assert len(fitted.outcome.worths) == 1
