"""Queries with graded products → candidates as served, with their features and gains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import GRADE, ITEM_ID, QUERY
from mercato.core.progress import Step
from mercato.evaluation.metrics import Values
from mercato.models.ranking_data import RankingData
from mercato.ranking.candidates import Candidates
from mercato.ranking.features import NAMES, features
from mercato.search.request import SearchContext
from mercato.search.search import SearchRequest, search
from mercato.training.clicks import ClickExamples

K = 10


@dataclass(frozen=True)
class Graded:
    """Products of one query.

    gain   : row → what it is worth, 0 and more
    weight : row → how much it counts; None where unjudged products are worth 0 and all count the
             same. With weights, products without one are no examples
    """

    gain: Mapping[int, float]
    weight: Mapping[int, float] | None = None


def graded_by_judgments(judgments: pa.Table, catalogue: Catalogue) -> dict[str, Graded]:
    """By query with anything of worth: a grade g gains 2**(g - lowest) - 1, the lowest being the
    least that was given to anything; where all grades are one, 1.

    What is no longer sold has no row, and counts in no ideal order.
    """
    grades = judgments[GRADE].to_numpy().astype(np.float64)
    gains = np.exp2(grades - grades.min(initial=np.inf)) - 1
    if not gains.any():
        gains = np.ones(len(gains))
    found: dict[str, dict[int, float]] = {}
    queries, ids = judgments[QUERY].to_pylist(), judgments[ITEM_ID].to_pylist()
    for query, item_id, gain in zip(queries, ids, gains.tolist(), strict=True):
        if (row := catalogue.row(item_id)) is not None:
            found.setdefault(query, {})[row] = gain
    return {query: Graded(of) for query, of in sorted(found.items()) if any(of.values())}


def graded_by_clicks(examples: ClickExamples) -> dict[str, Graded]:
    """By query: what was shown, worth its relevance, counting as far as that is certain."""
    found: dict[str, Graded] = {}
    bounds = np.searchsorted(examples.query, np.arange(len(examples.queries) + 1)).tolist()
    for number, query in enumerate(examples.queries):
        part = slice(bounds[number], bounds[number + 1])
        rows = examples.row[part].tolist()
        gain = dict(zip(rows, examples.gain[part].tolist(), strict=True))
        weight = dict(zip(rows, examples.weight[part].tolist(), strict=True))
        if any(gain.values()):
            found[query] = Graded(gain, weight)
    return found


@dataclass(frozen=True)
class Examples:
    """What a ranker learns from.

    ideal : (n_queries,) the discounted gain of the best first K products, found or not
    """

    queries: tuple[str, ...]
    data: RankingData
    ideal: Values

    def some(self, which: NDArray[np.integer]) -> "Examples":
        names = tuple(self.queries[at] for at in which.tolist())
        return Examples(names, self.data.of(which), self.ideal[which])

    def ndcg(self, scores: NDArray[np.floating]) -> Values:
        """(n_queries,) nDCG@K of the candidates in the order of scores (n,)."""
        values = np.zeros(len(self.queries))
        for at, (start, n) in enumerate(zip(self.data.starts, self.data.group, strict=True)):
            part = slice(int(start), int(start + n))
            best = np.argsort(-scores[part], kind="stable")[:K]
            values[at] = discounted(self.data.gain[part][best]) / self.ideal[at]
        return values


def discounted(gains: NDArray[np.floating]) -> float:
    """DCG of gains in order (Järvelin & Kekäläinen 2002)."""
    return float(gains @ (1 / np.log2(np.arange(2, len(gains) + 2))))


class _Listening:
    """A ranker that hands on what it is given and leaves it as it is."""

    def __init__(self, hear: Callable[[Candidates], None]) -> None:
        self._hear = hear

    def scores(self, candidates: Candidates) -> NDArray[np.float32]:
        self._hear(candidates)
        return candidates.scores


def candidates_for(query: str, context: SearchContext) -> Candidates | None:
    """What a ranker would be given; None where nothing is left to it."""
    heard: list[Candidates] = []
    request = SearchRequest(query, per_page=1, distinct=False)
    search(request, replace(context, ranker=_Listening(heard.append)))
    return heard[0] if heard else None


def gather_examples(graded: Mapping[str, Graded], context: SearchContext, step: Step) -> Examples:
    """Ask each query as a shopper would; ``step`` advances by queries."""
    parts, gains, weights, group, ideal = [], [], [], [], []
    for query, of in graded.items():
        candidates = candidates_for(query, context)
        values, gain, weight = _of_query(candidates, of)
        parts.append(values)
        gains.append(gain)
        weights.append(weight)
        group.append(len(values))
        ideal.append(discounted(np.sort(list(of.gain.values()))[::-1][:K]))
        step.advance()
    weighted = any(of.weight is not None for of in graded.values())
    data = RankingData(
        np.concatenate([np.zeros((0, len(NAMES)), np.float32), *parts]),
        np.array(group, np.int64),
        np.concatenate([np.zeros(0, np.float32), *gains]),
        np.concatenate(weights) if weighted else None,
    )
    return Examples(tuple(graded), data, np.array(ideal))


def _of_query(
    candidates: Candidates | None, graded: Graded
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Features, gains and weights of those candidates that are examples."""
    if candidates is None:
        nothing = np.zeros(0, np.float32)
        return np.zeros((0, len(NAMES)), np.float32), nothing, nothing
    rows = candidates.rows.tolist()
    values = features(candidates)
    gain = np.array([graded.gain.get(row, 0.0) for row in rows], np.float32)
    if graded.weight is None:
        return values, gain, np.ones(len(rows), np.float32)
    weight = np.array([graded.weight.get(row, 0.0) for row in rows], np.float32)
    known = weight > 0
    return values[known], gain[known], weight[known]
