"""What the steps of a round need."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import Settings
from mercato.data.releases import ReleaseStore
from mercato.operating.learning.round import Round
from mercato.shop.rules import By
from mercato.state import State


@dataclass(frozen=True)
class Work:
    """by : in whose name experiments are begun and ended"""

    root: Path
    settings: Settings
    state: State
    by: By
    progress: Progress

    @property
    def paths(self) -> ShopPaths:
        return ShopPaths(self.root)

    @property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.paths.releases)


Step = Callable[[Work, Round], Round | None]
"""The round as it is afterwards; None where it must wait."""
