"""Which feeds a shop has, and when each is to be fetched next."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass

from mercato.core.settings import FeedSettings, Settings
from mercato.state import State
from mercato.state.fetches import Fetch

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Feed:
    """A feed of the settings, and how it went the last time.

    due : microseconds since 1970, UTC; 0 where it was never fetched
    """

    settings: FeedSettings
    last: Fetch | None
    due: int

    @property
    def key(self) -> str:
        """The name under which its fetches are remembered."""
        return fingerprint(self.settings)


def feeds_of(settings: Settings, state: State) -> tuple[Feed, ...]:
    """The feeds of a shop, in the order of its settings."""
    return tuple(_feed(each, state.fetches.last(fingerprint(each))) for each in settings.feeds)


def _feed(settings: FeedSettings, last: Fetch | None) -> Feed:
    if last is None:
        return Feed(settings, None, 0)
    due = last.ts + max(settings.every_minutes, 1) * 60 * MICROSECONDS
    return Feed(settings, last, max(due, last.retry_at or 0))


def fingerprint(feed: FeedSettings) -> str:
    """Of all that decides what is imported: a feed that is read otherwise is fetched anew."""
    said = {**asdict(feed), "every_minutes": None}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000
