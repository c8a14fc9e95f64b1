"""Hyperparameters looked for within a time."""

from typing import Any

import pytest

from mercato.core.errors import BadInput
from mercato.core.progress import Silent
from mercato.models.neural.search import Found, search


def looked(most: int, minutes: float = 1.0) -> Found[tuple[float, str]]:
    """The best is at 3, of kind b."""

    def proposed(trial: Any) -> tuple[float, str]:
        return trial.suggest_float("x", 0, 10), trial.suggest_categorical("kind", ["a", "b"])

    with Silent().step("look") as step:
        return search(
            proposed,
            lambda model: -((model[0] - 3) ** 2) - (model[1] == "a"),
            minutes,
            step,
            most=most,
        )


def test_finds_what_is_good() -> None:
    found = looked(30)
    assert found.tried == 30
    assert found.best[0] == pytest.approx(3, abs=0.5)
    assert found.best[1] == "b"
    assert found.worth == pytest.approx(-((found.best[0] - 3) ** 2))


def test_is_deterministic() -> None:
    assert looked(12) == looked(12)


def test_refuses_no_time() -> None:
    with pytest.raises(BadInput, match="some minutes"):
        looked(3, minutes=0)
