"""What off-policy estimators are computed from: rewards, and how likely they were to be seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Logged:
    """What was shown, and what came of it.

    reward : (n,) of what was shown
    weight : (n,) the chance that the policy asked about shows the same, over that of the policy
             that showed it: the importance weight
    unit   : (n,) int from 0 without a gap, whose each row is; rows of one are drawn together
    """

    reward: Floats
    weight: Floats
    unit: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        reward: NDArray[np.floating],
        propensity: NDArray[np.floating],
        target: NDArray[np.floating],
        unit: NDArray[np.integer] | None = None,
    ) -> "Logged":
        """From chances of what was shown: ``propensity`` under the policy that was at work,
        ``target`` under the one asked about. Rows are units of their own where none are given.

        Raises BadInput where a chance is none, or the arrays are not as long.
        """
        _refuse_lengths(reward, propensity, target, *(() if unit is None else (unit,)))
        _refuse_beyond("a logged propensity above 0, at most 1", propensity, propensity > 0)
        _refuse_beyond("a chance from 0 to 1", target, target >= 0)
        if not np.isfinite(reward).all():
            raise BadInput("finite rewards", "one that is not", "Leave such rows out.")
        whose = np.arange(len(reward)) if unit is None else np.unique(unit, return_inverse=True)[1]
        weight = target.astype(np.float64) / propensity
        return cls(reward.astype(np.float64), weight, whose.astype(np.int64))


@dataclass(frozen=True)
class Predicted:
    """What a model of rewards says, fitted on other rows than those it speaks of (cross-fitting,
    Chernozhukov et al. 2018, https://doi.org/10.1111/ectj.12097).

    shown  : (n,) expected reward of what was shown
    target : (n,) expected reward under the policy asked about
    """

    shown: Floats
    target: Floats

    @classmethod
    def of(
        cls,
        action: NDArray[np.integer],
        chances: NDArray[np.floating],
        rewards: NDArray[np.floating],
    ) -> "Predicted":
        """From all actions: ``chances`` (n, n_actions) of the policy asked about, and expected
        ``rewards`` (n, n_actions). Raises BadInput where they do not fit."""
        _refuse_lengths(action, chances, rewards)
        if chances.shape != rewards.shape:
            raise BadInput(
                f"expected rewards of shape {chances.shape}", f"{rewards.shape}", "Predict for all."
            )
        shown = rewards[np.arange(len(action)), action]
        return cls(shown.astype(np.float64), (chances * rewards).sum(axis=1, dtype=np.float64))


def _refuse_lengths(*arrays: NDArray[np.number]) -> None:
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1 or 0 in lengths:
        raise BadInput(
            "as many of each, and at least one",
            " and ".join(map(str, sorted(lengths))),
            "Give a row to each thing that was shown.",
        )


def _refuse_beyond(expected: str, chances: NDArray[np.floating], fits: NDArray[np.bool_]) -> None:
    # Chances are often sums of floats, and so a hair above 1.
    wrong = ~(fits & (chances <= 1 + 1e-6))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise BadInput(expected, f"{chances[at]} in row {at}", "Log chances as they were.")
