"""What was read of shoppers who may come again: one event more costs one step."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.core.searches import Searches
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer, Reading

_MOST = 500
"""Shoppers, of some 64 KB each at width 64, two layers and 64 events. Assumed."""


_SECONDS = 1_800.0
"""A session's pause: who is away for longer is forgotten, also where they were erased. Assumed."""


class Remembered:
    """States of shoppers, by a model. Safe to share by threads."""

    def __init__(
        self,
        model: FittedShopperTransformer,
        most: int = _MOST,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[float, Reading]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def state(self, one: Interactions) -> NDArray[np.float32] | None:
        """(width,) as `FittedShopperTransformer.state`."""
        return self._read(one).state

    def searching(self, one: Interactions, searched: Searches) -> NDArray[np.float32]:
        """As `FittedShopperTransformer.searching`, in one step for who is remembered."""
        return self._read(one).searching(searched)

    def _read(self, one: Interactions) -> Reading:
        key = _key(one)
        with self._lock:
            # Out of the others' reach while it reads on.
            _, reading = self._kept.pop(key, (0.0, None))
        more = None if reading is None else reading.behind(one)
        if reading is None or more is None:
            reading = self._model.begin(one)
        else:
            reading.add(more)
        self._keep(key, reading)
        return reading

    def _keep(self, key: bytes, reading: Reading) -> None:
        now = self._clock()
        with self._lock:
            self._kept[key] = now, reading
            while len(self._kept) > self._most or now - self._oldest() > _SECONDS:
                self._kept.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._kept.values()))[0]


def _key(one: Interactions) -> bytes:
    """Whose events these most likely are: by the first that they did."""
    asked = one.searches
    if len(one.item) or asked is None:
        return one.item[:2].tobytes() + one.ts[:2].tobytes()
    return asked.key[:1].tobytes() + asked.ts[:1].tobytes()
