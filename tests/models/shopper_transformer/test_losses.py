"""Losses against torch's own over all logits at once, and against their definitions."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mercato.models.shopper_transformer import losses
from mercato.models.shopper_transformer.losses import (
    calibrated_log_loss,
    full_softmax,
    gbce_beta,
    sampled_softmax,
)

N, ITEMS, WIDTH = 70, 40, 8


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def target() -> Tensor:
    return torch.randint(ITEMS, (N,), generator=torch.Generator().manual_seed(2))


def same(found: Tensor, expected: Tensor, *inputs: Tensor) -> None:
    """Values and gradients."""
    torch.testing.assert_close(found, expected)
    for one, other in zip(
        torch.autograd.grad(found, inputs, retain_graph=True),
        torch.autograd.grad(expected, inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("at_once", [1, 100_000])
def test_full_softmax_is_torchs(
    monkeypatch: pytest.MonkeyPatch, at_once: int, smoothing: float
) -> None:
    """In blocks of 16 rows, or in one."""
    monkeypatch.setattr(losses, "_AT_ONCE", {"cpu": at_once})
    states, vectors = drawn(N, WIDTH), drawn(ITEMS, WIDTH, seed=1)
    expected = functional.cross_entropy(states @ vectors.T, target(), label_smoothing=smoothing)
    same(full_softmax(states, vectors, target(), smoothing), expected, states, vectors)


def test_sampled_softmax_is_that_of_the_next_item_and_those_drawn() -> None:
    states, positive, others = drawn(N, WIDTH), drawn(N, WIDTH, seed=1), drawn(20, WIDTH, seed=3)
    correction = drawn(20, seed=4).detach()
    # The first ten rows' next item is among those drawn, at their own number.
    banned = torch.full((N,), -1)
    banned[:10] = torch.arange(10)
    logits = states @ others.T + correction
    hidden = torch.zeros(N, 20, dtype=torch.bool)
    hidden[torch.arange(10), torch.arange(10)] = True
    own = (states * positive).sum(1, keepdim=True)
    all_of_them = torch.cat([own, logits.masked_fill(hidden, -torch.inf)], 1)
    expected = functional.cross_entropy(all_of_them, torch.zeros(N, dtype=torch.int64))
    found = sampled_softmax(states, positive, others, correction, banned)
    same(found, expected, states, positive, others)


def test_all_that_was_drawn_is_the_next_item() -> None:
    states, vector = drawn(2, WIDTH), drawn(1, WIDTH, seed=1)
    positive = vector.expand(2, -1)
    found = sampled_softmax(states, positive, vector, torch.zeros(1), torch.zeros(2).long())
    assert found.item() == pytest.approx(0, abs=1e-6)
    assert torch.isfinite(torch.autograd.grad(found, states)[0]).all()


def test_gbce_is_its_definition() -> None:
    """-log(sigmoid(own) ** beta) - sum of log(1 - sigmoid(others)), others but the next item."""
    states, positive, others = drawn(3, WIDTH), drawn(3, WIDTH, seed=1), drawn(4, WIDTH, seed=3)
    banned = torch.tensor([-1, 2, -1])
    own = torch.sigmoid((states * positive).sum(1))
    chances = torch.sigmoid(states @ others.T)
    counted = torch.ones(3, 4)
    counted[1, 2] = 0
    expected = (-torch.log(own**0.3) - (torch.log(1 - chances) * counted).sum(1)).mean()
    found = calibrated_log_loss(states, positive, others, banned, 0.3)
    same(found, expected, states, positive, others)


@pytest.mark.parametrize(
    ("negatives", "n_items", "calibration", "beta"),
    # Ten of a hundred others are drawn, so the share is a tenth.
    [(10, 101, 0.0, 1.0), (10, 101, 1.0, 0.1), (10, 101, 0.75, 0.1 * (0.75 * -9 + 10))],
)
def test_beta(negatives: int, n_items: int, calibration: float, beta: float) -> None:
    assert gbce_beta(negatives, n_items, calibration) == pytest.approx(beta)


def test_half_precision_loses_little() -> None:
    states, vectors = drawn(N, WIDTH), drawn(ITEMS, WIDTH, seed=1)
    exact = full_softmax(states, vectors, target(), 0.0)
    with torch.autocast("cpu", torch.bfloat16):
        rough = full_softmax(states, vectors, target(), 0.0)
    assert rough.dtype == torch.float32
    assert rough.item() == pytest.approx(exact.item(), rel=0.01)
    assert rough.item() != exact.item()
