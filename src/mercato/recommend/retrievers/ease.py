"""What shoppers of the same things buy."""

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import (
    NOTHING,
    Allowed,
    Proposal,
    Retriever,
    allowed_rows,
    best,
)
from mercato.recommend.retrievers.popularity import POPULARITY, shoppers_of


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    return allowed_rows(asked, asked.by_ease, allowed, most)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    """Told by an item that is still sold; where none of those counted, by no item."""
    catalogue = asked.catalogue
    model = asked.context.models.ease
    cares = asked.cares_by(model.forgetting)
    sold = catalogue.live_of[cares.item] >= 0
    items = model.evidence(cares.item[sold], cares.weight[sold], catalogue.base_of[rows])
    told_by = catalogue.live_of[items]
    ids = iter(catalogue.ids(told_by[items >= 0]))
    return [
        Reason(
            ReasonCode.BECAUSE_BOUGHT if was_bought or item < 0 else ReasonCode.BECAUSE_VIEWED,
            item=next(ids) if item >= 0 else None,
        )
        for item, was_bought in zip(items.tolist(), asked.was_bought[told_by].tolist(), strict=True)
    ]


EASE = Retriever("ease", _propose, _reasons)

_BASE = 0.15
"""What the most popular item has before anything is known of the shopper. Chosen on November 2017
of Complete Journey: recall@20 of what else is bought after one purchase .107 → .142, after three
.108 → .135, where popularity alone finds .138 and .122; with all that is known .0535 → .0533."""


def _base(asked: Asked, rows: Rows) -> NDArray[np.float32]:
    """(k,) what is likely of anybody."""
    most = asked.context.models.popularity.shoppers.max(initial=1)
    return np.asarray(_BASE / most * shoppers_of(asked, rows), np.float32)


def _propose_over_popularity(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    if not len(asked.cares.item):
        return NOTHING
    own = allowed_rows(asked, asked.by_ease, allowed, asked.catalogue.n_rows)
    anybody = POPULARITY.propose(asked, allowed, most)
    rows = np.union1d(own.rows, anybody.rows)
    scores = _base(asked, rows)
    scores[np.searchsorted(rows, own.rows)] += own.scores
    wanted = scores > 0
    return best(rows[wanted], scores[wanted], most)


def _reasons_over_popularity(asked: Asked, rows: Rows) -> list[Reason]:
    """The shopper's own past, where it says more than what is likely of anybody."""
    own = np.zeros(asked.catalogue.n_rows, np.float32)
    found = asked.by_ease
    living = asked.catalogue.live_of[found.items]
    own[living[living >= 0]] = found.scores[living >= 0]
    by_past = own[rows] >= _base(asked, rows)
    told = iter(_reasons(asked, rows[by_past]))
    popular = iter(POPULARITY.reasons(asked, rows[~by_past]))
    return [next(told) if past else next(popular) for past in by_past.tolist()]


EASE_OVER_POPULARITY = Retriever("ease", _propose_over_popularity, _reasons_over_popularity)
"""EASE has no intercept: of whoever did little it knows little, and would say the rest too loud."""
