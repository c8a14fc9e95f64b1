"""What changes while serving, and nothing else: events, answers, changes of items, links.

Everything durable goes through one writer thread a process, which commits together what is
waiting; reads go to the database each time, so that what one worker stored is seen by the next
read of every other.
"""

from mercato.core.events import EventRow
from mercato.state.answers import Answer
from mercato.state.events import Appended, KnownShopper, RecentEvent
from mercato.state.opened import State, alone, denied

__all__ = [
    "Answer",
    "Appended",
    "EventRow",
    "KnownShopper",
    "RecentEvent",
    "State",
    "alone",
    "denied",
]
