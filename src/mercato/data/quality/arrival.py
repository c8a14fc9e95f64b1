"""What an import is about to bring, beside what is there."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import ibis

from mercato.core import columns as c
from mercato.data.asset import Asset
from mercato.data.engines import Engine
from mercato.data.quality.profile import Profile
from mercato.data.quality.traffic import Traffic

RECENT_DAYS = 56
"""Days before an import that its event lines are compared with: eight of each weekday."""


@dataclass(frozen=True)
class Arrival:
    """Everything that drift is looked for in.

    rows     : the import's rows, unique by key
    brought  : those of them that are new or changed; of events without the suspects' lines
    present  : the asset before the import; None before the first
    replaced : how many of ``brought`` take the place of a present row
    full     : whether rows that are absent are withdrawn
    before   : what ``now`` is compared with; None where there is nothing to compare with
    now      : what the import brings. Of items, ``before`` and ``now`` are of the same ids, so a
               feed of a part of the catalogue is compared with that part
    closed   : days without lines that the shop has declared, ``MM-DD`` or ``YYYY-MM-DD``
    """

    engine: Engine
    asset: Asset
    rows: ibis.Table
    brought: ibis.Table
    present: ibis.Table | None
    replaced: int
    full: bool
    now: Profile
    before: Profile | None
    traffic: Traffic | None = None
    closed: tuple[str, ...] = ()

    @cached_property
    def withdrawn(self) -> int:
        """Present rows that a full import lacks."""
        if self.present is None or not self.full:
            return 0
        return self.engine.count(self.present.anti_join(self.rows, self.asset.keys))

    @cached_property
    def present_rows(self) -> int:
        return 0 if self.present is None else self.engine.count(self.present)

    @cached_property
    def recent(self) -> ibis.Table:
        """Present event lines from `RECENT_DAYS` before the import's first one; where the import
        begins later than the present ends, before that end."""
        assert self.present is not None
        ends = self.brought.aggregate(start=self.brought[c.TS].min()).union(
            self.present.aggregate(start=self.present[c.TS].max())
        )
        start = self.engine.table(ends.aggregate(start=ends.start.min()))["start"][0].as_py()
        since = start - timedelta(days=RECENT_DAYS)
        return self.present.filter(self.present[c.TS] >= ibis.literal(since))
