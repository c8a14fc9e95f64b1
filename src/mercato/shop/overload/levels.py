"""The order in which answers leave something out, and what one request was answered without."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """Each leaves out what those before it do, too."""

    WHOLE = 0
    IMPERSONAL = 1
    """Nothing of the shopper's own is looked up."""
    WORDS = 2
    """Searches go by words, not by meaning; shelves may be some seconds old."""
    KEPT = 3
    """Searches may be some seconds old, too."""


class Part(StrEnum):
    """What an answer can be without, as answers and the header ``Mercato-Degraded`` name it."""

    PERSONALISATION = "personalisation"
    SEMANTIC = "semantic"
    FRESHNESS = "freshness"


@dataclass
class Turn:
    """One request's way through the server.

    level    : at which it is answered
    left_out : what it was really answered without; an anonymous search lacks no personalisation
    """

    level: Level = Level.WHOLE
    left_out: set[Part] = field(default_factory=set)

    def told(self) -> tuple[str, ...]:
        """What was left out, in the order of the levels."""
        return tuple(part.value for part in Part if part in self.left_out)


_CURRENT: ContextVar[Turn] = ContextVar("turn")


def begin_turn() -> Turn:
    """What runs from here on in this context belongs to a new request."""
    turn = Turn()
    _CURRENT.set(turn)
    return turn


def current_turn() -> Turn:
    """The request that is being answered; outside of a server a whole one."""
    return _CURRENT.get(None) or Turn()
