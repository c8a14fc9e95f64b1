"""Ranges of a numeric field: half open, disjoint, and together the whole line."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.distinct import distinct
from mercato.catalogue.values import number_text

PLAIN_VALUES = 12
"""A numeric field with at most so many different values is counted value by value."""

MOST_RANGES = 10

_NICE = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def nice(number: float) -> float:
    """The nearest number with a short spelling: 1, 1.5, 2, 2.5, … times a power of ten."""
    if number == 0 or not math.isfinite(number):
        return 0.0
    power = math.floor(math.log10(abs(number)))
    rounded = min(_NICE, key=lambda step: abs(step - abs(number) / 10.0**power))
    return math.copysign(float(f"{rounded}e{power}"), number)


def bounds_for(numbers: NDArray[np.float64]) -> tuple[float, ...] | None:
    """Inner bounds that part a field's numbers (n,) into about equally many items.

    None where the field is better counted value by value.
    """
    if len(distinct(numbers)) <= PLAIN_VALUES:
        return None
    shares = np.arange(1, MOST_RANGES) / MOST_RANGES
    bounds = sorted({nice(float(each)) for each in np.quantile(numbers, shares)})
    return tuple(bounds) if len(bounds) > 1 else None


def labels(bounds: Sequence[float]) -> list[str]:
    """One label for each of the len(bounds) + 1 ranges; a filter takes it as it stands."""
    ends = [number_text(bound) for bound in bounds]
    inner = [f"{low}..<{high}" for low, high in zip(ends, ends[1:], strict=False)]
    return [f"..<{ends[0]}", *inner, f"{ends[-1]}.."]


def range_of(numbers: NDArray[np.float64], bounds: Sequence[float]) -> NDArray[np.int64]:
    """(n,) the position in ``labels(bounds)`` of each number."""
    return np.searchsorted(np.array(bounds), numbers, side="right")
