"""The items that a shelf starts from, each with a weight."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mercato.recommend.asked import Asked, Rows, as_rows

_FADING = 0.8
"""What an item weighs against the one touched after it. Assumed."""

_MOST_RECENT = 10
_MOST_PAST = 5


class Sources(NamedTuple):
    """rows : (k,) living rows, each once; weights : (k,) float32, above 0"""

    rows: Rows
    weights: NDArray[np.float32]


From = Callable[[Asked], Sources]


def the_item(asked: Asked) -> Sources:
    """The item that is looked at."""
    row = asked.request.item_row
    return _equal(as_rows([] if row is None else [row]))


def the_cart(asked: Asked) -> Sources:
    """The items in the basket."""
    return _equal(as_rows(dict.fromkeys(asked.request.cart)))


def the_session(asked: Asked) -> Sources:
    """What was touched in this session; the newest weighs most."""
    return _fading(asked.recent[-_MOST_RECENT:])


def the_session_unbought(asked: Asked) -> Sources:
    """What was touched in this session and never bought: who has it seeks no other one."""
    rows = asked.recent
    return _fading(rows[~asked.was_bought[rows]][-_MOST_RECENT:])


def the_past(asked: Asked) -> Sources:
    """What the shopper touched last, whenever it was."""
    items = asked.context.shopper.item[::-1]
    rows = asked.catalogue.live_of[items]
    late = [each.row for each in asked.context.late][::-1]
    newest_first = dict.fromkeys([*late, *rows[rows >= 0].tolist()])
    kept = as_rows(reversed(list(newest_first)[:_MOST_PAST]))
    return _fading(kept[~np.isin(kept, asked.dismissed)])


def _equal(rows: Rows) -> Sources:
    return Sources(rows, np.ones(len(rows), np.float32))


def _fading(rows: Rows) -> Sources:
    return Sources(rows, (_FADING ** np.arange(len(rows))[::-1]).astype(np.float32))
