"""What a shopper searched for, in a release and since: as models were taught it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mercato.core.searches import (
    SEARCHES,
    Searches,
    channel_code,
    joined_searches,
    searched_text,
    text_key,
)
from mercato.shop.live import Live
from mercato.state import RecentEvent


def searches_of(
    live: Live, names: Sequence[str], events: Sequence[RecentEvent], ts: NDArray[np.int64]
) -> Searches | None:
    """Under these names in the release, and of the events since; None where no model reads it.

    ts : (len(events),) on the shop's clock
    """
    if live.searches is None or live.encode_query is None:
        return None
    learned = [each for name in names if (each := live.searches.of(name)) is not None]
    since = {
        event.event_id: (at, text, channel_code(event.channel))
        for at, event in zip(ts.tolist(), events, strict=True)
        if event.event in SEARCHES and (text := searched_text(event.search_term))
    }
    if not since:
        return joined_searches(learned)
    at, texts, channels = zip(*since.values(), strict=True)
    late = Searches.of_one(
        np.array(at, np.int64),
        np.array(channels, np.int16),
        np.array([text_key(each) for each in texts], np.int64),
        np.stack([live.encode_query(each) for each in texts]),
    )
    return joined_searches([*learned, late])
