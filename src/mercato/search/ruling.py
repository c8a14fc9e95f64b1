"""Merchandising rules over a search: which of them hold, what they make of what was found."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter
from mercato.ranking.rules.browsed import browsed
from mercato.ranking.rules.conditions import Occasion
from mercato.ranking.rules.effects import NO_EFFECTS, Effects
from mercato.ranking.rules.patterns import units_of
from mercato.ranking.rules.selections import positions
from mercato.ranking.understood import Understood
from mercato.search.matching import Matches
from mercato.search.request import SearchContext


def effects_on(
    understood: Understood, filters: Iterable[Filter], context: SearchContext
) -> Effects:
    """What the rules do that hold for a query, its filters and its shopper."""
    if context.rules is None or not len(context.rules):
        return NO_EFFECTS
    typed = (understood.q, understood.did_you_mean or "")
    readings = (units_of(text) for text in dict.fromkeys(typed) if text)
    wanted = (*filters, *(meant.filter for meant in understood.meant))
    occasion = Occasion(
        tuple(reading for reading in readings if reading),
        tuple(path for each in wanted for path in browsed(each)),
        context.segments,
        context.now,
    )
    return Effects(context.rules.holding(occasion))


def ruled(found: Matches, effects: Effects, catalogue: Catalogue) -> Matches:
    """R as the rules leave it, before filters: pinned items have joined, scored 0 where nothing
    else found them."""
    if not effects.restricting:
        return found
    rows, scores = found.rows, found.scores
    admitted, pinned = effects.admitted(rows, catalogue), pinned_rows(effects, catalogue)
    found_too = positions(pinned, rows)
    admitted[found_too] = True
    at = np.flatnonzero(admitted)
    new = np.setdiff1d(pinned, rows[found_too]) if len(pinned) else pinned
    rows, scores = rows[at], scores[at]
    if not len(new):
        return Matches(rows, scores)
    before = np.searchsorted(rows, new)
    return Matches(np.insert(rows, before, new), np.insert(scores, before, np.float32(0)))


def pinned_rows(effects: Effects, catalogue: Catalogue) -> NDArray[np.int64]:
    """(k,) ascending, wherever they stand."""
    return np.array(sorted(pin.row for pin in effects.pins(catalogue)), np.int64)


def weighed(result: Matches, effects: Effects, catalogue: Catalogue) -> Matches:
    """The result with its scores as boosted and buried."""
    return Matches(result.rows, effects.weighed(result.scores, result.rows, catalogue))


def listed(result: Matches, effects: Effects, catalogue: Catalogue) -> Matches:
    """As `weighed`, where nothing was sought: items then stand by their place, and what is weighed
    is the share of the catalogue that stands behind them. Popularity would do nothing for items
    that nobody bought yet."""
    if not effects.changes_scores:
        return result
    share = 1 - catalogue.place[result.rows] / max(catalogue.n_rows, 1)
    return weighed(Matches(result.rows, share.astype(np.float32)), effects, catalogue)
