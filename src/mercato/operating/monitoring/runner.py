"""Starts `mercato check --monitors` beside a server: monitors read days of both logs."""

from mercato.operating.child import Child
from mercato.operating.learning.due import MICROSECONDS, seconds_of
from mercato.operating.monitoring.monitors import last_monitored
from mercato.shop.opened import Shop

LOOK_SECONDS = 60.0
"""Between two looks whether one is due."""


class MonitorRunner:
    """One process at a time; of the runners of many workers one finds work to do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._every = seconds_of("monitors", shop.settings.monitors.every)
        self.child = Child("monitors", "check", str(shop.paths.root), "--monitors")

    def look(self) -> None:
        """Start a process where monitors, of whoever, have not looked lately."""
        if self.child.is_free() and self._is_due():
            self.child.start()

    def _is_due(self) -> bool:
        if self._every is None:
            return False
        last = last_monitored(self._shop.state)
        return last is None or last.at + self._every * MICROSECONDS <= self._shop.wall()

    def stop(self) -> None:
        """End the process that is running: it keeps what it found only at its end."""
        self.child.stop()
