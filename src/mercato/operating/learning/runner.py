"""Starts `mercato learn --once` beside a server, where a round is due or a canary goes on: a server
never learns itself."""

from mercato.operating.child import Child
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import checked, due_at, now
from mercato.operating.learning.round import Round
from mercato.shop.opened import Shop

LOOK_SECONDS = 10.0
"""Between two looks whether a process is due."""


class LearnRunner:
    """One process at a time; of the runners of many workers one finds work to do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._settings = checked(shop.settings.learn)
        self.child = Child("learning", "learn", str(shop.paths.root), "--once")
        self._started = 0

    def look(self) -> None:
        """Start a process where one is due and none of this server's runs."""
        if not self.child.is_free():
            return
        due = due_at(self._settings, self.newest(), self._started)
        if due is not None and due <= now():
            self._started = now()
            self.child.start()

    def newest(self) -> Round | None:
        """The last round, of whichever process."""
        return RoundBook(self._shop.state, "server").newest()

    def stop(self) -> None:
        """End the process that is running: the next goes on from its last step."""
        self.child.stop()
