"""A shop opened for serving: its state, and the release that is live."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.compaction import worth_compacting
from mercato.catalogue.entities import Entities
from mercato.catalogue.forms import Forms
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.catalogue.suggested import SuggestedQueries
from mercato.catalogue.vectors import VectorIndex
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, load_settings
from mercato.data.histories import Histories
from mercato.data.releases import Manifest, ReleaseStore, read_manifest
from mercato.data.segments import Segments
from mercato.models import Models, open_models
from mercato.models.text_encoder import TextEncoder
from mercato.ranking.demand import Demand
from mercato.ranking.fusion import Calibration
from mercato.ranking.intent import CategoryIntent
from mercato.ranking.learned import LearnedRanker
from mercato.ranking.shelf_ranker import ShelfRankers
from mercato.shop.blocked import read_blocked
from mercato.shop.clock import Clock
from mercato.shop.erased import ErasedBook, hidden_from, read_erased_book
from mercato.shop.key_book import read_key_book
from mercato.shop.reading import reading_of
from mercato.shop.rule_book import read_rule_book, shop_zone
from mercato.shop.synonym_book import read_synonym_book
from mercato.state import State

_QUERIES_REMEMBERED = 4096
"""Vectors of the last queries, some 6 MB; encoding one takes about a millisecond."""


@dataclass(frozen=True)
class Live:
    """A release in memory, with the item changes that came after it. Never changed, only swapped.

    number       : the release's number; 0 for a draft that is only being measured
    encode_query : a query's words → (d,) float32; what was asked lately is not encoded again
    suggestions  : queries that may be suggested; None in releases from before there were any
    forms        : of words in the shop's languages; None for English and Chinese
    written      : how the catalogue's words are written; None in releases from before there was
    segments     : of shoppers; None likewise
    entities     : what phrases of a query name; None likewise
    intent       : which categories a query asks for; None likewise, and without categories
    ranker       : orders what searches find; None where the first stage's order stays
    demand       : how items do with shoppers; None in releases from before it was told
    shelf_rankers: order shelves; None in releases from before there were any
    """

    number: int
    manifest: Manifest
    clock: Clock
    catalogue: Catalogue
    encoder: TextEncoder | None
    encode_query: Callable[[str], NDArray[np.float32]] | None
    calibration: Calibration
    models: Models
    histories: Histories
    written: WrittenWords | None = None
    segments: Segments | None = None
    forms: Forms | None = None
    suggestions: SuggestedQueries | None = None
    entities: Entities | None = None
    intent: CategoryIntent | None = None
    ranker: LearnedRanker | None = None
    demand: Demand | None = None
    shelf_rankers: ShelfRankers | None = None


def open_release(folder: Path, number: int) -> Live:
    """Open the release in ``folder``; large arrays are memory-mapped."""
    manifest = read_manifest(folder)
    has_vectors = (folder / "vectors").is_dir()
    vectors = VectorIndex.open(folder / "vectors") if has_vectors else None
    base = open_base(folder / "catalogue", vectors)
    calibration = _calibration(folder / "calibration" / "calibration.json")
    reads = has_vectors and calibration.reads
    encoder = TextEncoder.open(folder / "encoder") if reads else None
    return Live(
        number=number,
        manifest=manifest,
        clock=Clock(manifest.as_of, _microseconds(manifest.created_at)),
        catalogue=replace(Catalogue.over(base, number), overlay=manifest.changes),
        encoder=encoder,
        encode_query=None if encoder is None else _remembering(encoder),
        calibration=calibration,
        models=open_models(folder / "models"),
        histories=Histories.open(folder / "histories"),
        suggestions=SuggestedQueries.open(queries)
        if (queries := folder / "suggestions").is_dir()
        else None,
        forms=Forms.open(forms) if (forms := folder / "forms").is_dir() else None,
        entities=Entities.open(named) if (named := folder / "entities").is_dir() else None,
        intent=CategoryIntent.open(told) if (told := folder / "intent").is_dir() else None,
        ranker=LearnedRanker.open(order) if (order := folder / "ranker").is_dir() else None,
        demand=Demand.load(sold) if (sold := folder / "demand").is_dir() else None,
        shelf_rankers=ShelfRankers.open(shelves)
        if (shelves := folder / "shelf_rankers").is_dir()
        else None,
        written=WrittenWords.open(lexicon) if (lexicon := folder / "lexicon").is_dir() else None,
        segments=Segments.open(parts) if (parts := folder / "segments").is_dir() else None,
    )


def without_erased(live: Live, book: ErasedBook) -> Live:
    """The release without what it has learned of shoppers who were erased since."""
    hidden = hidden_from(live.manifest.inputs, book)
    segments = None if live.segments is None else replace(live.segments, hidden=hidden)
    return replace(live, histories=replace(live.histories, hidden=hidden), segments=segments)


def _remembering(encoder: TextEncoder) -> Callable[[str], NDArray[np.float32]]:
    @lru_cache(_QUERIES_REMEMBERED)
    def encode(q: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = encoder.encode_query(q)
        vector.flags.writeable = False
        return vector

    return encode


def _calibration(path: Path) -> Calibration:
    return Calibration.from_json(orjson.loads(path.read_bytes()))


def _microseconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1_000_000)


class Shop:
    """What every use case of this room is given. One per process; safe to share by threads."""

    def __init__(self, paths: ShopPaths, settings: Settings, state: State, live: Live) -> None:
        self.paths = paths
        self.settings = settings
        self.state = state
        self.live = live
        self.reading = reading_of(settings)
        self.rules = read_rule_book(state, shop_zone(settings))
        self.synonyms = read_synonym_book(state, paths.root, settings)
        self.keys = read_key_book(state)
        self.erased = read_erased_book(state)
        self.live = without_erased(live, self.erased)
        self.blocked = read_blocked(settings.suggest, paths.root)
        self._swapping = threading.Lock()
        self.refresh()

    @classmethod
    def open(cls, root: Path) -> "Shop":
        """Open the current release of the shop in ``root``.

        Raises NotFound where there is no shop, NotReady where nothing has been built.
        """
        paths = ShopPaths(root)
        settings = load_settings(paths.settings)
        releases = ReleaseStore(paths.releases)
        number = releases.require_current()
        live = open_release(releases.folder(number), number)
        return cls(paths, settings, State.open(settings.state.url, root), live)

    @cached_property
    def releases(self) -> ReleaseStore:
        return ReleaseStore(self.paths.releases)

    def refresh(self) -> None:
        """Take up a newly published release, and changes of items, keys, rules, synonyms and
        erasures by any worker."""
        with self._swapping:
            live = self.live
            current = self.releases.current()
            if current is not None and current != live.number and live.number != 0:
                live = open_release(self.releases.folder(current), current)
                self.erased = read_erased_book(self.state)
                live = without_erased(live, self.erased)
            elif self.state.erasures.newest() != self.erased.version:
                self.erased = read_erased_book(self.state)
                live = without_erased(live, self.erased)
            changes = self.state.items.since(live.catalogue.overlay)
            if changes:
                live = replace(live, catalogue=live.catalogue.apply(changes))
            self.live = live
            if self.state.keys.version() != self.keys.version:
                self.keys = read_key_book(self.state)
            if self.state.rules.version() != self.rules.version:
                self.rules = read_rule_book(self.state, self.rules.index.zone)
            self.synonyms = read_synonym_book(
                self.state, self.paths.root, self.settings, self.synonyms
            )

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

    def wall(self) -> int:
        """Now, by the calendar: microseconds since 1970 UTC."""
        return time.time_ns() // 1000

    def close(self) -> None:
        """Write what waits, and let go of the state."""
        self.state.close()
