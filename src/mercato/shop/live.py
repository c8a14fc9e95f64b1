"""A release in memory, as a shop is answered from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import Entities
from mercato.catalogue.forms import Forms
from mercato.catalogue.graph import Graph
from mercato.catalogue.lexicon_of_release import WrittenWords
from mercato.catalogue.suggested import SuggestedQueries
from mercato.catalogue.vectors import VectorIndex
from mercato.core.settings import VectorSettings
from mercato.data.histories import Histories
from mercato.data.releases import Manifest, read_manifest
from mercato.data.search_histories import SearchHistories
from mercato.data.segments import Segments
from mercato.models import Models, open_models
from mercato.models.text_encoder import TextEncoder
from mercato.ranking.demand import Demand
from mercato.ranking.fusion import Calibration
from mercato.ranking.intent import CategoryIntent
from mercato.ranking.learned import LearnedRanker
from mercato.ranking.shelf_ranker import ShelfRankers
from mercato.shop.clock import Clock
from mercato.shop.erased import ErasedBook, hidden_from
from mercato.shop.vector_engine import NO_ENGINE, looked_up_by

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
    searches     : what shoppers searched for; None where no model reads it
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
    searches: SearchHistories | None = None


def open_release(
    folder: Path,
    number: int,
    beside: Live | None = None,
    vectors: VectorSettings = NO_ENGINE,
) -> Live:
    """Open the release in ``folder``; large arrays are memory-mapped.

    beside  : a release that is open already: where both have the same encoder it is held once.
              Arrays that a build took over unchanged are the same files on the disk, whose pages
              the operating system holds once.
    vectors : who looks up the nearest of very many texts
    """
    manifest = read_manifest(folder)
    has_vectors = (folder / "vectors").is_dir()
    index = _vectors(folder, vectors, manifest) if has_vectors else None
    base = open_base(folder / "catalogue", index)
    calibration = _calibration(folder / "calibration" / "calibration.json")
    reads = has_vectors and calibration.reads
    shared = beside if beside is not None and _same_encoder(manifest, beside.manifest) else None
    encoder, encode_query = _encoding(folder, shared) if reads else (None, None)
    return Live(
        number=number,
        manifest=manifest,
        clock=Clock(manifest.as_of, _microseconds(manifest.created_at)),
        catalogue=replace(Catalogue.over(base, number), overlay=manifest.changes),
        encoder=encoder,
        encode_query=encode_query,
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
        searches=SearchHistories.open(asked) if (asked := folder / "searches").is_dir() else None,
        segments=Segments.open(parts) if (parts := folder / "segments").is_dir() else None,
    )


def without_erased(live: Live, book: ErasedBook) -> Live:
    """The release without what it has learned of shoppers who were erased since."""
    hidden = hidden_from(live.manifest.inputs, book)
    segments = None if live.segments is None else replace(live.segments, hidden=hidden)
    searches = None if live.searches is None else replace(live.searches, hidden=hidden)
    histories = replace(live.histories, hidden=hidden)
    return replace(live, histories=histories, segments=segments, searches=searches)


def _vectors(folder: Path, settings: VectorSettings, manifest: Manifest) -> VectorIndex:
    index = VectorIndex.open(folder / "vectors")
    if (graph := folder / "graph").is_dir():
        index = replace(index, look=Graph.open(graph, index.dimensions))
    return looked_up_by(settings, index, manifest)


Encode = Callable[[str], NDArray[np.float32]]


def _encoding(folder: Path, shared: Live | None) -> tuple[TextEncoder, Encode]:
    if shared is not None and shared.encoder is not None and shared.encode_query is not None:
        return shared.encoder, shared.encode_query
    encoder = TextEncoder.open(folder / "encoder")
    return encoder, _remembering(encoder)


def _same_encoder(one: Manifest, other: Manifest) -> bool:
    files = [
        {name: told["sha256"] for name, told in each.files.items() if name.startswith("encoder/")}
        for each in (one, other)
    ]
    return bool(files[0]) and files[0] == files[1]


def _remembering(encoder: TextEncoder) -> Encode:
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
