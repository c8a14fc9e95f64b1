"""A search at the level of its request: whole, by words alone, or as it was answered lately."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from mercato.catalogue.catalogue import Catalogue
from mercato.search.request import Mode, SearchContext, SearchRequest, SearchResult
from mercato.search.search import search
from mercato.shop.overload.kept import Kept
from mercato.shop.overload.levels import Level, Part, Turn, current_turn


@dataclass(frozen=True)
class KeptSearch:
    """An answer to whoever asks; its rows may be others' by now, its ids are not.

    without : parts that it was made without
    """

    result: SearchResult
    ids: tuple[str, ...]
    without: frozenset[Part]


def answered(
    kept: Kept[KeptSearch], request: SearchRequest, context: SearchContext, made_of: Hashable
) -> SearchResult:
    """The search's result; ``applied.degraded`` says what the turn's answer lacks.

    made_of : what else an answer depends on that may not be kept over a change of it: the release,
              the rules. Errors as with `search`.
    """
    turn = current_turn()
    key = (made_of, context.segments, request)
    found = kept.get(key) if turn.level >= Level.KEPT else None
    if found is not None:
        turn.left_out |= {Part.FRESHNESS, *found.without}
        return _told(_of_today(found, context.catalogue), turn)
    by_words = turn.level >= Level.WORDS and _asks_for_meaning(request, context)
    if by_words:
        turn.left_out.add(Part.SEMANTIC)
    result = search(replace(request, mode=Mode.LEXICAL) if by_words else request, context)
    # A whole answer is not replaced by a lesser one, unless it is too old.
    if (
        context.taste is None
        and not len(context.unwanted)
        and (not by_words or turn.level >= Level.KEPT)
    ):
        ids = tuple(context.catalogue.ids(result.rows))
        without = frozenset({Part.SEMANTIC} if by_words else ())
        kept.put(key, KeptSearch(result, ids, without), _size(result))
    return _told(result, turn)


def _size(result: SearchResult) -> int:
    """In hits and counts of facets."""
    return 1 + len(result.rows) + sum(map(len, result.facets.values()))


def _asks_for_meaning(request: SearchRequest, context: SearchContext) -> bool:
    return bool(request.q.strip()) and context.encode is not None and request.mode != Mode.LEXICAL


def _of_today(found: KeptSearch, catalogue: Catalogue) -> SearchResult:
    """With the rows that its items have now, without those that are no longer there."""
    rows = [catalogue.row(each) for each in found.ids]
    at = [index for index, row in enumerate(rows) if row is not None]
    living = np.array([rows[index] for index in at], np.int64)
    return replace(found.result, rows=living, scores=found.result.scores[at])


def _told(result: SearchResult, turn: Turn) -> SearchResult:
    if not turn.left_out:
        return result
    return replace(result, applied=replace(result.applied, degraded=turn.told()))
