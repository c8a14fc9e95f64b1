"""Rankers over candidates of RetailRocket: trees over scores of several models, and ESMM."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.behaviours import Behaviours, Scores, ease, item_knn
from mercato.core.progress import Silent
from mercato.models.ctr.entire_space import EntireSpace
from mercato.models.ctr.fields import Examples, History, Rows
from mercato.models.ctr.network import Learning
from mercato.models.lambdamart.graph import graph_of, open_graph
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.ranking_data import RankingData

MOST = 150
"""Candidates that each of two models brings a shopper."""

LEARNED_ROUNDS = (100, 101, 102)
"""Seeds of the hold-outs that the trees learn from."""

RIDGE, SHRINK = 200.0, 10.0


@dataclass(frozen=True)
class Candidates:
    """items : (m, k) by asked shopper; features: (m, k, n_features)"""

    items: NDArray[np.int64]
    features: NDArray[np.float32]

    @classmethod
    def of(cls, data: Behaviours) -> "Candidates":
        """What EASE and item-kNN bring that the shopper has not met, with every model's score."""
        met = data.met[data.asked]
        by_ease = ease(data.weighted((1, 1, 1)), data.asked, RIDGE)
        by_knn = item_knn(data.met, met, data.met, SHRINK)
        items = _best_of_both(by_ease, by_knn, met)
        columns: list[NDArray[np.generic]] = [_at(by_ease, items), _places(by_ease, items)]
        columns += [_at(by_knn, items), _places(by_knn, items)]
        del by_ease, by_knn
        views, carts, bought = data.kinds
        chosen = sp.csr_array(carts + bought)
        chosen.data = np.ones_like(chosen.data)
        links = (
            (chosen, chosen[data.asked], chosen),
            (bought, bought[data.asked], bought),
            (views, views[data.asked], chosen),
            (data.met, chosen[data.asked], data.met),
        )
        columns += [_at(item_knn(*each, SHRINK), items) for each in links]
        for kind in (*data.kinds, data.met):
            columns.append(np.asarray(kind.sum(axis=0)).ravel()[items])
            columns.append(_constant(np.diff(kind.indptr)[data.asked], items))
        return cls(items, np.stack(columns, axis=2, dtype=np.float32, casting="unsafe"))


def _best_of_both(one: Scores, other: Scores, met: sp.csr_array) -> NDArray[np.int64]:
    """(m, 2 * MOST) items that were not met, each once; places that are left are filled with more
    of the first model's."""
    found = np.empty((len(one), 2 * MOST), np.int64)
    for row in range(len(one)):
        known = met.indices[met.indptr[row] : met.indptr[row + 1]]
        lists = []
        for scores in (one, other):
            own = scores[row].copy()
            own[known] = -np.inf
            lists.append(np.argsort(-own, kind="stable")[: 2 * MOST])
        merged = np.concatenate([lists[0][:MOST], lists[1][:MOST], lists[0][MOST:]])
        first = np.sort(np.unique(merged, return_index=True)[1])
        found[row] = merged[first][: 2 * MOST]
    return found


def _at(scores: Scores, items: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.take_along_axis(scores, items, axis=1)


def _places(scores: Scores, items: NDArray[np.int64]) -> NDArray[np.int64]:
    """(m, k) the place of each candidate among the shopper's candidates."""
    return np.argsort(np.argsort(-_at(scores, items), axis=1, kind="stable"), axis=1)


def _constant(values: NDArray[np.integer], items: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.repeat(values[:, None], items.shape[1], axis=1)


def _spread(data: Behaviours, items: NDArray[np.int64], values: Scores) -> Scores:
    """(m, n_items) the values of candidates, -inf elsewhere."""
    scores = np.full((len(items), data.met.shape[1]), -np.inf, np.float32)
    np.put_along_axis(scores, items, values, axis=1)
    return scores


@dataclass(frozen=True)
class CandidateRanker:
    """Learns from purchases that are held out of what it is given, as the answer is."""

    model: LambdaMart = LambdaMart(n_trees=100, n_leaves=8, least_rows=50, looked_at=10)

    def scores(self, data: Behaviours) -> Scores:
        parts = [self._ranking(data.hold_out(seed, least=1)) for seed in LEARNED_ROUNDS]
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
        longest=30,
        learning=Learning(batch_rows=2_048, passes=8, weight_decay=0.01, dropout=0.2),
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
    starts, stops = data.met.indptr[shoppers], data.met.indptr[shoppers + 1]
    length = stops - starts
    offsets = np.concatenate(([0], np.cumsum(length)))
    at = np.repeat(starts - offsets[:-1], length) + np.arange(offsets[-1])
    past = data.met.indices[at].astype(np.int64)
    if left_out is not None:
        kept = past != np.repeat(left_out, length)
        offsets = np.concatenate(([0], np.cumsum(kept)))[offsets]
        past = past[kept]
    history = History("item", offsets.astype(np.int64), (past + 1).astype(np.int32))
    sizes = (data.met.shape[1] + 1, 11, 11, 11)
    return Rows(("item", "viewed", "carted", "bought"), sizes, codes, (history,))
