"""What one process needs to answer more than it can."""

from typing import TYPE_CHECKING

from mercato.core.settings import ServeSettings
from mercato.shop.overload.kept import Kept
from mercato.shop.overload.searching import KeptSearch
from mercato.shop.overload.turns import Turns

if TYPE_CHECKING:
    from mercato.shop.shelf import Filled


class Overload:
    """turns : of requests; searches, shelves : that were answered lately, for anybody"""

    def __init__(self, settings: ServeSettings) -> None:
        self.turns = Turns(settings)
        self.searches: Kept[KeptSearch] = Kept()
        self.shelves: Kept[Filled] = Kept()

    def close(self) -> None:
        self.turns.close()
