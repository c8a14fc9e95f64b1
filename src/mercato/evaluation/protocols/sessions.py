"""The next item of a session: SR-GNN's protocol.

Wu et al. 2019 (https://arxiv.org/abs/1811.00855): learned from earlier sessions, asked with every
prefix of later ones; each has one right answer among all items, and items of the prefix are
proposed too, since people come back to them. P@20 there is hit@20.
"""

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.evaluation.judging import Judged, Truth
from mercato.evaluation.metrics import Values, hit, reciprocal_rank
from mercato.evaluation.protocols.next_item import NextItem
from mercato.evaluation.protocols.sequences import Sequences

SESSION_K = 20

_BETWEEN = MICROSECONDS_PER_DAY // 1_440
"""Where a file has an order and no times, a session begins each minute: 1,440 a day, about as many
as Diginetica has."""


def session_split(
    learned: Sequences,
    tests: Sequences,
    n_items: int,
    begin: NDArray[np.int64] | None = None,
) -> NextItem:
    """Learned from sessions in order of time; the last item of each test is the answer.

    begin : (n_learned,) microseconds, when each session began; None: one a minute

    Raises BadInput where a test has less than two items.
    """
    if len(tests) == 0 or tests.lengths.min() < 2:
        raise BadInput("tests of two items or more", "shorter ones, or none", "Leave them out.")
    if begin is None:
        begin = np.arange(len(learned)) * _BETWEEN
    answers = tests.item[tests.offsets[1:] - 1]
    return NextItem(
        learned.interactions(n_items, begin),
        int(begin.max(initial=0)) + _BETWEEN,
        tests.without_last(1),
        Truth.of_pairs(np.arange(len(tests)), answers, len(tests)),
    )


def all_prefixes(sessions: Sequences) -> Sequences:
    """Each session's prefixes of two items or more: what SR-GNN's files of tests hold."""
    prefixes = np.maximum(sessions.lengths - 1, 0)
    row = np.repeat(np.arange(len(sessions)), prefixes)
    length = np.arange(len(row)) - (np.cumsum(prefixes) - prefixes)[row] + 2
    return sessions.parts(row, length)


def validation_split(
    learned: Sequences,
    n_items: int,
    begin: NDArray[np.int64] | None = None,
    *,
    newest: int,
) -> NextItem:
    """Cut from what is learned from: prefixes of the ``newest`` sessions are asked, the sessions
    before them learned."""
    kept = max(len(learned) - newest, 0)
    tests = all_prefixes(learned.rows(slice(kept, None)))
    earlier = None if begin is None else begin[:kept]
    return session_split(learned.rows(slice(0, kept)), tests, n_items, earlier)


def session_metrics(judged: Judged) -> dict[str, Values]:
    return {
        f"hit@{SESSION_K}": hit(judged, SESSION_K),
        f"mrr@{SESSION_K}": reciprocal_rank(judged, SESSION_K),
    }
