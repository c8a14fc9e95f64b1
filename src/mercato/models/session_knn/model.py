"""What sessions like this one went on with.

Of the sessions that share an item with the asked one the most similar are its neighbours, and
what stands in them is scored by their similarity:

    similarity(n) = sum over shared items x of w(x) idf(x) / |n| ** length * age(n)
    score(i)      = sum over neighbours n with i of similarity(n) * match(n) * near(i, n)

The papers divide by the asked session's length too, which changes no order.

SKNN (Jannach & Ludewig 2017, https://doi.org/10.1145/3109859.3109872) is that with w, idf, age,
match and near 1: the cosine. VSKNN (Ludewig & Jannach 2018, https://arxiv.org/abs/1803.09587): w
falls linearly from the newest item to the oldest, match is 1 / (moments since the newest shared
item + 1). STAN (Garg et al. 2019, https://doi.org/10.1145/3331184.3331322): w, age and near fade
exponentially, near over the places between i and the newest shared item. VSTAN (Ludewig et al.
2021, https://arxiv.org/abs/1910.12781) has STAN's three, match and idf.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.item_links import positions
from mercato.models.session_knn.index import SessionIndex, index_sessions
from mercato.models.sessions import Query, query_of

Fading = Literal["exponential", "linear"]


class Neighbours(NamedTuple):
    """Sessions that share something with the asked one. All (m,).

    back  : moments of the asked session since the newest item that both have
    place : of that item in the neighbour
    """

    session: NDArray[np.int64]
    similarity: NDArray[np.float64]
    back: NDArray[np.int64]
    place: NDArray[np.int64]


@dataclass(frozen=True)
class FittedSessionKnn(FittedModel):
    """Its hyperparameters and the sessions it has seen."""

    gap_minutes: float
    neighbours: int
    fading: Fading
    query_fading: float
    match_fading: float
    recency_days: float
    reach: float
    before: float
    idf: float
    length: float
    index: SessionIndex

    def near(self, query: Query) -> Neighbours:
        """The sessions that are most like some items."""
        return self._nearest(self._sharing(query))

    def of_neighbours(self, near: Neighbours) -> Scored:
        """What neighbours hold."""
        at, source = positions(self.index.session_offsets, near.session)
        item = self.index.session_item[at]
        apart = self.index.session_place[at] - near.place[source]
        weight = (near.similarity * self._match(near.back))[source] * self._near(apart)
        totals = np.bincount(item, weight, self.n_items).astype(np.float32)
        found = np.flatnonzero(totals)
        return Scored(found.astype(np.int32), totals[found])

    def evidence(
        self, query: Query, near: Neighbours, targets: NDArray[np.integer]
    ) -> NDArray[np.int64]:
        """(len(targets),) which item of the query its neighbours with each target share most of,
        by weight; -1: no neighbour has it."""
        at, source = positions(self.index.session_offsets, near.session)
        held = self.index.session_item[at]
        shares = self._shares(query, held, source, len(near.session))
        worth = near.similarity * self._match(near.back)
        found = np.full(len(targets), -1, np.int64)
        for row, target in enumerate(targets.tolist()):
            having = source[held == target]
            said = worth[having] @ shares[having]
            if len(having) and said.max() > 0:
                found[row] = query.item[said.argmax()]
        return found

    def _shares(
        self,
        query: Query,
        held: NDArray[np.int32],
        source: NDArray[np.int64],
        n_sessions: int,
    ) -> NDArray[np.float64]:
        """(n_sessions, k) what part of a session's similarity each item of the query makes."""
        number = np.full(self.n_items, -1, np.int64)
        number[query.item] = np.arange(len(query.item))
        shared = np.flatnonzero(number[held] >= 0)
        weights = np.zeros((n_sessions, len(query.item)))
        which = number[held[shared]]
        weights[source[shared], which] = self._query_weights(query)[which]
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12))

    def _scored(self, one: Interactions) -> Scored:
        return self.of_neighbours(self.near(query_of(one, self.gap_minutes)))

    def _sharing(self, query: Query) -> Neighbours:
        """All sessions that share an item with the query."""
        index = self.index
        at, source = positions(index.item_offsets, query.item)
        session, which = np.unique(index.item_session[at], return_inverse=True)
        weight = self._query_weights(query)
        shared = np.bincount(which, weight[source], len(session))
        sizes = index.session_offsets[session + 1] - index.session_offsets[session]
        similarity = shared / sizes**self.length
        if self.recency_days:
            age = np.maximum(self.as_of - index.ended[session], 0) / MICROSECONDS_PER_DAY
            similarity = similarity * np.exp(-age / self.recency_days)
        back, place = np.zeros((2, len(session)), np.int64)
        # Of equal places the last assignment stays: the newest item that both have.
        back[which] = query.back[source]
        place[which] = index.item_place[at]
        return Neighbours(session.astype(np.int64), similarity, back, place)

    def _nearest(self, found: Neighbours) -> Neighbours:
        """The most similar, of equal ones the newest."""
        if len(found.session) <= self.neighbours:
            return found
        order = np.lexsort((-found.session, -found.similarity))[: self.neighbours]
        session, similarity, back, place = found
        return Neighbours(session[order], similarity[order], back[order], place[order])

    def _query_weights(self, query: Query) -> NDArray[np.float64]:
        """(k,)."""
        weight: NDArray[np.float64]
        if self.fading == "linear":
            weight = 1 - query.back / (query.back.max(initial=0) + 1)
        elif self.query_fading:
            weight = np.exp(-query.back / self.query_fading)
        else:
            weight = np.ones(len(query.back))
        if self.idf:
            seen = np.maximum(self.index.met_in[query.item], 1)
            weight = weight * np.log1p(self.index.n_sessions / seen) ** self.idf
        return weight

    def _match(self, back: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,)."""
        if self.fading == "linear":
            return 1 / (back + 1)
        return np.exp(-back / self.match_fading) if self.match_fading else np.ones(len(back))

    def _near(self, apart: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,) of places after the newest shared item; before it they are below 0."""
        side = np.where(apart < 0, self.before, 1.0)
        return side * np.exp(-np.abs(apart) / self.reach) if self.reach else side


@dataclass(frozen=True)
class SessionKnn:
    """With 0 a fading is left out.

    Defaults: neighbours, newest, recency, idf and length chosen on what completes the baskets of
    November 2017 of Complete Journey (hit@10 .292, item kNN .243), the others on validation of
    Diginetica.

    gap_minutes  : silence after which a session ends
    neighbours   : most sessions that are listened to
    newest       : sessions of each item that are looked at
    fading       : "linear" is VSKNN's, which needs no length for the query and the match
    query_fading : moments after which an asked item counts 1/e
    match_fading : moments since the newest shared item after which a neighbour counts 1/e
    recency_days : age at which a session counts 1/e
    reach        : moments away from the newest shared item at which an item counts 1/e
    before       : what items before the newest shared one count, against 1 for those after it. Ours
    idf          : exponent of log(1 + sessions / sessions with the item)
    length       : exponent of the neighbour's size; .5 is the cosine
    """

    gap_minutes: float = 30.0
    neighbours: int = 200
    newest: int = 300
    fading: Fading = "exponential"
    query_fading: float = 5.0
    match_fading: float = 2.5
    recency_days: float = 365.0
    reach: float = 12.0
    before: float = 0.5
    idf: float = 2.0
    length: float = 0.5
    fitted: ClassVar[type[FittedModel]] = FittedSessionKnn

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedSessionKnn:
        check_log(interactions, as_of)
        index = index_sessions(interactions, self.gap_minutes, self.newest)
        step.note(f"{index.n_sessions:,} sessions")
        return FittedSessionKnn(
            interactions.n_items,
            as_of,
            self.gap_minutes,
            self.neighbours,
            self.fading,
            self.query_fading,
            self.match_fading,
            self.recency_days,
            self.reach,
            self.before,
            self.idf,
            self.length,
            index,
        )
