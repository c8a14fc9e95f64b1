"""Items drawn as what did not come next."""

import numpy as np
import pytest

from mercato.models.shopper_transformer.drawing import Drawing


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_corrected_sums_are_those_over_all_items(power: float) -> None:
    """What log-Q is for: the sum over those drawn of exp(logit + correction) is, on average, the
    sum over all of exp(logit)."""
    random = np.random.default_rng(0)
    events = random.integers(1, 100, 50)
    logits = random.normal(0, 1, 50)
    drawing = Drawing(events, power)
    sums = []
    for _ in range(2_000):
        found = drawing.draw(30, random, log_q=True)
        sums.append(np.exp(logits[found.item] + found.correction).sum())
    expected = np.exp(logits).sum()
    error = np.std(sums) / np.sqrt(len(sums))
    assert np.mean(sums) == pytest.approx(expected, abs=4 * error)
    assert error < expected / 50


def test_drawn_by_their_events() -> None:
    """Of 4 and 1 events, to the power 1/2: twice as often."""
    found = Drawing(np.array([4, 0, 1]), 0.5).draw(30_000, np.random.default_rng(0), log_q=False)
    assert found.item.tolist() == [0, 2]
    # Without a correction, the logarithm of how often each came.
    assert np.exp(found.correction) == pytest.approx([20_000, 10_000], rel=0.03)
