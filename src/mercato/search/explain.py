"""Why an item stands where it stands in an answer: every step, value and contribution.

A pure function, like `search.search`, of the same request and context; what it tells is taken from
the very functions that answer.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.catalogue.filters import Filter
from mercato.ranking.features import FAMILIES, NAMES
from mercato.ranking.features.asked import Asked
from mercato.ranking.learned import LearnedRanker, Told
from mercato.ranking.rules.explaining import ruled as ruled_item
from mercato.search.explained import Explanation, HeldWord, Membership, Part, Passed, Reranked
from mercato.search.matching import Matches, first_stage_parts
from mercato.search.request import Mode, SearchContext, SearchRequest, SearchResult
from mercato.search.reranking import candidates_at, first_rows
from mercato.search.ruling import weighed
from mercato.search.search import Answering, answer, arranged, gather, page

_MEANINGS = dict(
    zip(
        NAMES,
        (text for family in FAMILIES for text in family.features.values()),
        strict=True,
    )
)


def explain(request: SearchRequest, context: SearchContext, row: int) -> Explanation:
    """Of the item in a living row; the page that is asked for does not matter."""
    return _Told(request, context).explained([row])[0]


def explain_page(
    request: SearchRequest, context: SearchContext
) -> tuple[SearchResult, list[Explanation]]:
    """The page that is asked for, and an explanation of each of its items. Errors as `search`."""
    told = _Told(request, context)
    at = page(request, told.cards, told.keys)
    found = answer(told.answering, told.result.rows[at], told.result.scores[at], len(told.cards))
    return found, told.explained(found.rows.tolist())


class _Told:
    """A request that is answered once, of which several items may be explained."""

    def __init__(self, request: SearchRequest, context: SearchContext) -> None:
        self.request, self.context = request, context
        self.answering = gather(request, context)
        self.result, self.keys, self.cards = arranged(self.answering)
        self.in_order = self.result.rows[self.cards.between(self.keys, 0, len(self.cards))]

    def explained(self, rows: Sequence[int]) -> list[Explanation]:
        at = np.searchsorted(self.result.rows, rows).tolist()
        shown = [_holds(self.result.rows, row) for row in rows]
        second = _second_stages(
            self.answering, [row for row, is_shown in zip(rows, shown, strict=True) if is_shown]
        )
        return [
            self._explained(row, float(self.result.scores[place]) if is_shown else None, second)
            for row, place, is_shown in zip(rows, at, shown, strict=True)
        ]

    def _explained(
        self, row: int, score: float | None, second: Mapping[int, Reranked]
    ) -> Explanation:
        answering, catalogue = self.answering, self.context.catalogue
        position, leader = _place(answering, self.in_order, row)
        found = _holds(answering.found.matches.rows, row)
        return Explanation(
            q=self.request.q,
            item_id=catalogue.ids(np.array([row]))[0],
            text=answering.understood.text,
            did_you_mean=answering.understood.did_you_mean,
            steps=answering.understood.steps,
            relaxed=answering.relaxed,
            membership=_membership(answering, row, found=found, shown=score is not None),
            first_stage=_first_stage(answering, row) if found else {},
            second_stage=second.get(row),
            rules=ruled_item(answering.effects, catalogue, row),
            position=position,
            total=len(self.cards),
            shown_as=None if leader in (None, row) else catalogue.ids(np.array([leader]))[0],
            score=score,
        )


def _holds(rows: NDArray[np.int64], row: int) -> bool:
    at = int(np.searchsorted(rows, row))
    return at < len(rows) and int(rows[at]) == row


def _place(
    answering: Answering, shown: NDArray[np.int64], row: int
) -> tuple[int | None, int | None]:
    """Of the item's card: its position from 1, and the row that it shows."""
    catalogue = answering.context.catalogue
    if not _holds(answering.narrowing.result.rows, row):
        return None, None
    same = shown == row
    if answering.request.distinct and not same.any():
        same = catalogue.group[shown] == catalogue.group[row]
    found = np.flatnonzero(same)
    return (int(found[0]) + 1, int(shown[found[0]])) if len(found) else (None, None)


def _membership(answering: Answering, row: int, *, found: bool, shown: bool) -> Membership:
    evidence, context = answering.found.evidence, answering.context
    text, threshold = evidence.text, context.calibration.semantic_threshold
    rows = np.array([row])
    cosine = None
    if evidence.cosines is not None:
        cosine = float(evidence.cosine(rows, context.catalogue)[0])
    by_words = text is not None and _holds(text.rows, row)
    return Membership(
        found=found,
        shown=shown,
        by_words=by_words,
        by_meaning=cosine is not None and cosine >= threshold and found,
        words=tuple(_held_words(answering, row)),
        words_held=int(text.held[row]) if text is not None else 0,
        words_needed=text.needed if text is not None else 0,
        cosine=cosine,
        threshold=threshold,
        filters=tuple(_filters(answering, row)),
    )


def _held_words(answering: Answering, row: int) -> Iterable[HeldWord]:
    if not answering.with_words:
        return
    alone = Matches(np.array([row], np.int64), np.zeros(1, np.float32))
    understood, evidence = answering.understood, answering.found.evidence
    at_first = candidates_at(np.array([0]), alone, understood, evidence, answering.context)
    words = Asked(at_first).words
    for at, word in enumerate(words.typed):
        bits = int(words.fields[at, 0])
        yield HeldWord(
            word.whole,
            bool(words.known[at]),
            tuple(field.name for number, field in enumerate(TEXT_FIELDS) if bits >> number & 1),
            float(words.weight[at, 0]),
            float(words.rarity[at]),
        )


def _filters(answering: Answering, row: int) -> Iterable[Passed]:
    def passed(term: Filter) -> bool:
        return bool(answering.context.catalogue.mask(term)[row])

    for term in answering.filters:
        yield Passed(str(term), passed(term), "shopper")
    for meant in answering.understood.meant:
        if meant.hard:
            yield Passed(str(meant.filter), passed(meant.filter), "words")


def _first_stage(answering: Answering, row: int) -> dict[str, float]:
    if not answering.with_words:
        return {"popularity": float(answering.context.catalogue.popularity[row])}
    return first_stage_parts(row, answering.found.evidence, answering.understood, answering.context)


def _second_stages(answering: Answering, rows: Sequence[int]) -> Mapping[int, Reranked]:
    """Row → what the ranker said; without those beyond its first, and empty where the answer's
    order is not the ranker's."""
    request, context, ranker = answering.request, answering.context, answering.context.ranker
    plain = request.sort is not None or request.mode != Mode.HYBRID or answering.understood.exact
    if not isinstance(ranker, LearnedRanker) or plain or not answering.with_words:
        return {}
    result = answering.narrowing.result
    at = first_rows(weighed(result, answering.effects, context.catalogue), context)
    evidence = answering.found.evidence
    candidates = candidates_at(at, result, answering.understood, evidence, context)
    scored = [row for row in rows if _holds(candidates.rows, row)]
    told = ranker.tell_each(candidates, np.searchsorted(candidates.rows, scored).tolist())
    return {row: _reranked(each) for row, each in zip(scored, told, strict=True)}


def _reranked(told: Told) -> Reranked:
    parts = (
        Part(name, _MEANINGS[name], float(value), float(contribution))
        for name, value, contribution in zip(NAMES, told.values, told.contributions, strict=True)
    )
    ordered = sorted(parts, key=lambda part: -abs(part.contribution))
    return Reranked(told.base, told.raw, told.score, tuple(ordered))
