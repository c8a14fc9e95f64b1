"""A shop opened for serving: its state, the release that is live, and those that experiments serve
beside it."""

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from mercato.catalogue.compaction import worth_compacting
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, load_settings
from mercato.data.pseudonyms import (
    Pseudonyms,
    pseudonyms_of,
    settled_pseudonyms,
    unlinked_of,
)
from mercato.data.releases import ReleaseStore
from mercato.shop.banners import read_banner_book
from mercato.shop.blocked import read_blocked
from mercato.shop.counts import Counts
from mercato.shop.erased import read_erased_book
from mercato.shop.experiments.beside import Beside
from mercato.shop.experiments.book import read_experiment_book, refreshed
from mercato.shop.key_book import read_key_book
from mercato.shop.live import Live, open_release, without_erased
from mercato.shop.overload.everything import Overload
from mercato.shop.reading import reading_of
from mercato.shop.rule_book import read_rule_book, shop_zone
from mercato.shop.synonym_book import read_synonym_book
from mercato.shop.upcoming import Upcoming
from mercato.state import State

__all__ = ["Live", "Shop", "open_release", "without_erased"]


class Shop:
    """What every use case of this room is given. One per process; safe to share by threads."""

    def __init__(self, paths: ShopPaths, settings: Settings, state: State, live: Live) -> None:
        self.paths = paths
        self.settings = settings
        self.state = state
        self.live = live
        self.overload = Overload(settings.serve)
        self.counts = Counts()
        self.reading = reading_of(settings)
        self.rules = read_rule_book(state, shop_zone(settings))
        self.synonyms = read_synonym_book(state, paths.root, settings)
        self.keys = read_key_book(state)
        self.pseudonyms = pseudonyms_of(state)
        self.erased = read_erased_book(state)
        self.live = without_erased(live, self.erased)
        self.experiments = read_experiment_book(state, settings.experiments)
        self.banners = read_banner_book(state)
        self._beside = Beside(self.releases, state, settings.vectors)
        self.blocked = read_blocked(settings.suggest, paths.root)
        self.upcoming = Upcoming(self.releases, settings.vectors)
        self._swapping = threading.Lock()
        self.processes = 1
        self.refresh()

    @classmethod
    def open(cls, root: Path) -> "Shop":
        """Open the current release of the shop in ``root``.

        Raises NotFound where there is no shop, NotReady where nothing has been built, BadInput
        where settings do not agree with what is stored.
        """
        paths = ShopPaths(root)
        settings = load_settings(paths.settings)
        releases = ReleaseStore(paths.releases)
        number = releases.require_current()
        live = open_release(releases.folder(number), number, vectors=settings.vectors)
        state = State.open(settings.state.url, root)
        with ExitStack() as undo:
            undo.callback(state.close)
            settled_pseudonyms(state, settings, root)
            undo.pop_all()
        return cls(paths, settings, state, live)

    @cached_property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.paths.releases)

    @cached_property
    def unlinked(self) -> Pseudonyms:
        """Of orders and events that are nobody's."""
        return unlinked_of(self.state)

    @property
    def beside(self) -> Mapping[int, Live]:
        """By their number the releases that experiments serve beside the live one, each as live
        as that. Never changed, only swapped."""
        return self._beside.open

    def look(self) -> None:
        """See which release is published, and fetch it and those that experiments name where they
        lie elsewhere; the next refresh takes them up."""
        self.upcoming.look(self.live.number)
        self._beside.look(self.experiments.releases(self.wall()), self.live.number)

    def refresh(self) -> None:
        """Take up changes of keys, erasures, rules, synonyms, items and experiments by any worker,
        and a newly published release. Releases that lie elsewhere are those of the last `look`:
        nobody waits for the net here. Who may ask, and who is to be forgotten, comes first: a
        release that cannot be had or opened keeps none of the others."""
        with self._swapping:
            self._refresh_books()
        try:
            if self.releases.storage.is_near:
                self.look()
        finally:
            with self._swapping:
                self._refresh_releases()

    def _refresh_books(self) -> None:
        state = self.state
        if state.keys.version() != self.keys.version:
            self.keys = read_key_book(state)
        if self._has_erased_more():
            self.live = without_erased(self.live, self.erased)
        if state.rules.version() != self.rules.version:
            self.rules = read_rule_book(state, self.rules.index.zone)
        self.synonyms = read_synonym_book(state, self.paths.root, self.settings, self.synonyms)
        self.experiments = refreshed(self.experiments, state, self.settings.experiments)
        self.banners = read_banner_book(state, self.banners)

    def _has_erased_more(self) -> bool:
        if self.state.erasures.newest() == self.erased.version:
            return False
        self.erased = read_erased_book(self.state)
        return True

    def _refresh_releases(self) -> None:
        live = self.live
        opened = self.upcoming.opened(live)
        if opened is not None:
            self._has_erased_more()  # while it was opened
            live = without_erased(opened, self.erased)
        changes = self.state.items.since(live.catalogue.overlay)
        if changes:
            live = replace(live, catalogue=live.catalogue.apply(changes))
        self.live = live
        self._beside.refresh(self.experiments.releases(self.wall()), live, self.erased)

    def compact(self) -> bool:
        """Leave the dead rows of item changes out of memory, where it is worth it; whether it was.

        The work is done beside the requests; changes that come meanwhile are laid on top.
        """
        live = self.live
        if not worth_compacting(live.catalogue):
            return False
        catalogue = live.catalogue.compacted()
        with self._swapping:
            if self.live.number == live.number:
                changes = self.state.items.since(catalogue.overlay)
                self.live = replace(self.live, catalogue=catalogue.apply(changes))
        return True

    def be_counted(self) -> None:
        """Say that this process answers; learn how many do, on all hosts."""
        now = self.wall()
        self.state.processes.note(now, self.live.number)
        self.processes = max(sum(self.state.processes.living(now).values()), 1)

    def wall(self) -> int:
        """Now, by the calendar: microseconds since 1970 UTC."""
        return time.time_ns() // 1000

    def close(self) -> None:
        """Write what waits, and let go of the state."""
        self.overload.close()
        self.state.close()
