"""Rankers over candidates of RetailRocket: trees over scores of several models, and ESMM."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.behaviours import Behaviours, Scores, ease, inverse, item_knn, weighed
from mercato.core.progress import Silent
from mercato.evaluation.full_ranking import rank_all
from mercato.models.ctr.entire_space import EntireSpace
from mercato.models.ctr.fields import Examples, History, Rows
from mercato.models.ctr.network import Learning
from mercato.models.lambdamart.graph import graph_of, open_graph
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.ranking_data import RankingData

MOST = 250
"""Candidates of a shopper."""

LESSONS = (("buy", 1), ("cart", 1), ("view", 2))
"""What the trees learn from: one item that is held out of each shopper with so many of the kind.
Purchases alone are too few; on validation views and carts beside them are no worse."""

LONGEST = 30

RIDGE, RIDGE_OF_CHOSEN, SHRINK = 100.0, 10.0, 3.0


@dataclass(frozen=True)
class Candidates:
    """items : (m, k) by asked shopper; features: (m, k, n_features)"""

    items: NDArray[np.int64]
    features: NDArray[np.float32]

    @classmethod
    def of(cls, data: Behaviours) -> "Candidates":
        """What EASE scores highest of what the shopper has not met, with other models' scores."""
        scores = ease(data.met, data.asked, RIDGE)
        items = rank_all(lambda part: scores[part], len(scores), MOST, seen=data.seen(met=True))
        best = _at(scores, items)
        place = np.broadcast_to(np.arange(MOST), items.shape)
        columns = [best, place, best / np.maximum(best[:, :1], np.float32(1e-9))]
        columns += [_at(each, items) for each in _others(data)]
        columns += _counts(data, items)
        return cls(items, np.stack([np.asarray(each, np.float32) for each in columns], axis=2))


def _others(data: Behaviours) -> Iterator[Scores]:
    """What shoppers who are alike chose or viewed, by several likenesses; item-kNN."""
    asked, met, chosen = data.asked, data.met, data.chosen
    alike = _ridge(met, asked, RIDGE)
    yield weighed(alike, chosen)
    yield weighed(alike, data.kinds[0])
    yield weighed(_ridge(chosen, asked, RIDGE_OF_CHOSEN), met)
    shared = (met[asked] @ met.T).toarray() / np.sqrt(np.maximum(np.diff(met.indptr), 1))
    yield weighed(_others_only(shared, asked), met)
    beside = (chosen[asked] @ met.T).toarray()
    yield weighed(_others_only(beside, asked), chosen)
    yield item_knn(met, met[asked], met, SHRINK)


def _ridge(
    matrix: sp.csr_array, asked: NDArray[np.int64], regularisation: float
) -> NDArray[np.float32]:
    """(m, n_shoppers) how much each shopper says of each that is asked for: K (K + r I)^-1 of the
    kernel K = X X' is I - r (K + r I)^-1."""
    weights = -regularisation * inverse(matrix, regularisation)[asked]
    return _others_only(weights, asked)


def _others_only(weights: NDArray[np.floating], asked: NDArray[np.int64]) -> NDArray[np.float32]:
    weights[np.arange(len(asked)), asked] = 0
    return weights.astype(np.float32)


def _counts(data: Behaviours, items: NDArray[np.int64]) -> Iterator[NDArray[np.floating]]:
    """How often each item and how much each shopper did what; how busy the item's shoppers are."""
    for kind in (*data.kinds, data.met):
        yield np.asarray(kind.sum(axis=0)).ravel()[items]
        yield np.broadcast_to(np.diff(kind.indptr)[data.asked][:, None], items.shape)
    busy = data.met.T @ np.log1p(np.diff(data.met.indptr))
    yield (busy / np.maximum(np.asarray(data.met.sum(axis=0)).ravel(), 1))[items]


def _at(scores: Scores, items: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.take_along_axis(scores, items, axis=1)


def _spread(data: Behaviours, items: NDArray[np.int64], values: Scores) -> Scores:
    """(m, n_items) the values of candidates, -inf elsewhere."""
    scores = np.full((len(items), data.met.shape[1]), -np.inf, np.float32)
    np.put_along_axis(scores, items, values, axis=1)
    return scores


@dataclass(frozen=True)
class CandidateRanker:
    """Learns from purchases that are held out of what it is given, as the answer is."""

    model: LambdaMart = LambdaMart(
        objective="binary", n_trees=100, n_leaves=8, learning_rate=0.05, least_rows=50
    )

    def scores(self, data: Behaviours) -> Scores:
        parts = [
            self._ranking(data.hold_out(seed, kind, least))
            for seed, (kind, least) in enumerate(LESSONS, start=100)
        ]
        whole = RankingData(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.group for part in parts]),
            np.concatenate([part.gain for part in parts]),
        )
        run = open_graph(graph_of(self.model.fit(whole)))
        found = Candidates.of(data)
        m, k, n_features = found.features.shape
        values = run(found.features.reshape(m * k, n_features)).reshape(m, k)
        return _spread(data, found.items, values)

    def _ranking(self, held: Behaviours) -> RankingData:
        found = Candidates.of(held)
        gain = found.items == held.answer[:, None]
        some = gain.any(axis=1)
        features = found.features[some].reshape(-1, found.features.shape[2])
        group = np.full(int(some.sum()), gain.shape[1])
        return RankingData(features, group, gain[some].ravel().astype(np.float32))


@dataclass(frozen=True)
class EntireSpaceRanker:
    """ESMM on what was viewed or put in the cart (a click) and bought, against drawn items; the
    shopper is told by what else they met.

    negatives : drawn items beside each that was met, by the root of how often it was
    """

    model: EntireSpace = EntireSpace(
        dimensions=16,
        widths=(32,),
        longest=LONGEST,
        learning=Learning(batch_rows=2_048, passes=5, weight_decay=0.01, dropout=0.2),
    )
    negatives: int = 4

    def scores(self, data: Behaviours) -> Scores:
        random = np.random.default_rng(3)
        examples = self._examples(data, random)
        stopping = random.random(len(examples)) < 0.1
        train, validation = (examples.of(np.flatnonzero(part)) for part in (~stopping, stopping))
        with Silent().step("fit") as step:
            fitted = self.model.fit(train, validation, step)
        items = Candidates.of(data).items
        shopper = np.repeat(data.asked, items.shape[1])
        values = fitted.score(_rows(data, shopper, items.ravel(), None))
        return _spread(data, items, values.reshape(items.shape))

    def _examples(self, data: Behaviours, random: np.random.Generator) -> Examples:
        met = data.met.tocoo()
        shopper, item = (each.astype(np.int64) for each in met.coords)
        share = np.sqrt(np.asarray(data.met.sum(axis=0)).ravel())
        drawn = random.choice(len(share), (len(item), self.negatives), p=share / share.sum())
        items = np.column_stack([item, drawn]).ravel()
        shoppers = np.repeat(shopper, self.negatives + 1)
        clicked = _held(data.met, shoppers, items)
        rows = _rows(data, shoppers, items, items)
        return Examples(rows, clicked, _held(data.kinds[-1], shoppers, items) & clicked)


def _held(
    matrix: sp.csr_array, shoppers: NDArray[np.int64], items: NDArray[np.int64]
) -> NDArray[np.bool_]:
    row, column = matrix.tocoo().coords
    n_items = matrix.shape[1]
    return np.isin(shoppers * n_items + items, row.astype(np.int64) * n_items + column)


def _rows(
    data: Behaviours,
    shoppers: NDArray[np.int64],
    items: NDArray[np.int64],
    left_out: NDArray[np.int64] | None,
) -> Rows:
    """Each item with how much it is viewed, carted and bought (log 2), and the shopper's others."""
    counts = [np.asarray(kind.sum(axis=0)).ravel()[items] for kind in data.kinds]
    buckets = [np.minimum(np.log2(1 + each).astype(np.int64), 9) + 1 for each in counts]
    codes = np.column_stack([items + 1, *buckets]).astype(np.int32)
    past = _past(data.met).of(shoppers)
    if left_out is not None:
        kept = past.code != np.repeat(left_out + 1, np.diff(past.offsets))
        offsets = np.concatenate(([0], np.cumsum(kept)))[past.offsets]
        past = History("item", offsets, past.code[kept])
    sizes = (data.met.shape[1] + 1, 11, 11, 11)
    return Rows(("item", "viewed", "carted", "bought"), sizes, codes, (past,))


def _past(met: sp.csr_array) -> History:
    """Of each shopper at most `LONGEST` items that they met, drawn: some met a thousand."""
    random = np.random.default_rng(4)
    shopper = np.repeat(np.arange(met.shape[0]), np.diff(met.indptr))
    order = np.lexsort((random.random(len(shopper)), shopper))
    place = np.arange(len(shopper)) - met.indptr[shopper]
    some = np.sort(order[place < LONGEST])
    offsets = np.searchsorted(shopper[some], np.arange(met.shape[0] + 1))
    return History("item", offsets, (met.indices[some] + 1).astype(np.int32))
