"""What a run cost: seconds, and joules where the machine counts them."""

import time
from collections.abc import Callable
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the energy counters of processors (Intel RAPL, also on AMD),
https://docs.kernel.org/power/powercap/powercap.html."""


class Meter:
    """Counts from its making on, behind what an interrupted run had spent.

    Joules are those of the whole machine's processors, whoever used them.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        joules: float = 0.0,
        *,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._began = clock() - seconds
        self._joules = joules
        self._counters = [
            _Counter(each) for each in sorted((folder or POWERCAP).glob("intel-rapl:?"))
        ]

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def joules(self) -> float | None:
        """None where no counter can be read. To be asked every few minutes at least: counters
        begin anew when they are full."""
        spent = [each.since_last() for each in self._counters]
        known = [each for each in spent if each is not None]
        if not known:
            return None
        self._joules += sum(known)
        return self._joules


class _Counter:
    """One processor's, in microjoules."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = self._read("energy_uj")

    def since_last(self) -> float | None:
        now = self._read("energy_uj")
        if now is None or self._last is None:
            return None
        full = self._read("max_energy_range_uj") or 0
        spent = now - self._last if now >= self._last else now - self._last + full
        self._last = now
        return spent / 1e6

    def _read(self, name: str) -> int | None:
        try:
            return int((self._folder / name).read_text())
        except (OSError, ValueError):
            # Only root may read it on most machines, and virtual ones have none.
            return None
