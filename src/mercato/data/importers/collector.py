"""Python's search for cycles, put off while many objects are made that have none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """What is read of a file has no cycles, and the search for them takes as long as the reading.

    Not to be held over a ``yield`` of rows: what others make of them may have cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
