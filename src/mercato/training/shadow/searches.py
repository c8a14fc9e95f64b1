"""Searches of releases side by side: for queries that were judged, and for those of the newest
days, against what shoppers then clicked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core.columns import GRADE, ITEM_ID, QUERY
from mercato.core.progress import Progress
from mercato.evaluation.counterfactual import LEAST_PROPENSITY
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import GAINS, Values, ndcg, reciprocal_rank
from mercato.evaluation.report import SEARCH_K
from mercato.models.clicks.selection import best_propensities
from mercato.training.clicks import read_clicks
from mercato.training.shadow.asking import Asked
from mercato.training.shadow.comparing import Compared, compared

JUDGED, CLICKED = "judged searches", "clicked searches"

GAIN = "exp"

Places = NDArray[np.float64]
"""(n_pairs,) from 1, among what was shown for the query; infinite where a release does not find
it."""


def compare_judged(
    asked: Mapping[str, Asked], judgments: pa.Table, most: int, progress: Progress
) -> Compared | None:
    """Of judged queries, at most so many; None where none has an item that is worth something."""
    worth = GAINS[GAIN](judgments[GRADE].to_numpy().astype(np.float32)) > 0
    positive = judgments.filter(pa.array(worth))
    chosen = _spread(pc.unique(positive[QUERY]).sort(), most)
    if not len(chosen):
        return None
    positive = positive.filter(pc.is_in(positive[QUERY], value_set=chosen))
    ids = pc.unique(positive[ITEM_ID])
    numbers = {item_id: at for at, item_id in enumerate(ids.to_pylist())}
    truth = Truth.of_pairs(
        pc.index_in(positive[QUERY], value_set=chosen).to_numpy(),
        pc.index_in(positive[ITEM_ID], value_set=ids).to_numpy(),
        len(chosen),
        positive[GRADE].to_numpy(),
    )
    values = {}
    with progress.step(f"{JUDGED}, side by side", len(chosen) * len(asked)) as step:
        for name, release in asked.items():
            ranked = []
            for query in chosen.to_pylist():
                found = release.hits(query, SEARCH_K)
                # What nobody judged is worth nothing, and takes its place all the same.
                places = [numbers.get(id_, len(numbers) + at) for at, id_ in enumerate(found)]
                ranked.append(np.array(places, np.int64))
                step.advance()
            judged = judge(as_answers(ranked, SEARCH_K), truth)
            values[name] = {
                f"search/ndcg@{SEARCH_K}": ndcg(judged, SEARCH_K, GAIN),
                f"search/mrr@{SEARCH_K}": reciprocal_rank(judged, SEARCH_K),
            }
    return compared(values, len(chosen))


@dataclass(frozen=True)
class Clicked:
    """Pairs of query and item that were shown, by query.

    query  : (n_pairs,) ascending, numbers of ``queries``
    item   : (n_pairs,) ids
    weight : (n_pairs,) clicks, each over the chance that its place is looked at; 0 without any
    """

    queries: Sequence[str]
    query: NDArray[np.int64]
    item: Sequence[str]
    weight: NDArray[np.float64]

    def first(self, most: int) -> "Clicked":
        """Some of the queries, spread over all."""
        chosen = _spread(pa.array(self.queries), most).to_pylist()
        new = {name: at for at, name in enumerate(chosen)}
        number = np.array([new.get(name, -1) for name in self.queries])[self.query]
        kept = np.flatnonzero(number >= 0)
        return Clicked(
            chosen, number[kept], [self.item[at] for at in kept.tolist()], self.weight[kept]
        )


def clicked_of(clicks: pa.Table, release: Asked) -> Clicked | None:
    """Of what the asset ``search_clicks`` counts; None where that is too little.

    Of a click far below an item counts for many that were never looked at, by inverse propensities
    (`evaluation.counterfactual`); they are estimated from the same clicks. No prior by place is
    mixed in, as for learning: it would say that the release which answered was right.
    """
    catalogue = release.live.catalogue
    read = read_clicks(clicks, catalogue)
    if read is None:
        return None
    log = read.acted
    chance = np.maximum(best_propensities(log).of(log.position), LEAST_PROPENSITY)
    weight = np.bincount(log.pair, log.clicked / chance, minlength=log.n_pairs).astype(np.float64)
    return Clicked(read.queries, log.query, catalogue.ids(log.item), weight)


def compare_clicked(asked: Mapping[str, Asked], clicked: Clicked, progress: Progress) -> Compared:
    """Each release orders what was shown for a query; where clicks would then stand.

    Nothing is known of items that were not shown: they are skipped, or a release that shows what
    the published one never did would lose by that alone. What a release does not find earns
    nothing.
    """
    n = len(clicked.queries)
    values = {}
    with progress.step(f"{CLICKED}, side by side", n * len(asked)) as step:
        for name, release in asked.items():
            places = np.full(len(clicked.query), np.inf)
            begins = np.searchsorted(clicked.query, np.arange(n + 1)).tolist()
            for at, query in enumerate(clicked.queries):
                pairs = range(begins[at], begins[at + 1])
                rank = {id_: place for place, id_ in enumerate(release.hits(query))}
                found = sorted(
                    (rank[clicked.item[pair]], pair) for pair in pairs if clicked.item[pair] in rank
                )
                for place, (_, pair) in enumerate(found, start=1):
                    places[pair] = place
                step.advance()
            values[name] = click_values(clicked, places)
    return compared(values, n)


def click_values(clicked: Clicked, places: Places) -> dict[str, Values]:
    """nDCG with linear gain, and the mean reciprocal rank of a click: one value a query."""
    n = len(clicked.queries)
    best = np.lexsort((-clicked.weight, clicked.query))
    begins = np.searchsorted(clicked.query, np.arange(n))
    ideal = np.empty(len(best))
    ideal[best] = np.arange(len(best)) - begins[clicked.query[best]] + 1

    def summed(worth: NDArray[np.float64]) -> Values:
        return np.bincount(clicked.query, clicked.weight * worth, minlength=n).astype(np.float64)

    total, most = summed(np.ones(len(best))), summed(1 / np.log2(ideal + 1))
    return {
        "search/ndcg": summed(1 / np.log2(places + 1)) / most,
        "search/mrr": summed(1 / places) / total,
    }


def _spread(names: pa.Array, most: int) -> pa.Array:
    at = np.linspace(0, len(names) - 1, min(most, len(names))).astype(int)
    return names.take(pa.array(at))
