"""When the next round is due, and whether the settings say what they can mean."""

import re
import time

from mercato.core.errors import BadInput
from mercato.core.settings import LearnSettings
from mercato.operating.learning.round import Round

MICROSECONDS = 1_000_000

LOOK_SECONDS = 60.0
"""Between two looks at a canary, or at a release that was published."""

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}
_EVERY = re.compile(r"(\d+)([mhd])")


def now() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def checked(settings: LearnSettings) -> LearnSettings:
    """The settings themselves. Raises BadInput for what cannot be meant."""
    every_seconds(settings)
    wrong = None
    if not 0 <= settings.canary_share < 1:
        wrong = ("canary_share from 0 to below 1", settings.canary_share)
    elif settings.canary_hours < 0:
        wrong = ("canary_hours of 0 or more", settings.canary_hours)
    elif not 0 <= settings.canary_margin <= 1:
        wrong = ("canary_margin from 0 to 1", settings.canary_margin)
    elif settings.canary_units < 2:
        wrong = ("canary_units of 2 or more", settings.canary_units)
    elif not 0 <= settings.watch_share <= 0.5:
        wrong = ("watch_share from 0 to 0.5", settings.watch_share)
    elif not 0 < settings.watch_hours < float("inf"):
        wrong = ("watch_hours above 0", settings.watch_hours)
    if wrong is not None:
        raise BadInput(f"[learn] {wrong[0]}", f"{wrong[1]}", "Mend shop.toml.")
    return settings


def every_seconds(settings: LearnSettings) -> int | None:
    """Seconds between two rounds; None where the server starts none. Raises BadInput."""
    return seconds_of("learn", settings.every)


def seconds_of(table: str, every: str) -> int | None:
    """Seconds of a setting ``every``; None where it is empty. Raises BadInput."""
    if not every:
        return None
    found = _EVERY.fullmatch(every)
    if found is None or int(found[1]) == 0:
        raise BadInput(f"[{table}] every as 30m, 12h or 1d", repr(every), "Mend shop.toml.")
    return int(found[1]) * _SECONDS[found[2]]


def due_at(settings: LearnSettings, newest: Round | None, looked_at: int) -> int | None:
    """When a server is to start the next process, in microseconds since 1970 UTC; None: never.

    looked_at : when a process was last started by this server
    """
    every = every_seconds(settings)
    if every is None:
        return None
    if newest is None:
        return 0
    again = looked_at + round(LOOK_SECONDS * MICROSECONDS)
    if not newest.is_over:
        return again
    # A process that could not even begin a round is tried again no sooner than a canary.
    return max(newest.begun_at + every * MICROSECONDS, again)
