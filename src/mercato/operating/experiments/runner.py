"""Starts `mercato experiments DIR look` beside a server: reading logs never runs in it."""

from mercato.operating.child import Child
from mercato.operating.experiments.held_out import is_due
from mercato.shop.banners import slots_of
from mercato.shop.experiments.definition import Status
from mercato.shop.opened import Shop

LOOK_SECONDS = 10.0
"""Between two looks for whether one is due."""

_MINUTE = 60_000_000


class ExperimentRunner:
    """One process at a time; of the runners of all workers and hosts one finds work to do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.child = Child(
            "experiments",
            "experiments",
            str(shop.paths.root),
            "look",
            "--due",
            # What is wrong with one experiment must not slow down the guardrails of the others.
            longest_rest=60 * shop.settings.experiments.look_minutes,
        )

    def look(self) -> None:
        """Start a process where an experiment or a slot of banners is due, or the holdout is."""
        if self.child.is_free() and self._is_due():
            self.child.start()

    def _is_due(self) -> bool:
        shop, settings = self._shop, self._shop.settings.experiments
        if is_due(shop.state, settings.holdout, shop.wall()):
            return True
        running = bool(slots_of(shop.state)) or any(
            each.status is Status.RUNNING for each in shop.experiments.definitions.values()
        )
        since = shop.wall() - shop.state.readings.newest()
        return running and since >= settings.look_minutes * _MINUTE

    def stop(self) -> None:
        """End the process that is running: what it had not written yet is read again."""
        self.child.stop()
