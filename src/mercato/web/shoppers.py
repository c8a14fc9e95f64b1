"""Shoppers worth looking through the eyes of: real ones, whose habits differ."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import PATH_SEPARATOR, PRODUCT_TYPE, Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.shop.opened import Live
from mercato.web.glyphs import drawing

N_PICKS = 7

_HABITS = 3

_LEAST_PURCHASES = 10
"""Fewer lines of a shopper's are no habit (assumed)."""

_MOST_CONSIDERED = 5_000
"""Shoppers that are compared, so that a large shop's page is as quick as a small one's."""


@dataclass(frozen=True)
class Habit:
    """share : of the shopper's lines that are in the category, 0 to 1"""

    category: str
    share: float
    glyph: str
    hue: str


@dataclass(frozen=True)
class Pick:
    """purchases : lines bought
    typical : whether this one is the most like everybody; then ``habits`` are what they buy most
    habits : what they buy more of than others, the strongest first
    """

    user_id: str
    purchases: int
    typical: bool
    habits: tuple[Habit, ...]


def picks(live: Live) -> tuple[Pick, ...]:
    """At most `N_PICKS` known shoppers, each with another strongest habit; kept per release."""
    return _picks(_Release(live))


class _Release:
    """A live release as a key: equal to another of the same release and the same shoppers in it,
    whatever items changed."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._key = (live.manifest.created_at, live.number, live.histories.hidden)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Release) and self._key == other._key


@lru_cache(maxsize=1)
def _picks(release: _Release) -> tuple[Pick, ...]:
    live = release.live
    bought = live.histories.interactions
    users = _considered(live, bought)
    names, category = _categories(live)
    if not len(users) or not names:
        return ()
    counts = _counts(bought, users, category, len(names))
    strength = habit_strength(counts)
    typical, *passionate = differing(strength)

    def pick(at: int, weight: NDArray[np.float64]) -> Pick:
        user_id = live.histories.shopper_ids[int(users[at])].as_py()
        return _pick(user_id, at == typical, counts[at], weight[at], names)

    return (pick(typical, counts), *(pick(at, strength) for at in passionate))


def _considered(live: Live, bought: Interactions) -> NDArray[np.int64]:
    """The busier half of the shoppers (no guests); evenly spread ones where they are many."""
    is_purchase = bought.event == EVENT_CODES[Event.PURCHASE]
    purchases = np.bincount(bought.user[is_purchase], minlength=bought.n_users)
    ids, hidden = live.histories.shopper_ids, live.histories.hidden
    found = [
        user
        for user in np.flatnonzero(purchases >= _LEAST_PURCHASES).tolist()
        if not (ids[user].as_py().startswith("visitor:") or (hidden and hidden(ids[user].as_py())))
    ]
    if found:
        median = np.median(purchases[found])
        found = [user for user in found if purchases[user] >= median]
    step = max(1, -(-len(found) // _MOST_CONSIDERED))
    return np.array(found[::step], np.int64)


def _categories(live: Live) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the second levels (or of an item's only one), and which each base row has.

    Returns (names, category); category : (n_base,) -1 without one
    """
    column = live.catalogue.columns[PRODUCT_TYPE]
    texts = column.texts(np.arange(len(column.numbers)))
    pairs = column.of_rows(np.arange(live.catalogue.n_base))
    depth = np.array([text.count(PATH_SEPARATOR) for text in texts], np.int64)
    of_row = np.full(live.catalogue.n_base, -1, np.int64)
    for level in (0, 1):
        at_level = depth[pairs.codes] == level
        of_row[pairs.rows[at_level]] = pairs.codes[at_level]
    codes, category = np.unique(of_row, return_inverse=True)
    names = [texts[code] for code in codes.tolist() if code >= 0]
    return names, category - int(len(codes) > len(names))


def _counts(
    bought: Interactions, users: NDArray[np.int64], category: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """(len(users), n) purchase lines of each shopper in each category."""
    at = np.full(bought.n_users, -1, np.int64)
    at[users] = np.arange(len(users))
    user, of = at[bought.user], category[bought.item]
    keep = (bought.event == EVENT_CODES[Event.PURCHASE]) & (user >= 0) & (of >= 0)
    cells = np.bincount(user[keep] * n + of[keep], minlength=len(users) * n)
    return cells.reshape(len(users), n).astype(np.float64)


def habit_strength(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each category adds to how a shopper differs from all together.

    counts : (n_users, n_categories) lines

    Returns (n_users, n_categories): the terms p log(p / q) of the Kullback-Leibler divergence of
    a shopper's shares p from the shares q of all. To p are added as many lines of an average
    shopper as shoppers have at the median, so that a rare category is no passion yet.
    """
    everyone = counts.sum(0) / max(counts.sum(), 1.0)
    smoothed = counts + np.median(counts.sum(1)) * everyone
    shares = smoothed / smoothed.sum(1, keepdims=True)
    ratio = np.divide(shares, everyone, out=np.ones_like(shares), where=everyone > 0)
    strength: NDArray[np.float64] = shares * np.log(ratio)
    return strength


def differing(strength: NDArray[np.float64]) -> list[int]:
    """Rows of shoppers: the one most like everybody, then one for each strongest habit."""
    favourite = strength.argmax(1)
    passion = strength.max(1)
    typical = int(strength.sum(1).argmin())
    chosen, taken = [typical], {int(favourite[typical])}
    for user in np.argsort(-passion, kind="stable").tolist():
        if len(chosen) == N_PICKS:
            break
        if int(favourite[user]) not in taken and user not in chosen:
            chosen.append(user)
            taken.add(int(favourite[user]))
    return chosen


def _pick(
    user_id: str,
    typical: bool,
    counts: NDArray[np.float64],
    weight: NDArray[np.float64],
    names: list[str],
) -> Pick:
    """counts, weight : (n_categories,) of one shopper; habits are the categories that weigh most"""
    strongest = np.argsort(-weight, kind="stable")[:_HABITS].tolist()
    lines = counts.sum()
    habits = tuple(
        Habit(names[at].rpartition(PATH_SEPARATOR)[2], counts[at] / lines, *drawing(names[at]))
        for at in strongest
        if weight[at] > 0
    )
    return Pick(user_id, int(lines), typical, habits)
