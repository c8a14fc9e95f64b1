"""Releases that are served beside the live one, because an arm of an experiment names them."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

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
        self._folders: dict[int, Path] = {}
        self._failed: frozenset[int] = frozenset()
        self._told: set[int] = set()
        self._erased = -1
        self.open: Mapping[int, Live] = {}

    def look(self, wanted: Collection[int], live: int) -> None:
        """Fetch what is wanted, is not the live one and not there yet; may wait for the net. One
        that cannot be had is told in the log once, and asked for again at the next look."""
        self._told &= set(wanted)
        for number in sorted(set(wanted) - {live} - self._folders.keys()):
            try:
                refused = self._releases.refused().get(number)
                if refused is None:
                    self._folders[number] = self._releases.folder(number)
                else:
                    self._tell(number, refused)
            except (MercatoError, OSError) as error:
                self._tell(number, error)

    def refresh(self, wanted: Collection[int], live: Live, erased: ErasedBook) -> None:
        """Have those releases open that are wanted, fetched and not the live one, with all changes
        of items. One that cannot be opened is told in the log, and its arm is not served."""
        self._failed &= frozenset(wanted)
        self._folders = {at: self._folders[at] for at in wanted if at in self._folders}
        found = {}
        for number in sorted(self._folders.keys() - {live.number} - self._failed):
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
        try:
            return open_release(self._folders[number], number, live, self._vectors)
        except (MercatoError, OSError) as error:
            self._tell(number, error)
        except Exception as error:  # noqa: BLE001 (a file may hold anything)
            self._tell(number, type(error).__name__)
        self._failed |= {number}
        return None

    def _tell(self, number: int, why: object) -> None:
        if number not in self._told:
            self._told.add(number)
            _log.warning("release %s is not served beside the live one: %s", number, why)
