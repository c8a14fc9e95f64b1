"""What a bandit shows, and how likely that was."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """propensity : the chance with which the arm was chosen, to be logged with the answer"""

    arm: int
    propensity: float


@dataclass(frozen=True)
class Chances:
    """Of each arm to be chosen.

    values : (n_arms,) that make 1
    error  : how far any may be from the true one
    """

    values: Floats
    error: float


def drawn(chances: Floats, random: np.random.Generator) -> Choice:
    """An arm with exactly these chances (n_arms,), which make 1."""
    ends = np.cumsum(chances)
    arm = int(np.searchsorted(ends, random.random() * ends[-1], side="right"))
    return Choice(arm, float(chances[arm]))


def explored(chances: Floats, share: float) -> Floats:
    """(n_arms,) with ``share`` spread evenly, so that no arm has less than share / n_arms: what is
    never shown can never be told of from the log."""
    return np.asarray((1 - share) * chances + share / len(chances))
