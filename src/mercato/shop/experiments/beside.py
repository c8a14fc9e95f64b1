"""Releases that are served beside the live one, because an arm of an experiment names them."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from mercato.core.errors import MercatoError
from mercato.core.settings import VectorSettings
from mercato.data.releases import ReleaseStore
from mercato.shop.erased import ErasedBook
from mercato.shop.live import Live, open_release, without_erased
from mercato.state import State

_log = logging.getLogger(__name__)


class Beside:
    """Opens, keeps up to date and lets go; one caller at a time.

    open : number → release; never changed, only swapped
    """

    def __init__(self, releases: ReleaseStore, state: State, vectors: VectorSettings) -> None:
        self._releases = releases
        self._state = state
        self._vectors = vectors
        self._failed: frozenset[int] = frozenset()
        self._erased = -1
        self.open: Mapping[int, Live] = {}

    def refresh(self, wanted: Collection[int], live: Live, erased: ErasedBook) -> None:
        """Have those releases open that are wanted and are not the live one, with all changes of
        items. One that cannot be opened is told in the log once, and its arm is not served."""
        self._failed &= frozenset(wanted)
        found = {}
        for number in sorted(set(wanted) - {live.number} - self._failed):
            opened = self.open.get(number) or self._opened(number, live)
            if opened is None:
                continue
            if number not in self.open or erased.version != self._erased:
                opened = without_erased(opened, erased)
            changes = self._state.items.since(opened.catalogue.overlay)
            if changes:
                opened = replace(opened, catalogue=opened.catalogue.apply(changes))
            found[number] = opened
        self._erased = erased.version
        if found or self.open:
            self.open = found

    def _opened(self, number: int, live: Live) -> Live | None:
        refused = self._releases.refused().get(number)
        try:
            if refused is None:
                return open_release(self._releases.folder(number), number, live, self._vectors)
            _log.warning("release %s is not served beside the live one: %s", number, refused)
        except (MercatoError, OSError) as error:
            _log.warning("release %s is not served beside the live one: %s", number, error)
        self._failed |= {number}
        return None
