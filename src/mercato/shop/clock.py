"""What time it is in a shop.

A release has learned up to ``as_of``. Where the log it learned from ended long before the build
(a demo, a test, ``--until``), the calendar would make all of it look equally old; so a release's
clock starts at ``as_of`` in the moment it is made, and goes on from there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clock:
    """as_of, made_at: microseconds since 1970 UTC."""

    as_of: int
    made_at: int

    def now(self, wall: int) -> int:
        """The shop's time at a moment of the calendar (both in microseconds)."""
        return self.as_of + max(wall - self.made_at, 0)

    def of(self, ts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Calendar times of live events in the shop's time.

        What came after the release was made is moved with the clock; older times stand as they are
        (a late event is as old as it says).
        """
        return np.where(ts > self.made_at, ts - self.made_at + self.as_of, ts)
