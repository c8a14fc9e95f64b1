"""Clicks of made-up shoppers whose bias is known: what estimators are tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.models.clicks.log import ClickLog


@dataclass(frozen=True)
class Shoppers:
    """How shoppers read and click: the position-based model with noise of Joachims et al. 2017.

    eta         : place k is looked at with the chance 1 / k ** eta
    noise       : chance that something irrelevant is clicked once it is looked at
    sold_out    : chance that an item is missing from an answer, so that those below move up
    sessions    : answers that each query gets
    depth       : places that an answer has
    """

    eta: float = 1.0
    noise: float = 0.1
    sold_out: float = 0.1
    sessions: int = 200
    depth: int = 20

    @property
    def examined(self) -> NDArray[np.float64]:
        """(depth,)"""
        return np.asarray(1 / np.arange(1, self.depth + 1) ** self.eta, np.float64)


def simulated_clicks(
    ranked: Sequence[NDArray[np.integer]],
    relevance: Sequence[NDArray[np.floating]],
    shoppers: Shoppers,
    random: np.random.Generator,
) -> ClickLog:
    """What shoppers click whom each query's items are shown in its one order.

    ranked    : by query, (m,) items, the first on top
    relevance : by query, (m,) chance that the item is worth a click, 0 to 1
    """
    rows = [
        _answers(number, items, chance, shoppers, random)
        for number, (items, chance) in enumerate(zip(ranked, relevance, strict=True))
    ]
    return ClickLog.of_rows(*(np.concatenate(each) for each in zip(*rows, strict=True)))


def _answers(
    query: int,
    items: NDArray[np.integer],
    relevance: NDArray[np.floating],
    shoppers: Shoppers,
    random: np.random.Generator,
) -> tuple[NDArray[Any], ...]:
    """(query, item, position, shown, clicked) of one query."""
    n = len(items)
    there = random.random((shoppers.sessions, n)) >= shoppers.sold_out
    place = np.cumsum(there, axis=1)  # (sessions, n), from 1
    there &= place <= shoppers.depth
    at = np.flatnonzero(there.ravel())
    column, position = at % n, place.ravel()[at]
    wanted = shoppers.noise + (1 - shoppers.noise) * relevance[column]
    clicked = random.random(len(at)) < shoppers.examined[position - 1] * wanted
    # Added up here: a thousand sessions of a thousand queries would not fit into memory.
    span = shoppers.depth + 1
    cell = column * span + position
    shown = np.bincount(cell, minlength=n * span)
    held = np.flatnonzero(shown)
    return (
        np.full(len(held), query),
        items[held // span].astype(np.int64),
        held % span,
        shown[held].astype(np.float64),
        np.bincount(cell, clicked, n * span)[held],
    )
