"""Remember what is the same for every request to one snapshot."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

LASTING: frozenset[str] = frozenset({"*"})
"""In place of fields: true of later snapshots too, whatever changes in them."""


class Memo:
    """The answers last asked for, at most ``most`` of them; safe to share between threads."""

    def __init__(self, most: int = 128) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, tuple[Any, frozenset[str] | None]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T], fields: frozenset[str] | None = None) -> T:
        """What stands under ``key``, made if it is not there. Two threads may both make it.

        fields : besides which rows live, what it follows from; None for anything
        """
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key][0]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            self._found[key] = (made, fields)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return made

    def kept(self, changed: Collection[str] | None) -> "Memo":
        """What also holds of the next snapshot.

        changed : the fields that some rows have other values in; None where rows came or went
        """
        memo = Memo(self._most)
        with self._lock:
            for key, (made, fields) in self._found.items():
                if fields is LASTING or _holds(fields, changed):
                    memo._found[key] = (made, fields)
        return memo


def _holds(fields: frozenset[str] | None, changed: Collection[str] | None) -> bool:
    return fields is not None and changed is not None and fields.isdisjoint(changed)
