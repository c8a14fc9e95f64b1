"""The table that a check looks at, and what it may look up beside it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis

from mercato.core.settings import QualitySettings
from mercato.data.asset import Asset
from mercato.data.engines import Engine
from mercato.data.quality.finding import Finding, Health
from mercato.data.store import AssetStore


@dataclass(frozen=True)
class Table:
    """One version of an asset.

    others : the shop's tables by name, to look ids up in
    now    : the shop's time, which a demo's or a test's log has stopped
    """

    engine: Engine
    store: AssetStore
    asset: Asset
    version: int
    rows: ibis.Table
    count: int
    others: Mapping[str, ibis.Table]
    now: datetime
    settings: QualitySettings

    def finding(
        self, check: str, health: Health, found: str, expected: str, remedy: str = ""
    ) -> Finding:
        """The remedy is only said where something is wrong."""
        said = "" if health is Health.OK else remedy
        return Finding(self.asset.name, check, health, found, expected, said)


TableCheck = Callable[[Table], Iterator[Finding]]
