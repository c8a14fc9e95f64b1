"""Starts `mercato feeds --run` beside a server: downloads and imports never run in it."""

import logging

from mercato.operating.child import Child
from mercato.operating.feeds.due import Feed, feeds_of, now
from mercato.shop.opened import Shop
from mercato.state.fetches import Outcome

_log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks for feeds that are due."""


class FeedRunner:
    """One process at a time that fetches; of the runners of many workers one finds work to do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.child = Child("feeds", "feeds", str(shop.paths.root), "--run")
        self._said: dict[str, int] = {}

    def look(self) -> None:
        """Start a process where a feed is due and none is running; log what failed."""
        if not self.child.is_free():
            return
        feeds = self.feeds()
        for feed in feeds:
            last = feed.last
            if last and last.outcome is Outcome.FAILED and self._said.get(last.url) != last.ts:
                self._said[last.url] = last.ts
                _log.warning("%s could not be taken over: %s", last.url, last.detail)
        if any(feed.due <= now() for feed in feeds):
            self.child.start()

    def feeds(self) -> tuple[Feed, ...]:
        """The shop's feeds, and what any process made of them."""
        return feeds_of(self._shop.settings, self._shop.state)

    def stop(self) -> None:
        """End the process that is running: an import that is stopped changes nothing."""
        self.child.stop()
