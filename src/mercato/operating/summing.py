"""What the console shows of days, searches and products is summed up beside a server, by a process
of its own: `mercato assets DIR --sum-up`. Pages read the sums, never the log."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import load_settings
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.assets.cohorts import COHORTS
from mercato.data.assets.daily_activity import DAILY_ACTIVITY
from mercato.data.assets.daily_funnel import DAILY_FUNNEL
from mercato.data.assets.item_quality import ITEM_QUALITY
from mercato.data.assets.item_statistics import ITEM_STATISTICS
from mercato.data.assets.near_duplicates import NEAR_DUPLICATES
from mercato.data.assets.outcome_baselines import OUTCOME_BASELINES
from mercato.data.assets.query_lists import QUERY_LISTS
from mercato.data.derive import derive_versions
from mercato.data.store import AssetStore
from mercato.operating.child import Child
from mercato.shop.opened import Shop
from mercato.state import alone

SUMS = (
    DAILY_ACTIVITY.name,
    DAILY_FUNNEL.name,
    COHORTS.name,
    QUERY_LISTS.name,
    ITEM_STATISTICS.name,
    ITEM_QUALITY.name,
    NEAR_DUPLICATES.name,
    OUTCOME_BASELINES.name,
)

LOOK_SECONDS = 30.0
"""Between two looks whether the sums are outdated."""

_SECONDS_PER_MINUTE = 60


def sum_up(root: Path, progress: Progress) -> Mapping[str, int] | None:
    """Bring the sums up to date; their versions. None where another process is at it."""
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    with alone(settings.state.url, root, "summing") as ours:
        if not ours:
            return None
        return derive_versions(AssetStore(paths.assets), SUMS, settings=settings, progress=progress)


class SumRunner:
    """Starts the process where events or answers came since the last one, not too often."""

    def __init__(self, shop: Shop) -> None:
        self._store = AssetStore(shop.paths.assets)
        self._minutes = shop.settings.console.sum_minutes
        self.child = Child("summing", "assets", str(shop.paths.root), "--sum-up")
        self._due = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if not self.child.is_free() or now < self._due or not outdated(self._store):
            return
        self._due = now + self._minutes * _SECONDS_PER_MINUTE
        self.child.start()

    def stop(self) -> None:
        """End the process that is running: sums are committed whole or not at all."""
        self.child.stop()


def outdated(store: AssetStore) -> bool:
    """Whether a sum was made of another version than there is now of what it is made of."""
    return any(_outdated(store, ASSETS[name]) for name in SUMS)


def _outdated(store: AssetStore, asset: Asset) -> bool:
    newest = store.history(asset.name, limit=1)
    made_of = json.loads(newest[0].note.get("inputs", "{}")) if newest else {}
    sources = (name for name in asset.inputs if ASSETS[name].build is None)
    return any(made_of.get(name) != store.version(name) for name in sources)
