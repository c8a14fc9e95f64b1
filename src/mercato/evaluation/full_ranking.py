"""Every item ranked for every shopper, some shoppers at a time: never against sampled negatives.

Samples order models otherwise than all items do (Krichene & Rendle 2020,
https://doi.org/10.1145/3394486.3403226).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.progress import Step
from mercato.evaluation.judging import NO_ITEM, Truth

_NEVER = np.float32(-np.inf)
"""The score of what is not proposed."""


def rank_all(
    score: Callable[[slice], NDArray[np.float32]],
    n: int,
    k: int,
    *,
    seen: Truth | None = None,
    block: int = 512,
    step: Step | None = None,
) -> NDArray[np.int64]:
    """(n, k) item numbers, best first, equal scores by item; padded with NO_ITEM.

    score : asked for rows start:stop, at most ``block`` of them and each once, it gives
            (stop - start, n_items) float32, higher is better; -inf is never proposed
    seen  : of n rows; what a row owns is never proposed to it
    step  : advanced by rows

    Holds 12 * block * n_items bytes beside what ``score`` holds. Raises BadInput where a block has
    another number of rows, a score is not a number, or ``seen`` is of other rows.
    """
    if seen is not None and len(seen) != n:
        raise BadInput(f"what {n} rows have seen", f"of {len(seen)}", "Mask the rows asked for.")
    answers = np.full((n, k), NO_ITEM, np.int64)
    for start in range(0, n, block):
        rows = slice(start, min(start + block, n))
        scores = np.array(score(rows), np.float32)  # (rows, n_items), a copy to mask
        if len(scores) != rows.stop - start:
            raise BadInput(f"{rows.stop - start} rows", f"{len(scores)}", "Score the rows asked.")
        if seen is not None:
            _mask(scores, seen, rows)
        answers[rows] = _best(scores, k)
        if step is not None:
            step.advance(len(scores))
    return answers


def _mask(scores: NDArray[np.float32], seen: Truth, rows: slice) -> None:
    offsets = seen.offsets[rows.start : rows.stop + 1]
    row = np.repeat(np.arange(len(scores)), np.diff(offsets))
    scores[row, seen.item[offsets[0] : offsets[-1]]] = _NEVER


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """(rows, k)."""
    most = min(k, scores.shape[1])
    answers = np.full((len(scores), k), NO_ITEM, np.int64)
    if most == 0:
        return answers
    top = np.partition(scores, -most, axis=1)[:, -most:]  # (rows, most), the least one first
    # Not a number sorts above all numbers, so it cannot hide below the top.
    if np.isnan(top).any():
        raise BadInput("scores that are numbers", "some that are not", "Score -inf for never.")
    reached = (scores >= top[:, :1]) & (scores > _NEVER)
    for row, found in enumerate(reached):
        items = np.flatnonzero(found)
        items = items[np.argsort(-scores[row, items], kind="stable")[:most]]
        answers[row, : len(items)] = items
    return answers
