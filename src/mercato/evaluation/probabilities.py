"""How well probabilities are told: their order (AUC), their worth (log loss), their honesty
(calibration), each with an interval over shoppers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.evaluation.intervals import Estimate

_RESAMPLES = 1_000
_LEVEL = 0.95


def auc(
    scores: NDArray[np.floating],
    labels: NDArray[np.bool_],
    weight: NDArray[np.floating] | None = None,
) -> float:
    """The chance that a positive scores above a negative, equal scores counted half.

    Exact, by ranks (Hanley & McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747).
    weight : (n,) how often each row counts. Raises BadInput where there is one kind alone.
    """
    if not (0 < labels.sum() < len(labels)):
        raise BadInput(
            "positives and negatives", f"{int(labels.sum())} of {len(labels)} positive", "Ask more."
        )
    return _Ordered.of(scores, labels).auc(np.ones(len(labels)) if weight is None else weight)


def log_loss(log_odds: NDArray[np.floating], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) minus the log of the chance that was given to what happened."""
    odds = np.asarray(log_odds, np.float64)
    return np.asarray(np.logaddexp(0, np.where(labels, -odds, odds)))


@dataclass(frozen=True)
class Bin:
    """Rows of like probabilities.

    told     : mean probability
    happened : share of positives
    """

    told: float
    happened: float
    rows: int


def calibration(
    chances: NDArray[np.floating], labels: NDArray[np.bool_], bins: int = 10
) -> tuple[Bin, ...]:
    """Equally many rows a bin, by rising probability."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple(
        Bin(float(chances[part].mean()), float(labels[part].mean()), len(part)) for part in parts
    )


def calibration_error(
    chances: NDArray[np.floating], labels: NDArray[np.bool_], bins: int = 10
) -> float:
    """The mean distance between what was told and what happened, over equally full bins (Naeini et
    al. 2015, https://doi.org/10.1609/aaai.v29i1.9602)."""
    found = calibration(chances, labels, bins)
    return sum(abs(each.told - each.happened) * each.rows for each in found) / len(labels)


@dataclass(frozen=True)
class _Ordered:
    """Rows by rising score.

    order : (n,) row numbers; ends: where each run of equal scores ends
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    positive: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: NDArray[np.floating], labels: NDArray[np.bool_]) -> "_Ordered":
        order = np.argsort(scores, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
        return cls(order, ends, labels[order])

    def auc(self, weight: NDArray[np.floating] | NDArray[np.integer]) -> float:
        ordered = weight[self.order]
        positives = np.diff(np.cumsum(ordered * self.positive)[self.ends], prepend=0.0)
        up_to = np.cumsum(ordered * ~self.positive)[self.ends]
        negatives = np.diff(up_to, prepend=0.0)
        below = positives @ (up_to - negatives / 2)
        return float(below / (positives.sum() * up_to[-1]))


def auc_interval(
    scores: NDArray[np.floating],
    labels: NDArray[np.bool_],
    shopper: NDArray[np.integer],
    others: NDArray[np.floating] | None = None,
    *,
    resamples: int = _RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """The AUC, or how much it is higher than that of ``others`` (n,), with its percentile interval
    where shoppers are drawn anew, each with all of their rows.

    shopper : (n,) whose each row is. Raises BadInput where there is one kind of rows alone.
    """
    auc(scores, labels)
    ordered = [_Ordered.of(each, labels) for each in (scores, others) if each is not None]

    def told(weight: NDArray[np.floating] | NDArray[np.integer]) -> float:
        first, *second = (each.auc(weight) for each in ordered)
        return first - sum(second)

    whose = np.unique(shopper, return_inverse=True)[1]
    n = int(whose.max()) + 1
    random = np.random.default_rng(seed)
    values = [
        told(np.bincount(random.integers(0, n, n), minlength=n)[whose]) for _ in range(resamples)
    ]
    low, high = np.quantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(told(np.ones(len(labels))), float(low), float(high), n)


def mean_interval(
    values: NDArray[np.floating], shopper: NDArray[np.integer], *, resamples: int = _RESAMPLES
) -> Estimate:
    """The mean over rows (n,), as of the log loss, with its interval over shoppers as above."""
    whose = np.unique(shopper, return_inverse=True)[1]
    sums, rows = np.bincount(whose, values), np.bincount(whose)
    n = len(rows)
    random = np.random.default_rng(0)
    drawn = [random.integers(0, n, n) for _ in range(resamples)]
    means = [sums[each].sum() / rows[each].sum() for each in drawn]
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(float(values.mean()), float(low), float(high), n)
