"""A candidate beside the published release, before any shopper sees it.

Three releases are asked: the published one; the candidate; and its *twin*, what the same pipeline
makes of the log up to a moment. Up to that moment the published one had learned too, or earlier;
what was bought after it is news to both, so the twin tells what the pipeline is worth. The
candidate's models have seen these days: where even so it is behind, it is broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.data.derive import derive
from mercato.data.histories import Histories
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.evaluation.shop_split import shop_split
from mercato.shop.opened import Shop
from mercato.training.build import draft_until
from mercato.training.parts import event_span
from mercato.training.shadow.asking import Asked, Past, microseconds
from mercato.training.shadow.comparing import PUBLISHED, Compared, compare_shelves
from mercato.training.shadow.impressions import Told, read_impressions, told_by

CANDIDATE, TWIN = "candidate", "twin"


@dataclass(frozen=True)
class Shadow:
    """What came of it.

    split      : the moment from which on purchases are looked at; None where the log is too short
    placements : by placement
    told       : off-policy, of the twin; None where nothing that was explored tells
    """

    split: datetime | None
    placements: Mapping[str, Compared]
    told: Told | None

    def against(self) -> list[str]:
        """What speaks against the candidate; empty where nothing does."""
        found = [
            f"{metric} of the {name} is worse than the published release's"
            for each in self.placements.values()
            for name in (CANDIDATE, TWIN)
            for metric in each.worse(name)
        ]
        if self.told is not None and self.told.is_worse:
            found.append("logged impressions tell fewer clicks than were earned")
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "split": None if self.split is None else self.split.isoformat(),
            "placements": {name: each.to_json() for name, each in self.placements.items()},
            "off_policy": None if self.told is None else self.told.to_json(),
            "against": self.against(),
        }


def shadow(root: Path, candidate: int, progress: Progress) -> Shadow:
    """Ask a sealed release what the published one is asked.

    Raises NotReady while another process builds in the shop.
    """
    paths = ShopPaths(root)
    store = AssetStore(paths.assets)
    releases = ReleaseStore(paths.releases)
    shop = Shop.open(root)
    try:
        split = _split(shop, store)
        if split is None:
            return Shadow(None, {}, None)
        past = _past(shop, store)
        folders = {
            PUBLISHED: releases.folder(shop.live.number),
            CANDIDATE: releases.folder(candidate),
        }
        with draft_until(root, split, progress) as twin:
            asked = {
                name: Asked.of(shop, folder, past, microseconds(split))
                for name, folder in (folders | {TWIN: twin}).items()
            }
            parts = shop_split(past.histories.interactions, microseconds(split))
            most = shop.settings.evaluation.most_users
            placements = compare_shelves(asked, past, parts, microseconds(split), most, progress)
            told = _told(store, asked[TWIN], split, progress)
        return Shadow(split, placements, told)
    finally:
        shop.close()


def _told(store: AssetStore, twin: Asked, split: datetime, progress: Progress) -> Told | None:
    impressions = read_impressions(store, microseconds(split))
    if not impressions.answers:
        return None
    with progress.step("off-policy", len(impressions.answers)) as step:
        return told_by(impressions, twin, step)


def _split(shop: Shop, store: AssetStore) -> datetime | None:
    """The end of what the published release has learned from, but at most so many days ago as a
    build measures itself on; None where nothing came since, or nothing was before."""
    span = event_span(store, None)
    if span is None:
        return None
    learned = datetime.fromtimestamp(shop.live.manifest.as_of / 1e6, UTC) + timedelta(
        microseconds=1
    )
    days = timedelta(days=shop.settings.evaluation.days)
    split = max(learned, span.newest - days) if days else learned
    return split if span.oldest < split <= span.newest else None


def _past(shop: Shop, store: AssetStore) -> Past:
    ids = store.read("items", columns=["id"])["id"].combine_chunks().cast(pa.string())
    table = derive(store, ("histories",), settings=shop.settings)["histories"]
    return Past(Histories.from_table(table, ids), ids)
