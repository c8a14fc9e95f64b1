"""The asset that keeps what imports looked like, and the alarms that they raised."""

from datetime import datetime

import orjson
import pyarrow as pa

from mercato.data.assets.profiles import PROFILES
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.profile import Profile
from mercato.data.quality.watching import Inspection
from mercato.data.store import AssetStore

COMPARED = 6
"""Newest imports that the next one is compared with."""


def earlier_profiles(store: AssetStore, asset: str) -> list[Profile]:
    """Profiles of the newest imports of an asset, newest first."""
    return [Profile.from_json(row["profile"]) for row in _rows(store, asset)[:COMPARED]]


def newest_alarms(store: AssetStore, asset: str) -> tuple[Alarm, ...]:
    """What the newest import of an asset that changed something raised."""
    rows = _rows(store, asset)
    return tuple(Alarm(**each) for each in orjson.loads(rows[0]["alarms"])) if rows else ()


def keep_inspection(
    store: AssetStore, asset: str, version: int, ts: datetime, inspection: Inspection
) -> None:
    """Write down what the import that made ``version`` looked like."""
    row = {
        "asset": asset,
        "version": version,
        "ts": ts,
        "profile": inspection.profile.to_json(),
        "alarms": orjson.dumps([alarm.to_json() for alarm in inspection.alarms]).decode(),
    }
    store.commit(PROFILES.name, pa.Table.from_pylist([row], schema=PROFILES.schema), mode="append")


def _rows(store: AssetStore, asset: str) -> list[dict[str, str]]:
    """The rows of one asset, newest version first."""
    if store.version(PROFILES.name) is None:
        return []
    rows: list[dict[str, str]] = store.read(PROFILES.name).to_pylist()
    found = [row for row in rows if row["asset"] == asset]
    return sorted(found, key=lambda row: row["version"], reverse=True)
