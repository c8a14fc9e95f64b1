"""What another release would answer, beside the one that is live."""

import threading
from dataclasses import dataclass

from mercato.core.errors import NotFound
from mercato.search.search import search
from mercato.shop.experiments.beside import Beside
from mercato.shop.known import known_as
from mercato.shop.opened import Live, Shop
from mercato.shop.search import SearchCall, search_context, search_request


@dataclass(frozen=True)
class Answered:
    """What a release answers: ids of the items of a page, and their scores."""

    release: int
    total: int
    ids: tuple[str, ...]
    scores: tuple[float, ...]


class ReleaseLook:
    """Opens one other release to look at, and lets it go when another is asked for.

    Large arrays are memory-mapped and an encoder that both have is held once, so a release beside
    the live one costs what its Python objects do.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._beside = Beside(shop.releases, shop.state, shop.settings.vectors)
        self._turn = threading.Lock()

    def at(self, number: int) -> Live:
        """The release ``number`` with all changes of items.

        Raises NotFound where there is none, or one that cannot be served.
        """
        shop, live = self._shop, self._shop.live
        if number == live.number:
            return live
        known = shop.beside.get(number)
        if known is not None:
            return known
        with self._turn:
            if number in shop.releases.numbers():
                self._beside.look([number], live.number)
                self._beside.refresh([number], live, shop.erased)
            found = self._beside.open.get(number)
        if found is None:
            numbers = ", ".join(map(str, shop.releases.numbers()))
            raise NotFound(f"a release out of {numbers}", str(number), "See: mercato releases DIR")
        return found

    def let_go(self) -> None:
        """Close the release that was looked at."""
        with self._turn:
            self._beside.refresh([], self._shop.live, self._shop.erased)


def answered(shop: Shop, live: Live, call: SearchCall) -> Answered:
    """A search as a release answers it; nobody is shown it, and nothing is logged."""
    call = known_as(shop, call)
    found = search(search_request(call), search_context(shop, live, call))
    ids = tuple(live.catalogue.ids(found.rows))
    return Answered(live.number, found.total, ids, tuple(map(float, found.scores)))
