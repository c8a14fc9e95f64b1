"""Models fitted on logs that a test writes down."""

from collections.abc import Callable
from typing import Any

import pytest

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent


@pytest.fixture(scope="session")
def fit_at() -> Callable[..., Any]:
    """``fit_at(model, log, day)``."""

    def fit(model: Any, log: Interactions, day: float) -> Any:
        with Silent().step("fit") as step:
            return model.fit(log, round(day * MICROSECONDS_PER_DAY), step)

    return fit
