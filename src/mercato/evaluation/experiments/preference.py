"""Which of two interleaved rankings shoppers prefer."""

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.effects import Effect
from mercato.evaluation.experiments.outcomes import DENOMINATOR, NUMERATOR, Moments


def preference(answers: Moments) -> Effect:
    """The mean credit of an answer, from -1 (always the first ranking) to 1 (the second), as an
    effect beside 0, so that `look` and `decide` take it.

    answers : of each unit the sum of credits and the number of its answers (`credits_of`)
    """
    count = answers.mean[..., DENOMINATOR]
    mean = answers.mean[..., NUMERATOR] / count
    gradient = np.stack([1 / count, -mean / count], axis=-1)
    spread = answers.covariance()[..., :2, :2]
    variance = np.einsum("...i,...ij,...j", gradient, spread, gradient) / answers.n
    nothing = np.zeros_like(mean)
    return Effect(nothing, mean, nothing, variance, answers.n, nothing)


def credits_of(credit: NDArray[np.integer], unit: NDArray[np.integer]) -> Moments:
    """``credit`` (n,) of answers, each 1, 0 or -1, and ``unit`` (n,) whose they were: answers to
    one shopper are no independent votes. Raises BadInput for fewer than two units."""
    whose = np.unique(unit, return_inverse=True)[1]
    if whose.max(initial=0) < 1:
        raise BadInput("answers to two shoppers or more", "fewer", "Wait for more of them.")
    sums, counts = np.bincount(whose, credit), np.bincount(whose)
    return Moments.of(np.stack([sums, counts.astype(np.float64)], axis=-1))
