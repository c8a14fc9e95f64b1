"""The last look at those whom no experiment touches, and when the next is due: what servers ask."""

from collections.abc import Mapping
from typing import Any

from mercato.shop.experiments.book import HELD_OUT
from mercato.state import State

READING = f"/{HELD_OUT}"
"""Under which the last look stands among those at experiments; no experiment has such a name."""

DAY = 86_400_000_000
"""Microseconds between two looks of a server: each reads the log from the beginning."""


def is_due(state: State, share: float, now: int) -> bool:
    """Whether a server is to look again. share : as the settings have it; now : microseconds"""
    kept = state.readings.get(READING) if share > 0 else None
    return share > 0 and (kept is None or kept.ts + DAY <= now)


def last_holdout(state: State) -> Mapping[str, Any] | None:
    """What the last look found, as JSON."""
    kept = state.readings.get(READING)
    return None if kept is None else kept.reading
