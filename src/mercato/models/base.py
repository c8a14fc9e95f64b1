"""What every model of shoppers and items is: hyperparameters that fit, and what was fitted.

A model is a frozen dataclass of hyperparameters, each with a default, so that ``Model()`` is the
one a release is built with.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.saving import Saved


class Scored(NamedTuple):
    """Items that a model has something to say about.

    items  : (m,) int32, each once
    scores : (m,) float32, higher is better, finite
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]

    def best(self, most: int) -> "Scored":
        """At most ``most`` items by falling score, equal ones by item."""
        items, scores = self.items, self.scores
        if len(items) > most:
            kept = scores >= np.partition(scores, -most)[-most]
            items, scores = items[kept], scores[kept]
        order = np.lexsort((items, -scores))[:most]
        return Scored(items[order], scores[order])


@dataclass(frozen=True)
class FittedModel(Saved, ABC):
    """What a model learned from a log.

    n_items : items that it knows of; items are indices below it
    as_of   : microseconds since 1970 UTC up to which it learned, and at which it scores
    """

    n_items: int
    as_of: int

    def at(self, now: int) -> Self:
        """The same, scoring at ``now``; a moment it has already learned from changes nothing."""
        return self if now <= self.as_of else replace(self, as_of=now)

    def score(self, interactions: Interactions) -> NDArray[np.float32]:
        """(n_users, n_items) float32, higher is better; -inf: the model does not propose it.

        Raises BadInput where the events are of another catalogue.
        """
        self._check(interactions)
        scores = np.full((interactions.n_users, self.n_items), -np.inf, np.float32)
        for user in range(interactions.n_users):
            found = self._scored(interactions.of(user))
            scores[user, found.items] = found.scores
        return scores

    def scored(self, one: Interactions) -> Scored:
        """Every item that the model proposes to one shopper, in no order."""
        self._check_one(one)
        return self._scored(one)

    def candidates(self, one: Interactions, most: int) -> Scored:
        """The at most ``most`` items that score highest for one shopper, without the dense row."""
        return self.scored(one).best(most)

    @abstractmethod
    def _scored(self, one: Interactions) -> Scored:
        """See ``scored``."""

    def _check_one(self, one: Interactions) -> None:
        self._check(one)
        if one.n_users != 1:
            raise BadInput("the events of one shopper", f"{one.n_users} shoppers", "Ask for each.")

    def _check(self, interactions: Interactions) -> None:
        if interactions.n_items != self.n_items:
            raise BadInput(
                f"events with items of a catalogue of {self.n_items}",
                f"a catalogue of {interactions.n_items}",
                "Use histories and models of the same release.",
            )


class Model(Protocol):
    """Hyperparameters."""

    fitted: ClassVar[type[FittedModel]]
    """What ``fit`` gives, which can be loaded again."""

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedModel:
        """Learn from a log as seen at ``as_of`` (microseconds since 1970 UTC).

        Raises BadInput where the log does not fit together, see `check_log`.
        """


def check_log(interactions: Interactions, as_of: int) -> None:
    """Raise BadInput where a log contradicts itself or goes beyond ``as_of``."""
    check_form(interactions)
    asked = interactions.searches
    if asked is not None and len(asked.ts) and asked.ts.max() > as_of:
        raise BadInput(
            f"no search after {as_of}", f"one at {asked.ts.max()}", "Leave newer searches out."
        )
    if len(interactions.item) == 0:
        return
    if interactions.item.min() < 0 or interactions.item.max() >= interactions.n_items:
        raise BadInput(
            f"items from 0 to {interactions.n_items - 1}",
            f"{interactions.item.min()} to {interactions.item.max()}",
            _ANEW,
        )
    if interactions.ts.max() > as_of:
        raise BadInput(
            f"no event after {as_of}", f"one at {interactions.ts.max()}", "Leave newer events out."
        )


def check_form(interactions: Interactions) -> None:
    """Raise BadInput where arrays are of different lengths; no event is looked at."""
    n, offsets = len(interactions.item), interactions.offsets
    arrays = (interactions.ts, interactions.event, interactions.quantity)
    if any(len(each) != n for each in arrays) or offsets[0] != 0 or offsets[-1] != n:
        raise BadInput("arrays of one length", f"{n} items, offsets to {offsets[-1]}", _ANEW)
    if (np.diff(offsets) < 0).any():
        raise BadInput("offsets that do not fall", "some that do", _ANEW)
    if interactions.channel is not None and len(interactions.channel) != n:
        raise BadInput(f"channels of {n} events", f"of {len(interactions.channel)}", _ANEW)
    asked = interactions.searches
    if asked is not None and asked.n_users != interactions.n_users:
        raise BadInput(f"searches of {interactions.n_users} shoppers", f"of {asked.n_users}", _ANEW)


_ANEW = "Derive the histories anew."
