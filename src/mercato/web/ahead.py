"""What pages show of a release and of what was summed up is worked out beside the requests, before
somebody waits for it: the first one who asks is answered as quickly as the next."""

import time
from collections.abc import Callable

import pyarrow as pa

from mercato.core.errors import NotReady
from mercato.data.store import AssetStore
from mercato.data.versions.summary import summaries
from mercato.shop.activity import days_of, listed
from mercato.shop.audience import cohorts, funnel, groups
from mercato.shop.catalogue_lab import catalogue_read
from mercato.shop.opened import Shop
from mercato.shop.product_map import product_map
from mercato.web.departments import departments
from mercato.web.shoppers import picks

LOOK_SECONDS = 30.0
"""Between two looks for whether something was summed up; each opens the logs of all assets."""

WORKS: tuple[Callable[[Shop], object], ...] = (
    lambda shop: picks(shop.live),
    lambda shop: departments(shop.live.catalogue),
    days_of,
    groups,
    cohorts,
    funnel,
    catalogue_read,
    product_map,
    lambda shop: listed(shop, ""),
    lambda shop: summaries(AssetStore(shop.paths.assets)),
)
"""Each remembers what it found, by release or version, and does little where that is the same."""


class Ahead:
    """Works all of it out at once where another release is live, else every `LOOK_SECONDS`."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._release: int | None = None
        self._due = 0.0

    def look(self) -> None:
        """Raises NotReady where an asset cannot be read."""
        now = time.monotonic()
        release = self._shop.live.number
        if release == self._release and now < self._due:
            return
        try:
            for work in WORKS:
                work(self._shop)
        except pa.ArrowException as error:
            raise NotReady("assets that can be read", str(error), "mercato check DIR") from error
        self._release, self._due = release, now + LOOK_SECONDS
