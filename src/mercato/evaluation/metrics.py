"""Metrics of answers, one value a shopper or query; means and intervals are `intervals`'.

An item is relevant where its grade is above 0. Where fewer than k items are relevant, recall and
the ideal of nDCG are those of an answer that has them all on top; where more are, `recall` asks for
k of them and `recall_of_all` for all.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mercato.evaluation.judging import Judged

Values = NDArray[np.float64]
Gain = Callable[[NDArray[np.float32]], NDArray[np.float64]]


def _binary(grade: NDArray[np.float32]) -> NDArray[np.float64]:
    return (grade > 0).astype(np.float64)


def _exponential(grade: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.exp2(grade.astype(np.float64)) - 1, np.float64)


def _exponential_from_one(grade: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(np.exp2(grade.astype(np.float64) - 1) - 1, 0), np.float64)


GAINS: Mapping[str, Gain] = {
    "binary": _binary,
    "exp": _exponential,
    "exp1": _exponential_from_one,
}
"""What a grade g is worth: 1 where g > 0; 2**g - 1 (Burges et al. 2005,
https://doi.org/10.1145/1102351.1102363); 2**(g - 1) - 1 for grades whose lowest, 1, means "not
relevant"."""


def hit(judged: Judged, k: int) -> Values:
    """(n,) 1 where anything relevant is among the first k."""
    return np.asarray((judged.grades[:, :k] > 0).any(axis=1), np.float64)


def recall(judged: Judged, k: int) -> Values:
    """(n,) relevant among the first k, over min(k, all that are relevant)."""
    found = (judged.grades[:, :k] > 0).sum(axis=1)
    return np.asarray(found / np.clip((judged.ideal > 0).sum(axis=1), 1, k))


def recall_of_all(judged: Judged, k: int) -> Values:
    """(n,) relevant among the first k, over all that are relevant, be they more than k.

    As published tables have it that follow LightGCN; 1 is out of reach of some answers then.
    """
    found = (judged.grades[:, :k] > 0).sum(axis=1)
    return np.asarray(found / np.maximum((judged.ideal > 0).sum(axis=1), 1))


def precision(judged: Judged, k: int) -> Values:
    """(n,) relevant among the first k, over k."""
    return np.asarray((judged.grades[:, :k] > 0).sum(axis=1) / k)


def reciprocal_rank(judged: Judged, k: int) -> Values:
    """(n,) 1 / place of the first relevant among the first k; 0 without one."""
    relevant = judged.grades[:, :k] > 0
    return np.asarray(relevant.any(axis=1) / (relevant.argmax(axis=1) + 1))


def ndcg(judged: Judged, k: int, gain: str = "binary") -> Values:
    """(n,) discounted gain of the first k over the greatest that k items could have.

    Järvelin & Kekäläinen 2002 (https://doi.org/10.1145/582415.582418), discount
    1 / log2(place + 1). 0 where nothing relevant is worth anything under ``gain``.
    """
    reached = _discounted(GAINS[gain](judged.grades[:, :k]))
    best = _discounted(GAINS[gain](judged.ideal[:, :k]))
    return np.divide(reached, best, out=np.zeros_like(reached), where=best > 0)


def _discounted(gains: NDArray[np.float64]) -> Values:
    """(n,) of (n, k)."""
    places = np.arange(1, gains.shape[1] + 1)
    return np.asarray(gains @ (1 / np.log2(places + 1)), np.float64)
