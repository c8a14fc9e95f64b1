"""All monitors, run together, and what they found, kept for whoever asks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from mercato.core.paths import ShopPaths
from mercato.data.quality.alarm import Alarm
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.learning.due import now
from mercato.operating.monitoring.calibration import calibration_alarms
from mercato.operating.monitoring.conversion import conversion_alarms
from mercato.operating.monitoring.features import feature_alarms
from mercato.operating.monitoring.scores import score_alarms
from mercato.operating.monitoring.showing import Times, days_of, newest_shown, times_of
from mercato.state import State

_Alarms = Callable[[Times], Iterator[Alarm]]

OF_PLACEMENTS: Sequence[tuple[Callable[[pa.Table], Iterator[Times]], _Alarms]] = (
    (times_of, score_alarms),
    (times_of, calibration_alarms),
    (days_of, conversion_alarms),
)
"""Which times of what was shown each monitor compares."""

NAMES = ("score-shift", "calibration", "conversion", "feature-shift")
"""Of alarms that monitors raise; an import's are those of `data.quality.drift`."""

_KEPT = "monitored"


@dataclass(frozen=True)
class Monitored:
    """at : when it was looked, microseconds since 1970 UTC"""

    at: int
    alarms: tuple[Alarm, ...]

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at, "alarms": [each.to_json() for each in self.alarms]}


def monitor(paths: ShopPaths, state: State) -> Monitored:
    """Run all monitors over the logs as they are now, and keep what they found."""
    store = AssetStore(paths.assets)
    found = Monitored(now(), (*_of_answers(store, state), *_of_features(paths, store)))
    state.set(_KEPT, orjson.dumps(found.to_json()).decode())
    return found


def last_monitored(state: State) -> Monitored | None:
    """What the last run found, of whichever process."""
    kept = state.get(_KEPT)
    if kept is None:
        return None
    said = orjson.loads(kept)
    return Monitored(said["at"], tuple(Alarm(**each) for each in said["alarms"]))


def _of_answers(store: AssetStore, state: State) -> Iterator[Alarm]:
    rows = newest_shown(store, state)
    for compared, alarms in OF_PLACEMENTS:
        for times in compared(rows):
            yield from alarms(times)


def _of_features(paths: ShopPaths, store: AssetStore) -> Iterator[Alarm]:
    releases = ReleaseStore(paths.releases)
    current = releases.current()
    if current is not None:
        yield from feature_alarms(store, releases.manifest(current).inputs)
