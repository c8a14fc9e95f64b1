"""Texts whose nearest are looked up by another system: one that spreads an index over machines.

Mercato sends codes (see `codes`) and gets texts' numbers. Which texts are compared is all that an
engine decides: cosines are taken here, from the release's own vectors, so answers do not depend on
how an engine counts.
"""

import logging
import time
from collections.abc import Collection, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.codes import code_of
from mercato.catalogue.graph import MOST_SOUGHT
from mercato.core.errors import NotReady

_log = logging.getLogger(__name__)

REST_SECONDS = 5.0
"""After a failure an engine is not asked for so long: or else every search would wait for it."""


class VectorEngine(Protocol):
    """Holds codes by name, one name for each release's texts.

    All raise NotReady where the engine does not answer, or not soon enough.
    """

    def holds(self, name: str) -> bool:
        """Whether all codes of a name are there and can be asked."""

    def fill(self, name: str, n_bits: int, parts: Iterable[NDArray[np.uint8]]) -> None:
        """Take codes of so many bits, (·, n_bits / 8) at a time, numbered from 0; those of the same
        name that were not taken to the end are forgotten first."""

    def near(self, name: str, code: NDArray[np.uint8], most: int) -> NDArray[np.int64]:
        """Numbers of about the ``most`` whose codes differ from (n_bits / 8,) in the fewest bits,
        in any order."""

    def keep(self, names: Collection[str]) -> None:
        """Forget all codes of other names."""

    def close(self) -> None:
        """Let go of connections."""


class EngineLook:
    """A first look by an engine, at the texts of one release; safe to share by threads.

    An engine that fails finds nothing, and says so in the log: a search is then answered by words,
    among which meaning still counts.
    """

    def __init__(self, engine: VectorEngine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._rests_until = 0.0

    def near(self, query: NDArray[np.int8]) -> NDArray[np.int64]:
        if time.monotonic() < self._rests_until:
            return np.zeros(0, np.int64)
        try:
            found = self._engine.near(self._name, code_of(query), MOST_SOUGHT)
        except NotReady as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            _log.warning("searched without the vector engine for %g s: %s", REST_SECONDS, error)
            return np.zeros(0, np.int64)
        return np.unique(found)
