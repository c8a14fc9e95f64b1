"""Where the time of a request goes, told to whoever listens; nobody listens by default."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Attributes = dict[str, str | int | float | bool]

Start = Callable[[str, Attributes], AbstractContextManager[object]]
"""Name and attributes of a span → what lasts as long as the span."""

_NOTHING = nullcontext()
_start: Start | None = None


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[object]:
    """A part of what is being done, as a context manager; it belongs to the part around it.

    attributes : never of a person, and nothing that a person wrote
    """
    return _NOTHING if _start is None else _start(name, attributes)


def trace_with(start: Start | None) -> None:
    """Tell spans to ``start`` from here on; None: to nobody."""
    global _start
    _start = start
