"""What the ranker of a placement chooses from: what retrievers bring, and what they say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event, Placement
from mercato.core.history import EVENT_CODES, Interactions, one_shopper
from mercato.ranking.shelf_facts import ShelfFacts
from mercato.ranking.shelf_features.pairs import Pairs
from mercato.ranking.shelf_ranker import ShelfRanker
from mercato.recommend import sources
from mercato.recommend.asked import Asked, Rows, as_rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever
from mercato.recommend.retrievers.content import content
from mercato.recommend.retrievers.ease import EASE
from mercato.recommend.retrievers.item_knn import item_knn
from mercato.recommend.retrievers.popularity import POPULARITY
from mercato.recommend.retrievers.repeat_purchase import REPEAT_PURCHASE
from mercato.recommend.retrievers.session_knn import session_knn
from mercato.recommend.retrievers.transformer import TRANSFORMER

_LOOKED_AT = 1_000
"""Rows that each retriever is asked for: what it says of them is known to the ranker."""


@dataclass(frozen=True)
class Source:
    """A retriever of a pool.

    name    : of what it says, among the ranker's features
    brings  : so many of its best rows are candidates; 0: it only speaks of what others bring
    weight  : in the formula that orders the shelf without a ranker
    session : what it says is of this very session, and is added to what a ranker says: the log
              that rankers learn from may have no sessions
    tells   : it has evidence that can be named as a reason
    """

    name: str
    retriever: Retriever
    brings: int
    weight: float = 0.0
    session: bool = False
    tells: bool = True


_NETWORK = Source("transformer", TRANSFORMER, 0, tells=False)

_SESSION = (
    Source("session", item_knn(sources.the_session), 50, 0.5, session=True),
    Source("session's content", content(sources.the_session_unbought), 50, 0.5, session=True),
)

POOLS: Mapping[Placement, tuple[Source, ...]] = {
    Placement.BUY_AGAIN: (
        Source("repeat purchase", REPEAT_PURCHASE, 120, 1.0),
        Source("ease", EASE, 0),
    ),
    Placement.HOME: (
        Source("ease", EASE, 150, 1.0),
        *_SESSION,
        Source("item-knn", item_knn(sources.the_past), 50),
        Source("popularity", POPULARITY, 100),
        _NETWORK,
    ),
    Placement.CART: (
        Source("cart", item_knn(sources.the_cart), 100, 1.0),
        Source("baskets", session_knn(sources.the_cart), 100, 1.0),
        Source("repeat purchase", REPEAT_PURCHASE, 60, 1.0),
        Source("ease", EASE, 50),
        Source("popularity", POPULARITY, 50),
        _NETWORK,
    ),
}
"""The numbers are assumed: more candidates cost time, and of those further down few are bought."""


def said_names(placement: Placement) -> tuple[str, ...]:
    """Names of the columns of `Gathered.said`."""
    return tuple(
        f"{source.name}: {what}" for source in POOLS[placement] for what in ("score", "share")
    )


@dataclass(frozen=True)
class Gathered:
    """rows    : (n,) ascending, each once
    said    : (n, 2 * n_sources) float32, each source's score, and that as a share of its greatest
    brought : (n, n_sources) which sources brought the row
    proposals : of each source
    """

    rows: Rows
    said: NDArray[np.float32]
    brought: NDArray[np.bool_]
    proposals: Sequence[Proposal]

    @property
    def shares(self) -> NDArray[np.float32]:
        """(n, n_sources)"""
        return self.said[:, 1::2]

    def bringers(self) -> NDArray[np.int64]:
        """(n,) the source that brought each row; of several the one that it stands highest with."""
        return np.asarray(np.where(self.brought, self.shares, -1).argmax(axis=1))


def network_columns(placement: Placement) -> NDArray[np.int64]:
    """Which of `said_names` the shopper transformer says."""
    names = said_names(placement)
    own = [name.startswith(f"{_NETWORK.name}: ") for name in names]
    return np.flatnonzero(own)


def gather(
    placement: Placement, asked: Asked, allowed: Allowed, ranker: ShelfRanker | None = None
) -> Gathered:
    """Ask all sources of a placement's pool; those that only speak of what others bring, only
    where ``ranker`` looks at what they say."""
    pool = POOLS[placement]
    proposals = [
        source.retriever.bring(asked, allowed, _LOOKED_AT) if source.brings else NOTHING
        for source in pool
    ]
    brought = [
        _best(proposal, source.brings) for source, proposal in zip(pool, proposals, strict=True)
    ]
    rows = np.unique(np.concatenate(brought))
    heard = _heard(placement, ranker)
    only = np.zeros(len(allowed), bool)
    only[rows] = True
    for number, source in enumerate(pool):
        if heard[number] and not source.brings and len(rows):
            proposals[number] = source.retriever.bring(asked, only, len(rows))
    place = np.full(asked.catalogue.n_rows, -1, np.int32)
    place[rows] = np.arange(len(rows))
    said = np.zeros((len(rows), 2 * len(pool)), np.float32)
    own = np.zeros((len(rows), len(pool)), bool)
    for number, proposal in enumerate(proposals):
        own[place[brought[number]], number] = True
        at = place[proposal.rows]
        of = at >= 0
        if of.any():
            said[at[of], 2 * number] = proposal.scores[of]
            said[at[of], 2 * number + 1] = proposal.scores[of] / proposal.scores.max()
    return Gathered(rows, said, own, proposals)


def _heard(placement: Placement, ranker: ShelfRanker | None) -> NDArray[np.bool_]:
    """(n_sources,) whether a ranker looks at what each says; without one, all may be asked."""
    pool = POOLS[placement]
    if ranker is None:
        return np.ones(len(pool), bool)
    said = ranker.needed[len(ranker.needed) - 2 * len(pool) :]
    return np.asarray(said.reshape(-1, 2).any(axis=1))


def _best(proposal: Proposal, most: int) -> Rows:
    rows, scores = proposal
    if not most:
        return rows[:0]
    return rows if len(rows) <= most else rows[np.argpartition(-scores, most)[:most]]


def pairs_of(asked: Asked, gathered: Gathered, facts: ShelfFacts) -> Pairs:
    """What the ranker looks at, for the one shopper who asks."""
    cart = _items(asked, as_rows(dict.fromkeys(asked.request.cart)))
    return Pairs(
        facts,
        _with_late(asked),
        np.zeros(len(gathered.rows), np.int64),
        _items(asked, gathered.rows),
        asked.context.now,
        gathered.said,
        (np.zeros(len(cart), np.int64), cart),
    )


def _items(asked: Asked, rows: Rows) -> Rows:
    """(k,) base rows; rows that are newer than the release stand for themselves."""
    base = asked.catalogue.base_of[rows].astype(np.int64)
    return np.where(base >= 0, base, rows)


def _with_late(asked: Asked) -> Interactions:
    """What the shopper did, with items newer than the release too, as their rows."""
    late = [each for each in asked.context.late if each.event is Event.PURCHASE]
    if not late:
        return asked.context.shopper
    events = Interactions(
        offsets=np.array([0, len(late)]),
        item=np.array([each.row for each in late], np.int32),
        ts=np.array([each.ts for each in late], np.int64),
        event=np.full(len(late), EVENT_CODES[Event.PURCHASE], np.int8),
        quantity=np.ones(len(late), np.float32),
        n_items=asked.catalogue.n_rows,
    )
    return one_shopper(events, asked.context.shopper)
