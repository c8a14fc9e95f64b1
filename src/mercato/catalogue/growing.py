"""Arrays and mappings that later snapshots go on with, while earlier ones keep what they saw.

Nothing of the length of the catalogue is copied for a change: arrays grow in place at their end,
and mappings are small ones laid over larger ones, joined as their sizes come near each other
(Bentley & Saxe, Decomposable searching problems, 1980), so that each entry is copied about as
often as the logarithm of their number.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key")
Value = TypeVar("Value")
Number = TypeVar("Number", bound=np.generic)

ROOM = 1.25
"""How much longer a full array is made than it must be."""


class _Buffer(Generic[Number]):
    """Room behind an array; ``used`` is where the newest snapshot ends."""

    def __init__(self, array: NDArray[Number]) -> None:
        self.array = array
        self.used = len(array)
        self.lock = Lock()

    def take(self, start: int, count: int) -> bool:
        """Whether the room from ``start`` was free, and is the caller's now."""
        with self.lock:
            free = start == self.used and start + count <= len(self.array)
            if free:
                self.used += count
            return free


@dataclass(frozen=True, eq=False)
class Growing(Generic[Number]):
    """An array of which this snapshot sees ``array``, (n, …); never write into it."""

    array: NDArray[Number]
    _buffer: _Buffer[Number]

    @classmethod
    def of(cls, array: NDArray[Number]) -> "Growing[Number]":
        return cls(array, _Buffer(array))

    def __len__(self) -> int:
        return len(self.array)

    def extended(self, new: NDArray[Number]) -> "Growing[Number]":
        """With more at the end: in place, unless another snapshot went on from here before."""
        n, count = len(self.array), len(new)
        if count == 0:
            return self
        buffer = self._buffer
        if not buffer.take(n, count):
            room = np.empty((int((n + count) * ROOM) + 1, *self.array.shape[1:]), self.array.dtype)
            room[:n] = self.array
            buffer = _Buffer(room)
            buffer.used = n + count
        buffer.array[n : n + count] = new
        return Growing(buffer.array[: n + count], buffer)


@dataclass(frozen=True)
class Layers(Mapping[Key, Value]):
    """A mapping made of mappings, the largest and oldest first; later ones come first in a look-up.

    Each key is given once, also where several layers hold it.
    """

    parts: tuple[dict[Key, Value], ...] = ()

    def __getitem__(self, key: Key) -> Value:
        for part in reversed(self.parts):
            if key in part:
                return part[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return any(key in part for part in self.parts)

    def __iter__(self) -> Iterator[Key]:
        return iter(dict.fromkeys(key for part in self.parts for key in part))

    def __len__(self) -> int:
        return len(self.parts[0]) if len(self.parts) == 1 else sum(1 for _ in self)

    @property
    def entries(self) -> int:
        """Entries of all layers: as many as keys where no key came twice."""
        return sum(len(part) for part in self.parts)

    def all_of(self, key: Key) -> list[Value]:
        """What each layer holds under a key, the oldest first."""
        return [part[key] for part in self.parts if key in part]

    def over(
        self, new: dict[Key, Value], join: Callable[[Value, Value], Value] | None = None
    ) -> "Layers[Key, Value]":
        """With ``new`` on top.

        join : older and newer value of a key → the value of both; without it the newer stays
        """
        if not new:
            return self
        parts = list(self.parts)
        while parts and len(parts[-1]) <= 2 * len(new):
            new = _joined(parts.pop(), new, join)
        return Layers((*parts, new))


def _joined(
    older: Mapping[Key, Value],
    newer: Mapping[Key, Value],
    join: Callable[[Value, Value], Value] | None,
) -> dict[Key, Value]:
    both = {**older, **newer}
    if join is not None:
        for key in older.keys() & newer.keys():
            both[key] = join(older[key], newer[key])
    return both
