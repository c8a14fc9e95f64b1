"""The blend against its two halves, asked apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mercato.core.history import Interactions
from mercato.models.neural.learning import Learning
from mercato.models.next_item_blend import NextItemBlend
from mercato.models.session_blend import SessionBlend
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Shape


def test_is_the_weighted_sum_of_chances(
    log_of: Callable[..., Interactions], fit_at: Callable[..., Any]
) -> None:
    random = np.random.default_rng(4)
    done = zip(random.integers(0, 30, 300), random.zipf(1.3, 300) % 20, strict=True)
    log = log_of([(int(u), 1, int(i)) for u, i in done], 21)
    network = ShopperTransformer(
        Shape(width=8, layers=1, longest=8), examples=Examples(batch=64), learning=Learning(2)
    )
    sessions = SessionBlend()
    blend = fit_at(NextItemBlend(0.3, network, sessions), log, 3)
    logits, shares = (fit_at(half, log, 3).score(log) for half in (network, sessions))
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    shares = np.where(np.isfinite(shares), shares, 0)
    shares /= shares.sum(1, keepdims=True)
    found = blend.score(log)
    expected = 0.7 * chances + 0.3 * shares
    np.testing.assert_allclose(np.where(np.isfinite(found), found, 0), expected, atol=1e-6)


def test_settings_of_learning_are_those_of_its_network() -> None:
    blend = NextItemBlend().within(3).seeded(7).on("cuda")
    learning = blend.network.learning
    assert (learning.minutes, learning.seed, learning.device) == (3, 7, "cuda")
