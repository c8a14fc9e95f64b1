"""One answer from two rankings of the same products, by team draft; see `ranking.interleaving`."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.ranking.interleaving import BOTH, SECOND, team_draft
from mercato.search.request import SearchContext, SearchRequest, SearchResult
from mercato.search.search import Answering, answer, arranged, between, gather

DRAFTED = 100
"""Cards that both rankings choose in turn; behind them stands what is left in the first's order."""


@dataclass(frozen=True)
class Drafted:
    """teams : (n,) of each card of the page: `interleaving.FIRST`, SECOND or BOTH; none where the
    answer is the first ranking's alone"""

    result: SearchResult
    teams: tuple[int, ...] = ()


def drafted(
    request: SearchRequest, first: SearchContext, second: SearchContext, seed: int
) -> Drafted:
    """Answer a request by two rankings, which differ in the ranker or the weight of meaning alone,
    so that totals, facets and what stands on all pages together are those of either.

    seed : the same for all pages of a search

    Where nothing ranks by score, or rules pin items to places, the first ranking answers. Raises
    as `search.search`.
    """
    one = gather(request, first)
    result, keys, cards = arranged(one)
    start, end = between(request, len(cards))
    if request.sort is not None or not one.with_words or len(cards.pinned):
        at = cards.between(keys, start, end)
        return Drafted(answer(one, result.rows[at], result.scores[at], len(cards)))
    other_result, other_keys, other_cards = arranged(_again(one, second))
    card_of = _card_of(one, result.rows)
    mine = cards.between(keys, 0, max(DRAFTED, end))
    theirs = other_cards.between(other_keys, 0, DRAFTED)
    draft = team_draft(card_of[mine[:DRAFTED]].tolist(), card_of[theirs].tolist(), DRAFTED, seed)
    of_first = dict(zip(card_of[mine].tolist(), mine.tolist(), strict=True))
    of_second = dict(zip(card_of[theirs].tolist(), theirs.tolist(), strict=True))
    chosen = set(draft.items)
    rest = [at for card, at in of_first.items() if card not in chosen]
    places = [
        of_second[card] if team == SECOND else of_first[card]
        for card, team in zip(draft.items, draft.teams, strict=True)
    ]
    at = np.array([*places, *rest][start:end], np.int64)
    teams = (*draft.teams, *[BOTH] * len(rest))[start:end]
    seconds = np.array(teams) == SECOND
    scores = np.where(seconds, other_result.scores[at], result.scores[at])
    return Drafted(answer(one, result.rows[at], scores, len(cards)), teams)


def _again(one: Answering, second: SearchContext) -> Answering:
    """The same request under the other ranking; what is found is not sought again where only the
    ranker differs."""
    if second.calibration == one.context.calibration:
        return replace(one, context=second)
    return gather(one.request, second)


def _card_of(answering: Answering, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) what stands for each row: its group where one of a group is shown, else itself."""
    catalogue = answering.narrowing.catalogue
    if answering.request.distinct and catalogue.grouped:
        return catalogue.group[rows].astype(np.int64)
    return rows
