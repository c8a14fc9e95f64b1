"""A candidate beside the published release, before any shopper sees it.

Three releases are asked: the published one; the candidate; and its *twin*, what the same pipeline
makes of the log up to a moment. Up to that moment the published one had learned too, or earlier;
what was bought after it is news to both, so the twin tells what the pipeline is worth. The
candidate's models have seen these days: where even so it is behind, it is broken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.data.derive import derive
from mercato.data.histories import Histories
from mercato.data.releases import ReleaseStore
from mercato.data.showing.clicked import clicks_since
from mercato.data.store import AssetStore
from mercato.evaluation.shop_split import shop_split
from mercato.shop.opened import Shop
from mercato.training.build import draft_until
from mercato.training.parts import event_span
from mercato.training.shadow.asking import Asked, Past, microseconds
from mercato.training.shadow.comparing import PUBLISHED, Compared, compare_shelves
from mercato.training.shadow.impressions import Told, read_impressions, told_by
from mercato.training.shadow.searches import (
    CLICKED,
    JUDGED,
    clicked_of,
    compare_clicked,
    compare_judged,
)

CANDIDATE, TWIN = "candidate", "twin"


@dataclass(frozen=True)
class Shadow:
    """What came of it.

    split      : the moment from which on purchases and clicks are looked at; None where the log is
                 too short
    placements : by placement, and kind of search
    told       : off-policy, of the twin; None where nothing that was explored tells
    """

    split: datetime | None
    placements: Mapping[str, Compared]
    told: Told | None

    def against(self) -> list[str]:
        """What speaks against the candidate; empty where nothing does."""
        found = [
            f"{metric} of the {name} is worse than the published release's ({where})"
            for where, each in self.placements.items()
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
    releases = ReleaseStore(paths.releases)
    shop = Shop.open(root)
    try:
        room = _Room(shop, AssetStore(paths.assets), progress)
        folders = {
            PUBLISHED: releases.folder(shop.live.number),
            CANDIDATE: releases.folder(candidate),
        }
        split = room.split()
        if split is None:
            judged = room.judged(lambda: room.asked(folders, datetime.now(UTC)))
            return Shadow(None, judged, None)
        with draft_until(root, split, progress) as twin:
            return room.side_by_side(room.asked(folders | {TWIN: twin}, split), split)
    finally:
        shop.close()


@dataclass(frozen=True)
class _Room:
    """Where releases are asked."""

    shop: Shop
    store: AssetStore
    progress: Progress

    @cached_property
    def past(self) -> Past:
        ids = self.store.read("items", columns=["id"])["id"].combine_chunks().cast(pa.string())
        table = derive(self.store, ("histories",), settings=self.shop.settings)["histories"]
        return Past(Histories.from_table(table, ids), ids)

    @property
    def most(self) -> int:
        """Shoppers, or queries, that are asked for."""
        return self.shop.settings.evaluation.most_users

    def split(self) -> datetime | None:
        """The end of what the published release has learned from, but at most so many days ago as a
        build measures itself on; None where nothing came since, or nothing was before."""
        span = event_span(self.store, None)
        if span is None:
            return None
        as_of = datetime.fromtimestamp(self.shop.live.manifest.as_of / 1e6, UTC)
        learned = as_of + timedelta(microseconds=1)
        days = timedelta(days=self.shop.settings.evaluation.days)
        split = max(learned, span.newest - days) if days else learned
        return split if span.oldest < split <= span.newest else None

    def asked(self, folders: Mapping[str, Path], split: datetime) -> dict[str, Asked]:
        moment = microseconds(split)
        return {
            name: Asked.of(self.shop, folder, self.past, moment) for name, folder in folders.items()
        }

    def side_by_side(self, asked: Mapping[str, Asked], split: datetime) -> Shadow:
        moment = microseconds(split)
        parts = shop_split(self.past.histories.interactions, moment)
        found = compare_shelves(asked, self.past, parts, moment, self.most, self.progress)
        found |= self.judged(lambda: asked) | self._clicked(asked, split)
        return Shadow(split, found, self._told(asked[TWIN], split))

    def judged(self, asked: Callable[[], Mapping[str, Asked]]) -> dict[str, Compared]:
        """Where there are judgments; they hold whatever the log says."""
        if self.store.version("judgments") is None:
            return {}
        judgments = self.store.read("judgments")
        found = compare_judged(asked(), judgments, self.most, self.progress)
        return {} if found is None else {JUDGED: found}

    def _clicked(self, asked: Mapping[str, Asked], split: datetime) -> dict[str, Compared]:
        clicks = clicks_since(self.store, self.shop.settings, split)
        clicked = clicked_of(clicks, asked[PUBLISHED])
        if clicked is None:
            return {}
        return {CLICKED: compare_clicked(asked, clicked.first(self.most), self.progress)}

    def _told(self, twin: Asked, split: datetime) -> Told | None:
        impressions = read_impressions(self.store, microseconds(split))
        if not impressions.answers:
            return None
        with self.progress.step("off-policy", len(impressions.answers)) as step:
            return told_by(impressions, twin, step)
