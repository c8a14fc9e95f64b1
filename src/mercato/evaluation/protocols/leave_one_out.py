"""Leave one out: each shopper's last item is the test, the one before it the validation.

SASRec's split (Kang & McAuley 2018, https://arxiv.org/abs/1808.09781), but ranked among all items:
SASRec's own table has 100 sampled negatives, see `full_ranking`. Whether items that the shopper
has already met may stand in an answer changes the numbers, so it is said with them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.evaluation.judging import Judged, Truth
from mercato.evaluation.metrics import Values, hit, ndcg
from mercato.evaluation.protocols.next_item import NextItem
from mercato.evaluation.protocols.sequences import Sequences

SEQUENCE_K = (10, 20)


@dataclass(frozen=True)
class LeaveOneOut:
    """Both are learned from all but the last two items of each shopper.

    validation : asked for the last item but one, knowing those before it
    test       : asked for the last item, knowing all before it
    """

    validation: NextItem
    test: NextItem


def leave_one_out(sequences: Sequences, n_items: int, *, masked: bool) -> LeaveOneOut:
    """Split off the last two items.

    masked : items that the shopper has met are never proposed

    Raises BadInput where a shopper has less than three items.
    """
    if len(sequences) == 0 or sequences.lengths.min() < 3:
        raise BadInput("shoppers with three items or more", "less, or none", "Leave them out.")
    begin = np.zeros(len(sequences), np.int64)
    learned = sequences.without_last(2).interactions(n_items, begin)
    now = int(sequences.lengths.max())

    def held(kept: int) -> NextItem:
        history = sequences.without_last(kept)
        answers = sequences.item[sequences.offsets[1:] - kept]
        truth = Truth.of_pairs(np.arange(len(answers)), answers, len(answers))
        return NextItem(learned, now, history, truth, _seen(history) if masked else None)

    return LeaveOneOut(held(2), held(1))


def _seen(history: Sequences) -> Truth:
    rows = np.repeat(np.arange(len(history)), history.lengths)
    return Truth.of_pairs(rows, history.item, len(history))


def with_least_events(sequences: Sequences, least: int) -> tuple[Sequences, int]:
    """Without items met fewer than ``least`` times; the others numbered anew, and how many."""
    kept: NDArray[np.bool_] = np.bincount(sequences.item) >= least
    left = sequences.where(kept[sequences.item])
    number = np.cumsum(kept) - 1
    return Sequences(left.offsets, number[left.item].astype(np.int32)), int(kept.sum())


def sequence_metrics(judged: Judged) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for k in SEQUENCE_K:
        found |= {f"hit@{k}": hit(judged, k), f"ndcg@{k}": ndcg(judged, k)}
    return found
