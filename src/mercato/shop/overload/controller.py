"""At which level a server answers: a pure function of what was measured.

A burst is no overload, a queue that stands is: the load of an interval is the least of it (Nichols
& Jacobson, Controlling queue delay, ACM Queue 10(5), 2012). The level rises at once and falls one
step at a time, after the load was low for a while, since what is left out lowers the load itself.
"""

from dataclasses import dataclass, replace

from mercato.shop.overload.levels import Level

CALM = 0.5
"""A level is left below this share of the load at which it is entered. Assumed."""

CALM_SECONDS = 1.0
"""So long the load must be that low: three levels are left in three seconds."""


@dataclass(frozen=True)
class Thresholds:
    """The load of the first level; twice as much is the second's, three times the third's.

    in_flight   : requests of a worker that wait or are being answered
    lag_seconds : by which the event loop comes too late
    """

    in_flight: int
    lag_seconds: float


@dataclass(frozen=True)
class Load:
    """The least of an interval, in the units of `Thresholds`."""

    in_flight: int
    lag_seconds: float

    def pressure(self, thresholds: Thresholds) -> float:
        """1 at the first level's threshold."""
        return max(self.in_flight / thresholds.in_flight, self.lag_seconds / thresholds.lag_seconds)


@dataclass(frozen=True)
class Controller:
    """calm_since : seconds on a clock that does not fall; None while the load is not low"""

    thresholds: Thresholds
    level: Level = Level.WHOLE
    calm_since: float | None = None

    def after(self, load: Load, now: float) -> "Controller":
        """The controller once ``load`` was measured at ``now``."""
        pressure = load.pressure(self.thresholds)
        asked = Level(min(int(pressure), max(Level)))
        if asked > self.level:
            return replace(self, level=asked, calm_since=None)
        if pressure >= CALM * self.level:
            return replace(self, calm_since=None)
        if self.calm_since is None:
            return replace(self, calm_since=now)
        if now - self.calm_since < CALM_SECONDS:
            return self
        return replace(self, level=Level(self.level - 1), calm_since=now)
