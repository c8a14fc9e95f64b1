"""What a search that found nothing was after, for the shelf that stands in its place."""

from mercato.ranking.intent import query_tokens
from mercato.recommend.request import Sought
from mercato.shop.opened import Live

_TOLD = 3
"""Categories that are looked at."""


def sought(live: Live, q: str) -> Sought | None:
    """What the live release makes of the words; None where it was given none."""
    if not q.strip():
        return None
    meaning = None if live.encode_query is None else live.encode_query(q)
    intent = None
    if live.intent is not None:
        intent = live.intent.intent(live.catalogue.text.numbers(query_tokens(q)))
    return Sought(meaning, () if intent is None else tuple(intent.likeliest(_TOLD)))
