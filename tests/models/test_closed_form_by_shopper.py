"""EASE by shoppers against its definition by items."""

import numpy as np
import pytest

from mercato.core.errors import NotReady
from mercato.core.progress import Silent
from mercato.models import closed_form_by_shopper
from mercato.models.preference import Preferences


def preferences_of(dense: np.ndarray) -> Preferences:
    row, item = np.nonzero(dense)
    offsets = np.searchsorted(row, np.arange(len(dense) + 1))
    return Preferences(offsets, item.astype(np.int32), dense[row, item].astype(np.float32))


@pytest.mark.parametrize("n_shoppers", [13, 60])
def test_is_the_closed_form_over_items(n_shoppers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """X B for B = I - P / diag(P), P = (X'X + 5 I)^-1, whichever of both is more."""
    monkeypatch.setattr("mercato.models.closed_form_by_shopper._BLOCK", 7)
    random = np.random.default_rng(0)
    X = (random.random((n_shoppers, 30)) < 0.2) * random.choice([0.5, 1.0], (n_shoppers, 30))
    P = np.linalg.inv(X.T @ X + 5 * np.eye(30))
    expected = X @ (np.eye(30) - P / np.diag(P))
    with Silent().step("fit") as step:
        scores = closed_form_by_shopper.shopper_scores(preferences_of(X), 30, 5.0, step)
    assert scores(slice(0, n_shoppers)) == pytest.approx(expected, abs=1e-4)
    assert scores(slice(3, 9)) == pytest.approx(expected[3:9], abs=1e-4)


def test_too_little_regularisation_is_said() -> None:
    with Silent().step("fit") as step, pytest.raises(NotReady, match="regularisation"):
        closed_form_by_shopper.shopper_scores(preferences_of(np.ones((2, 3))), 3, -6.0, step)
