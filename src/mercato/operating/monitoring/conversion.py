"""Whether fewer shoppers of a placement buy what they were shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mercato.data.quality.alarm import Alarm
from mercato.operating.monitoring.showing import Showing, Times

ALPHA = 0.001
"""The chance of a false alarm, at most, of a placement on one day, where days differ by who came,
by their weekday and by chance alone. Each whole day is judged once: looks between see the same."""

LEAST_LOSS = 0.1
"""Of the conversion; a smaller loss is known of sooner than it is worth an alarm. Assumed."""

_WEEK = 7
_LEAST_OVER = 1e-3
"""By which counts vary more than those of Poisson at least: without, they have no size."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Conversion:
    """Shoppers who were shown something on a day, and those who bought some of it soon after.

    expected   : share who bought on the same weekdays before
    by_shopper : standard error of the difference as if days differed by who came alone
    by_day     : the same as days did differ from others of their weekday
    degrees    : of freedom that ``by_day`` is known by
    """

    shoppers: int
    bought: int
    expected: float
    by_shopper: float
    by_day: float
    degrees: int

    @property
    def now(self) -> float:
        return self.bought / self.shoppers

    def is_fewer(self, alpha: float = ALPHA) -> bool:
        """Whether so few buy with a chance below ``alpha`` where nothing changed.

        Counts are taken to be negative binomial, with the wider of both errors: few are far from
        normal. ``by_day`` is itself known by some days alone, and so counts for more, by as much
        as Student's quantile lies further out than the normal one.
        """
        from scipy.special import betainc, stdtrit  # not at the top: every server would wait

        further = float(stdtrit(self.degrees, 1 - alpha)) / NormalDist().inv_cdf(1 - alpha)
        error = self.shoppers * max(self.by_shopper, further * self.by_day)
        mean = self.shoppers * self.expected
        size = mean**2 / max(error**2 - mean, _LEAST_OVER * mean)
        return bool(mean > 0 and betainc(size, self.bought + 1, size / (size + mean)) < alpha)


def conversion_of(times: Times) -> Conversion | None:
    """A day beside the same weekdays before.

    times : of `days_of`. None where that is too little: with at most one day of each weekday nobody
            knows how days differ.

    Of a day each shopper is one yes or no, with the variance of what is expected, since none who
    buys would seem to vary by nothing; days before are a ratio of sums over shoppers (delta
    method).
    """
    if not times.is_enough:
        return None
    before, now = _days(times.before), _days(times.now)
    same = before.of(before.day % _WEEK == now.day[0] % _WEEK)
    residuals, degrees = _apart(before)
    if not len(same) or degrees < 1:
        return None
    rate = float(same.bought.mean())
    apart = np.bincount(same.unit, same.bought - rate)
    by_shopper = rate * (1 - rate) / len(now) + float(apart @ apart) / len(same) ** 2
    by_day = residuals @ residuals / degrees * (1 + 1 / len(np.unique(same.day)))
    return Conversion(
        len(now), int(now.bought.sum()), rate, by_shopper**0.5, float(by_day) ** 0.5, degrees
    )


def conversion_alarms(times: Times) -> Iterator[Alarm]:
    """Shoppers who bought something of what they were shown, of all who were shown something."""
    found = conversion_of(times)
    if found is None:
        return
    if found.now <= (1 - LEAST_LOSS) * found.expected and found.is_fewer():
        yield Alarm(
            "conversion",
            "answers",
            times.placement,
            f"{found.expected:.1%} of a day's shoppers buy what {times.placement} showed them, as "
            "on the same weekdays before",
            f"{found.now:.1%} of {found.shoppers:,}, as by chance on one day in {1 / ALPHA:,.0f}",
            "See what became of prices and stock; roll back where a release came meanwhile.",
        )


@dataclass(frozen=True)
class _Days:
    """A row a shopper and day. bought : 1 where anything was that was shown on it"""

    unit: NDArray[np.int64]
    day: NDArray[np.int64]
    bought: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def of(self, rows: NDArray[np.bool_]) -> "_Days":
        return _Days(self.unit[rows], self.day[rows], self.bought[rows])


def _days(showing: Showing) -> _Days:
    first = int(showing.day.min())
    span = int(showing.day.max()) - first + 1
    keys, at = np.unique(showing.unit * span + showing.day - first, return_inverse=True)
    bought = np.bincount(at, showing.bought) > 0
    return _Days(keys // span, keys % span + first, bought.astype(np.float64))


def _apart(rows: _Days) -> tuple[Floats, int]:
    """(n_days,) each day's share, less the mean of its weekday's days; and degrees of freedom."""
    days, at = np.unique(rows.day, return_inverse=True)
    rates = np.bincount(at, rows.bought) / np.bincount(at)
    weekdays, of = np.unique(days % _WEEK, return_inverse=True)
    means = np.bincount(of, rates) / np.bincount(of)
    return rates - means[of], len(days) - len(weekdays)
