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
from mercato.ranking.features.known import KNOWN
from mercato.ranking.known_answers import KnownAnswers
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
class Question:
    """One query as it is asked.

    code      : (1, d) int8, its vector; None where nothing was sought by meaning
    base_rows : (k,) of its candidates, in the order of their features
    answers   : base row → what it is worth, of all that is known
    """

    text: str
    code: NDArray[np.int8] | None
    base_rows: NDArray[np.int32]
    answers: Mapping[int, float]


@dataclass(frozen=True)
class Examples:
    """What a ranker learns from.

    data  : features but those of known answers, which depend on what is known
    ideal : (n_queries,) the discounted gain of the best first K products, found or not
    """

    questions: tuple[Question, ...]
    data: RankingData
    ideal: Values

    def __len__(self) -> int:
        return len(self.questions)

    def some(self, which: NDArray[np.integer]) -> "Examples":
        questions = tuple(self.questions[at] for at in which.tolist())
        return Examples(questions, self.data.of(which), self.ideal[which])

    def known(self) -> KnownAnswers | None:
        """The answers of these queries, in their order; None where none was sought by meaning."""
        codes = [question.code for question in self.questions]
        some = next((code for code in codes if code is not None), None)
        if some is None:
            return None
        vectors = [np.zeros_like(some) if code is None else code for code in codes]
        answers = [question.answers for question in self.questions]
        return KnownAnswers.of(
            np.concatenate(vectors),
            [np.fromiter(of, np.int32, len(of)) for of in answers],
            [np.fromiter(of.values(), np.float32, len(of)) for of in answers],
        )

    def knowing(self, known: KnownAnswers | None, *, own: bool = False) -> RankingData:
        """The data with the features of known answers.

        own : whether the answers are these queries' own: each is then told of the others alone
        """
        if known is None:
            return self.data
        features = self.data.features.copy()
        for at, (start, question) in enumerate(zip(self.data.starts, self.questions, strict=True)):
            if question.code is None:
                continue
            lent = known.lent(question.code, question.base_rows, at if own else None)
            rows = slice(int(start), int(start) + len(question.base_rows))
            features[rows, CHOSEN] = lent.gain
            features[rows, JUDGED] = lent.asked
            features[rows, NEAREST] = lent.nearest
        return replace(self.data, features=features)

    def ndcg(self, scores: NDArray[np.floating]) -> Values:
        """(n_queries,) nDCG@K of the candidates in the order of scores (n,)."""
        values = np.zeros(len(self))
        for at, (start, n) in enumerate(zip(self.data.starts, self.data.group, strict=True)):
            part = slice(int(start), int(start + n))
            best = np.argsort(-scores[part], kind="stable")[:K]
            values[at] = discounted(self.data.gain[part][best]) / self.ideal[at]
        return values


CHOSEN, JUDGED, NEAREST = (NAMES.index(f"{KNOWN.name}: {feature}") for feature in KNOWN.features)


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
    asked = [_of_query(query, of, context, step) for query, of in graded.items()]
    weighted = any(of.weight is not None for of in graded.values())
    data = RankingData(
        np.concatenate([np.zeros((0, len(NAMES)), np.float32), *(each.values for each in asked)]),
        np.array([len(each.values) for each in asked], np.int64),
        np.concatenate([np.zeros(0, np.float32), *(each.gain for each in asked)]),
        np.concatenate([each.weight for each in asked]) if weighted else None,
    )
    best = (np.sort(list(of.gain.values()))[::-1][:K] for of in graded.values())
    ideal = np.array([discounted(gains) for gains in best])
    return Examples(tuple(each.question for each in asked), data, ideal)


@dataclass(frozen=True)
class _Asked:
    """Features, gains and weights of those candidates that are examples."""

    question: Question
    values: NDArray[np.float32]
    gain: NDArray[np.float32]
    weight: NDArray[np.float32]


def _of_query(query: str, graded: Graded, context: SearchContext, step: Step) -> _Asked:
    candidates = candidates_for(query, context)
    step.advance()
    if candidates is None:
        nothing, no_rows = np.zeros(0, np.float32), np.zeros(0, np.int32)
        none = np.zeros((0, len(NAMES)), np.float32)
        return _Asked(Question(query, None, no_rows, {}), none, nothing, nothing)
    rows = candidates.rows.tolist()
    gain = np.array([graded.gain.get(row, 0.0) for row in rows], np.float32)
    weight = np.ones(len(rows), np.float32)
    if graded.weight is not None:
        weight = np.array([graded.weight.get(row, 0.0) for row in rows], np.float32)
    kept = np.flatnonzero(weight > 0)
    cosines = candidates.evidence.cosines
    question = Question(
        query,
        None if cosines is None else cosines.query,
        candidates.catalogue.base_of[candidates.rows[kept]],
        graded.gain,
    )
    return _Asked(question, features(candidates)[kept], gain[kept], weight[kept])
