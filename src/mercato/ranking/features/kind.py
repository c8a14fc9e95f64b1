"""Whether an item is the kind of thing that was asked for: its categories, its brand."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.distinct import starts_of_runs
from mercato.catalogue.facts import KEYS, NO_KEY
from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family
from mercato.ranking.preferences import preferred


def _agreement(key: NDArray[np.uint32], standing: NDArray[np.float32]) -> Column:
    """(k,) the standing of all candidates that share each one's value; 0 without one."""
    if not key.any():
        return np.zeros(len(key), np.float32)
    order = np.argsort(key)
    starts = np.flatnonzero(starts_of_runs(key[order]))
    sums = np.add.reduceat(standing[order], starts)
    found = np.empty(len(key), np.float32)
    found[order] = np.repeat(sums, np.diff(starts, append=len(key)))
    return np.where(key == NO_KEY, np.float32(0), found)


def _compute(asked: Asked) -> list[Column]:
    keys, standing = asked.facts.keys, asked.standing
    candidates = asked.candidates
    understood, catalogue, rows = candidates.understood, candidates.catalogue, candidates.rows
    nothing = np.zeros(len(asked), np.float32)
    soft = any(not each.hard for each in understood.meant)
    return [
        *(_agreement(keys[:, at], standing) for at in range(len(KEYS))),
        understood.intent.agreement(rows, catalogue) if understood.intent else nothing,
        preferred(rows, understood, catalogue) if soft else nothing,
    ]


KIND = Family(
    "kind",
    {
        **{f"{name} agrees": f"Share of the best candidates with the same {name}" for name in KEYS},
        "category asked for": "Chance that the words ask for its category",
        "preferred": "Properties that the words prefer and it has, by confidence",
    },
    _compute,
)
