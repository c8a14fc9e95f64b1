"""What was read of shoppers who may come again: one event more costs one step."""

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer, Reading

_MOST = 500
"""Shoppers, of some 64 KB each at width 64, two layers and 64 events. Assumed."""


class Remembered:
    """States of shoppers, by a model. Safe to share by threads."""

    def __init__(self, model: FittedShopperTransformer, most: int = _MOST) -> None:
        self._model = model
        self._most = most
        self._kept: OrderedDict[bytes, Reading] = OrderedDict()
        self._lock = threading.Lock()

    def state(self, one: Interactions) -> NDArray[np.float32] | None:
        """(width,) as `FittedShopperTransformer.state`."""
        key = one.item[:2].tobytes() + one.ts[:2].tobytes()
        with self._lock:
            # Out of the others' reach while it reads on.
            reading = self._kept.pop(key, None)
        more = None if reading is None else reading.behind(one)
        if reading is None or more is None:
            reading = self._model.begin(one)
        else:
            reading.add(more)
        with self._lock:
            self._kept[key] = reading
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return reading.state
