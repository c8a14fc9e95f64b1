"""Whether scores of a release mean fewer clicks than they did, beside those of another release that
is served in the same hours: what goes on in the world lowers both."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mercato.operating.monitoring.calibration import (
    CHANCE_Z,
    LEAST,
    Calibration,
    calibration_of,
)
from mercato.operating.monitoring.showing import split_at


@dataclass(frozen=True)
class Beside:
    """At one placement."""

    placement: str
    published: Calibration
    before: Calibration

    @property
    def change(self) -> float:
        """Of clicks over expected ones, of the published release over those of the one before."""
        return self.published.ratio / self.before.ratio

    @property
    def is_worse(self) -> bool:
        """A fifth fewer, beyond one chance in a million: on the logarithms of the two ratios, whose
        errors add up (delta method)."""
        if min(self.published.observed, self.before.observed) == 0:
            return False
        new, old = (each.error / each.observed for each in (self.published, self.before))
        return self.change < LEAST and math.log(self.change) < -CHANCE_Z * math.hypot(new, old)

    @property
    def said(self) -> str:
        return (
            f"scores of {self.placement} mean {self.change:.2f} times the clicks that they did, "
            "beside those of the release before"
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"change": self.change}


def beside_each_other(rows: pa.Table, published: int, before: int, since: int) -> list[Beside]:
    """Placements at which both releases were seen enough, before a moment (microseconds) and after
    it; those that are worse first. rows : as `data.showing.shown` gives them"""
    moment = datetime.fromtimestamp(since / 1e6, UTC)
    new, old = (dict(_calibrations(rows, each, moment)) for each in (published, before))
    found = [Beside(name, new[name], old[name]) for name in new.keys() & old.keys()]
    return sorted(found, key=lambda each: (not each.is_worse, each.placement))


def _calibrations(
    rows: pa.Table, release: int, moment: datetime
) -> Iterator[tuple[str, Calibration]]:
    for times in split_at(rows.filter(pc.equal(rows["release"], release)), moment):
        found = calibration_of(times)
        if found is not None and found.expected:
            yield times.placement, found
