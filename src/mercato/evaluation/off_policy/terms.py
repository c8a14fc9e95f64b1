"""All estimators as one form, so that intervals and comparisons are written once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mercato.core.errors import BadInput, ChecksFailed
from mercato.evaluation.off_policy.logged import Floats, Logged

LEAST_EFFECTIVE = 100
"""Below this effective sample size nothing is claimed: a handful of rows then decides, and both
kinds of interval are too short (assumed; intervals rest on the central limit theorem)."""

_DRAWS = 2_000_000
"""Numbers held in memory at once."""


@dataclass(frozen=True)
class OffPolicyEstimate:
    """The worth of a policy.

    low, high                     : ends of the asymptotic interval
    bootstrap_low, bootstrap_high : ends of the percentile interval, units drawn anew
    effective                     : effective sample size, (sum of weights)² / sum of squares
                                    (Kish 1965), of rows or of units, whichever is less: as many
                                    independent ones of weight 1 would say as much
    n                             : rows
    """

    value: float
    low: float
    high: float
    bootstrap_low: float
    bootstrap_high: float
    effective: float
    n: int

    @property
    def claims(self) -> bool:
        """Whether the log says enough for the value to be relied on."""
        return self.effective >= LEAST_EFFECTIVE

    def claimed(self) -> float:
        """The value. Raises ChecksFailed where the log says too little."""
        if not self.claims:
            raise ChecksFailed(
                f"an effective sample size of {LEAST_EFFECTIVE}",
                f"{self.effective:.1f} of {self.n} rows",
                "Log more, explore more, or ask about a policy that is more like the logged one.",
            )
        return self.value

    def to_json(self) -> dict[str, float | bool]:
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "bootstrap low": self.bootstrap_low,
            "bootstrap high": self.bootstrap_high,
            "effective": self.effective,
            "claims": self.claims,
        }


@dataclass(frozen=True)
class Terms:
    """mean(base) + sum(numerator) / sum(denominator).

    base, numerator, denominator : (n,)
    logged                       : the rows, for their weights and units
    """

    base: Floats
    numerator: Floats
    denominator: Floats
    logged: Logged

    @property
    def value(self) -> float:
        return float(self.base.mean() + self.numerator.sum() / self.denominator.sum())

    @property
    def effective(self) -> float:
        weight, unit = self.logged.weight, self.logged.unit
        return min(
            effective_size(weight), effective_size(np.bincount(unit, weight).astype(np.float64))
        )

    def influence(self) -> Floats:
        """(n,) how far each row moves the value, times n; of mean 0 (the delta method)."""
        scale = self.denominator.mean()
        ratio = self.numerator.mean() / scale
        moved = (self.numerator - ratio * self.denominator) / scale
        return np.asarray(self.base - self.base.mean() + moved)

    def standard_error(self) -> float:
        """Of the value; rows of one unit may go together in any way."""
        return _standard_error(self.influence(), self.logged.unit)

    def estimate(
        self, *, level: float = 0.95, resamples: int = 1_000, seed: int = 0
    ) -> OffPolicyEstimate:
        """With both intervals. Raises BadInput where all weights are 0."""
        if not self.logged.weight.any():
            raise BadInput(
                "something shown that the other policy shows too",
                f"no such row of {len(self.base)}",
                "Explore, or ask about a policy that is more like the logged one.",
            )
        drawn = _drawn(self, resamples, seed)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        far = float(ndtri((1 + level) / 2)) * self.standard_error()
        value, n = self.value, len(self.base)
        return OffPolicyEstimate(
            value, value - far, value + far, float(low), float(high), self.effective, n
        )


def effective_size(weight: Floats) -> float:
    """(sum of weights)² / sum of squares; 0 where all are 0."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def advantage(one: Terms, other: Terms, *, level: float = 0.95) -> OffPolicyEstimate:
    """How much more ``one`` is worth than ``other``, both told from the same rows: what they have
    in common cancels out. The effective size is the lesser of the two.

    Raises BadInput where the rows are not the same.
    """
    same = np.array_equal(one.logged.unit, other.logged.unit)
    if not (same and np.array_equal(one.logged.reward, other.logged.reward)):
        raise BadInput("two policies told from one log", "two logs", "Give the same rows to both.")
    error = _standard_error(one.influence() - other.influence(), one.logged.unit)
    far = float(ndtri((1 + level) / 2)) * error
    value = one.value - other.value
    drawn = _drawn(one, 1_000, 0) - _drawn(other, 1_000, 0)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    effective = min(one.effective, other.effective)
    n = len(one.base)
    return OffPolicyEstimate(value, value - far, value + far, float(low), float(high), effective, n)


def _standard_error(influence: Floats, unit: NDArray[np.int64]) -> float:
    """Liang & Zeger 1986 (https://doi.org/10.1093/biomet/73.1.13): sums over units are drawn."""
    sums = np.bincount(unit, influence)
    few = len(sums) / max(len(sums) - 1, 1)
    return float(np.sqrt(few * (sums @ sums))) / len(influence)


def _drawn(terms: Terms, resamples: int, seed: int) -> Floats:
    """(resamples,) values where units are drawn anew, each with all of its rows; as the
    denominator is drawn too, so is what self-normalised estimators divide by."""
    unit = terms.logged.unit
    sums = np.stack(
        [
            np.bincount(unit, terms.base),
            np.bincount(unit).astype(np.float64),
            np.bincount(unit, terms.numerator),
            np.bincount(unit, terms.denominator),
        ],
        axis=1,
    )  # (n_units, 4)
    random = np.random.default_rng(seed)
    n = len(sums)
    at_once = max(1, _DRAWS // n)
    found = []
    for done in range(0, resamples, at_once):
        drawn = random.integers(0, n, (min(at_once, resamples - done), n))
        found.append(np.stack([np.bincount(each, minlength=n) for each in drawn]) @ sums)
    base, rows, numerator, denominator = np.concatenate(found).T
    share = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
    return np.asarray(base / rows + share)
