"""What a variant did beside the control: ratios by the delta method, less what was there before."""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.outcomes import BEFORE, DENOMINATOR, NUMERATOR, Floats, Moments


@dataclass(frozen=True)
class Effect:
    """The metric of both arms and their difference; leading axes as those of the moments.

    control, variant : the metric, adjusted where something is known from before
    variance         : of the difference; of_control, of_variant : of each, so that they add up
    n                : units of both arms together
    explained        : the share of variance that what was before takes away
    """

    control: Floats
    variant: Floats
    of_control: Floats
    of_variant: Floats
    n: Floats
    explained: Floats

    @property
    def difference(self) -> Floats:
        return self.variant - self.control

    @property
    def variance(self) -> Floats:
        return self.of_control + self.of_variant

    def relative(self) -> "Effect":
        """As a share of the control's value: its own uncertainty counts (Fieller's by the delta
        method). Means nothing where that value may be 0."""
        scale = self.variant / self.control
        return Effect(
            np.ones_like(self.control),
            scale,
            scale**2 * self.of_control / self.control**2,
            self.of_variant / self.control**2,
            self.n,
            self.explained,
        )


def effect(control: Moments, variant: Moments) -> Effect:
    """Compare two arms.

    A ratio of sums has the variance of its linearised value, numerator less ratio times
    denominator, over the mean denominator (delta method; Deng, Knoblich & Lu 2018,
    https://arxiv.org/abs/1803.06336). What was before is taken off by regression (CUPED: Deng et
    al. 2013, https://doi.org/10.1145/2433396.2433413), one slope for both arms, from all units.
    Raises BadInput where the arms' columns differ.
    """
    if control.mean.shape != variant.mean.shape:
        raise BadInput(
            "the same columns of both arms",
            f"{control.mean.shape[-1]} and {variant.mean.shape[-1]}",
            "Measure both arms alike.",
        )
    arms = [_linearised(each) for each in (control, variant)]
    slope = _slope(control, variant, arms[0], arms[1])
    moved = ((variant.mean - control.mean)[..., BEFORE:] * slope).sum(axis=-1)
    share = variant.n / (control.n + variant.n)
    plain = arms[0].variance / control.n + arms[1].variance / variant.n
    left = [each.left(slope) / of.n for each, of in zip(arms, (control, variant), strict=True)]
    return Effect(
        arms[0].ratio + share * moved,
        arms[1].ratio - (1 - share) * moved,
        left[0],
        left[1],
        control.n + variant.n,
        1 - np.divide(left[0] + left[1], plain, out=np.ones_like(plain), where=plain > 0),
    )


def cautious(control: Moments, variant: Moments) -> Effect:
    """`effect` of arms that may be small, or of very unlike sizes.

    An arm that happened to see none of what is rare would, by its own variance, be known exactly:
    here neither arm varies less, a unit, than both together do. ``n`` is twice the smaller arm:
    below `sequential.LEAST_UNITS` means of few skewed numbers are not normal yet, however many
    others there are.
    """
    found = effect(control, variant)
    units = np.stack([control.n, variant.n])
    own = np.stack([found.of_control, found.of_variant]) * units
    together = (own * units).sum(axis=0) / units.sum(axis=0)
    of_control, of_variant = np.maximum(own, together) / units
    return replace(found, of_control=of_control, of_variant=of_variant, n=2 * units.min(axis=0))


@dataclass(frozen=True)
class _Linear:
    """A unit's linearised value: its variance, and how it goes with what was before.

    together : (…, k); before : (…, k, k)
    """

    ratio: Floats
    variance: Floats
    together: Floats
    before: Floats

    def left(self, slope: Floats) -> Floats:
        """(…,) variance once slope times what was before is taken off."""
        explained = 2 * (slope * self.together).sum(axis=-1)
        return np.asarray(
            np.maximum(
                self.variance - explained + np.einsum("...i,...ij,...j", slope, self.before, slope),
                0,
            )
        )


def _linearised(arm: Moments) -> _Linear:
    value, count = arm.mean[..., NUMERATOR], arm.mean[..., DENOMINATOR]
    if (count <= 0).any():
        raise BadInput("a denominator above 0", f"{count.min()}", "Wait for the first of them.")
    ratio = value / count
    covariance = arm.covariance()
    gradient = np.stack([1 / count, -ratio / count], axis=-1)
    both = covariance[..., :BEFORE, :BEFORE]
    together = np.einsum("...i,...ij->...j", gradient, covariance[..., :BEFORE, BEFORE:])
    variance = np.einsum("...i,...ij,...j", gradient, both, gradient)
    return _Linear(ratio, variance, together, covariance[..., BEFORE:, BEFORE:])


def _slope(control: Moments, variant: Moments, one: _Linear, other: _Linear) -> Floats:
    """(…, k) that leaves the least variance of the difference: arms weigh by 1 / units."""
    weights = [1 / each.n[..., None] for each in (control, variant)]
    together = weights[0] * one.together + weights[1] * other.together
    before = weights[0][..., None] * one.before + weights[1][..., None] * other.before
    # The pseudo-inverse, since a column may say nothing, or what others say.
    return np.asarray((np.linalg.pinv(before, hermitian=True) @ together[..., None])[..., 0])


def fixed_interval(found: Effect, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """Right for one look at a time fixed before, and for that alone (see `sequential`)."""
    # scipy.special has it too, and every server would wait .2 s for its import.
    far = NormalDist().inv_cdf(1 - alpha / 2) * np.sqrt(found.variance)
    return found.difference - far, found.difference + far
