"""Whether a tuned encoder is better, and by how much."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.evaluation.intervals import bootstrap
from mercato.evaluation.metrics import Values
from mercato.training.encoder.pairs import Pairs

FILE = "tuning.json"

K = 10

WEIGHTS = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65)
"""Shares of meaning in the fused score that are tried: a better encoder deserves more."""

LIKELY = 0.8
"""An encoder is kept where so many of the resampled sets of validation queries prefer it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a tuning.

    kept     : whether the tuned encoder takes the place of the other
    queries  : from which was learned
    pairs    : of query and product
    source   : of the pairs
    before, after : mean nDCG@10 of the deciding queries, whole catalogue, with either encoder
    deciding : queries that decided; none of them was learned from or stopped the training
    weight   : share of the meaning in the fused score that suits the tuned encoder
    cosine   : least int8 cosine with the float32 encoder
    seconds  : of training
    """

    kept: bool
    queries: int
    pairs: int
    source: str
    before: float
    after: float
    deciding: int
    weight: float
    cosine: float
    seconds: float

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def open(cls, folder: Path) -> "Outcome":
        return cls(**json.loads((folder / FILE).read_text()))

    def told(self) -> str:
        verdict = "kept" if self.kept else "not kept"
        return (
            f"nDCG@{K} {self.before:.3f} → {self.after:.3f} on {self.deciding} queries: {verdict}"
        )


def better(after: Values, before: Values) -> bool:
    """Whether ``after`` (n,) is likely higher than ``before`` (n,), of the same queries."""
    return bootstrap(after - before, level=2 * LIKELY - 1).low > 0


def weighted_ndcg(ranked: Sequence[NDArray[np.integer]], pairs: Pairs) -> Values:
    """(n_queries,) nDCG@10 with a pair's weight as its gain (Järvelin & Kekäläinen 2002).

    ranked : by query of ``pairs``, rows, the best first
    """
    discount = 1 / np.log2(np.arange(2, K + 2))
    values = np.zeros(len(pairs.queries))
    for number, rows in enumerate(ranked):
        own = pairs.of(number)
        gain_of: Mapping[int, float] = dict(
            zip(pairs.row[own].tolist(), pairs.weight[own].tolist(), strict=True)
        )
        gains = np.array([gain_of.get(row, 0.0) for row in rows[:K].tolist()])
        ideal = np.sort(pairs.weight[own])[::-1][:K]
        values[number] = gains @ discount[: len(gains)] / (ideal @ discount[: len(ideal)])
    return values
