"""From tables to the parts of a release; each step is done only when its inputs changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.catalogue.base import open_base, write_catalogue
from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import TS
from mercato.core.errors import NotReady
from mercato.core.events import DRAIN_APPLICATION
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.core.progress import Progress, Step
from mercato.core.settings import Settings
from mercato.data.derive import derive_versions
from mercato.data.histories import Histories
from mercato.data.store import AssetStore
from mercato.data.versions.summary import origin_of, rows_version
from mercato.models import MODELS
from mercato.models.base import Model
from mercato.models.release import TRANSFORMER
from mercato.training.parts_demand import make_demand
from mercato.training.parts_entities import make_entities
from mercato.training.parts_forms import make_forms
from mercato.training.parts_intent import make_intent
from mercato.training.parts_lexicon import make_lexicon
from mercato.training.parts_search_ranker import make_search_ranker
from mercato.training.parts_searches import ASSET as SEARCH_HISTORIES
from mercato.training.parts_searches import SEARCHES, make_searches
from mercato.training.parts_segments import make_segments
from mercato.training.parts_shelf_ranker import Before, Learned, Log, learn_before, learn_now
from mercato.training.parts_suggestions import make_suggestions
from mercato.training.parts_text import Shown, make_text
from mercato.training.search_ranker.known import Known
from mercato.training.workshop import Made, Workshop

LEARNED_FROM = ("histories", "item_statistics", "query_statistics", "search_clicks", "users")
"""Derived assets that parts of a release are made from."""


@dataclass(frozen=True)
class Parts:
    """Everything that goes into a release: its folders by place, and what it was made from.

    as_of  : microseconds since 1970 UTC
    before : what rankers of shelves learned, of parts for the eve of the newest days
    choice : folder of the choice between rankers of shelves; None where none was made
    """

    folders: dict[str, Path]
    inputs: dict[str, int]
    watermark: int
    changes: int
    as_of: int
    counts: dict[str, int]
    before: Before | None = None
    choice: Path | None = None


@dataclass(frozen=True)
class Assets:
    """The versions and tables that a build works from, read once.

    rows_of : asset → the version that made the rows which its version holds
    as_of, oldest : microseconds since 1970 UTC, the end of the log and its first event
    """

    versions: dict[str, int]
    rows_of: dict[str, int]
    watermark: int
    changes: int
    items: pa.Table
    derived: dict[str, pa.Table]
    as_of: int
    oldest: int
    n_events: int
    judgments: pa.Table | None

    @property
    def shown(self) -> Shown:
        """What is known of queries and the products that answer them."""
        return Shown(self.judgments, self.derived["search_clicks"])

    @property
    def known(self) -> Known:
        """What a ranker may learn from."""
        of = {name: self.rows_of.get(name) for name in ("judgments", "search_clicks")}
        return Known(self.judgments, self.derived["search_clicks"], of, self.as_of)


def read_assets(
    store: AssetStore,
    settings: Settings,
    until: datetime | None,
    progress: Progress,
) -> Assets:
    """Read items, derive what is derived. Raises NotReady where there are no items."""
    # Before the versions: what is drained in between is then read twice, but nothing is missed.
    watermark = store.transaction("events", DRAIN_APPLICATION) or 0
    changes = store.transaction("items", DRAIN_APPLICATION) or 0
    version = store.version("items")
    if version is None or (items := store.read("items", version)).num_rows == 0:
        raise NotReady("items to build from", "none", "First: mercato import DIR --items FILE")
    names: tuple[str, ...] = LEARNED_FROM
    if settings.train.transformer_minutes > 0:
        names = (*names, SEARCH_HISTORIES)
    made = derive_versions(store, names, until=until, settings=settings, progress=progress)
    versions = {"items": version, **made}
    events = origin_of(store, "histories", made["histories"]).inputs["events"]
    if events is not None:
        versions["events"] = events
    judged = store.version("judgments")
    if judged is not None:
        versions["judgments"] = judged
    span = event_span(store, until)
    as_of = until or (span and span.newest)
    return Assets(
        versions=versions,
        rows_of={name: rows_version(store, name, at) for name, at in versions.items()},
        watermark=watermark,
        changes=changes,
        items=items,
        derived={name: store.read(name, at) for name, at in made.items()},
        as_of=round(as_of.timestamp() * 1_000_000) if as_of else 0,
        oldest=round(span.oldest.timestamp() * 1_000_000) if span else 0,
        n_events=span.count if span else 0,
        judgments=None if judged is None else store.read("judgments", judged),
    )


@dataclass(frozen=True)
class EventSpan:
    """How many events a build sees, and when the first and the last of them happened."""

    count: int
    oldest: datetime
    newest: datetime


def event_span(store: AssetStore, until: datetime | None) -> EventSpan | None:
    """Of the events before ``until``; None where there are none."""
    if store.version("events") is None:
        return None
    ts = store.read("events", columns=[TS])[TS]
    if until is not None:
        ts = pc.filter(ts, pc.less(ts, pa.scalar(until, ts.type)))
    ends = pc.min_max(ts).as_py()
    return EventSpan(len(ts), ends["min"], ends["max"]) if len(ts) else None


def make_parts(
    workshop: Workshop, assets: Assets, settings: Settings, eve: Parts | None = None
) -> Parts:
    """Make, or find made, all parts of a release.

    eve : those of a build up to the newest days; without them rankers of shelves are only
          learned for a build that is one itself
    """
    of = {
        "items": assets.rows_of["items"],
        "events": assets.rows_of.get("events"),
        "as_of": assets.as_of,
        "settings": asdict(settings.sessions),
    }
    catalogue = _catalogue(workshop, assets, of)
    histories = _histories(workshop, assets, catalogue, of)
    forms = make_forms(workshop, catalogue, settings)
    text = make_text(workshop, assets.shown, catalogue, settings)
    made = {"catalogue": catalogue, "histories": histories, **forms}
    queries, asked_at = assets.derived["query_statistics"], assets.rows_of["query_statistics"]
    made["lexicon"] = make_lexicon(workshop, catalogue, queries, asked_at)
    made["suggestions"] = make_suggestions(
        workshop, catalogue, queries, asked_at, settings.suggest.min_shoppers
    )
    made["entities"] = make_entities(workshop, catalogue)
    intent = make_intent(workshop, catalogue, assets.derived["search_clicks"])
    made |= {"intent": intent} if intent else {}
    users = assets.derived["users"]
    made["segments"] = make_segments(workshop, users, assets.rows_of["users"])
    made |= text
    made |= _models(workshop, histories, assets.as_of)
    made["demand"] = make_demand(
        workshop,
        catalogue,
        assets.derived["item_statistics"],
        assets.rows_of["item_statistics"],
    )
    made["ranker"] = make_search_ranker(workshop, made, assets.known, settings)
    asked = assets.derived.get(SEARCH_HISTORIES)
    searches = make_searches(workshop, asked, assets.rows_of.get(SEARCH_HISTORIES), made)
    made |= {SEARCHES: searches} if searches else {}
    before, learned = _shelf_rankers(workshop, assets, made, settings, eve)
    made |= {"shelf_rankers": learned.rankers} if learned else {}
    told = learned or before
    network = told.transformer if told else None
    made |= {f"models/{TRANSFORMER}": network} if network else {}
    if network is None:
        made.pop(SEARCHES, None)
    return Parts(
        folders={place: step.folder for place, step in made.items()},
        inputs=assets.versions,
        watermark=assets.watermark,
        changes=assets.changes,
        as_of=assets.as_of,
        counts={
            "items": assets.items.num_rows,
            "events": assets.n_events,
            "shoppers": assets.derived["histories"].num_rows,
        },
        before=before,
        choice=learned.choice.folder if learned else None,
    )


def _shelf_rankers(
    workshop: Workshop,
    assets: Assets,
    made: dict[str, Made],
    settings: Settings,
    eve: Parts | None,
) -> tuple[Before | None, Learned | None]:
    """What the eve of the newest days knows, or with an eve what the release learns."""
    log = Log(assets.derived["histories"], assets.rows_of["histories"])
    days, train = settings.evaluation.days, settings.train
    if eve is not None:
        if eve.before is None:
            return None, None
        return None, learn_now(workshop, made, log, assets.as_of, eve.before, train)
    long_enough = assets.as_of - assets.oldest >= 2 * days * MICROSECONDS_PER_DAY
    if not settings.train.shelf_rankers or not days or not long_enough:
        return None, None
    return learn_before(workshop, made, log, assets.as_of, days, train), None


def _catalogue(workshop: Workshop, assets: Assets, of: Mapping[str, Any]) -> Made:
    def work(folder: Path, step: Step) -> None:
        write_catalogue(folder, assets.items, _popularity(assets), step)
        step.note(f"{assets.items.num_rows:,} items")

    return workshop.make("catalogue", of, work, assets.items.num_rows)


def _popularity(assets: Assets) -> NDArray[np.float32]:
    """(n_items,) distinct buyers of each item, in the order of the items table."""
    statistics = assets.derived["item_statistics"]
    at = pc.index_in(assets.items["id"], value_set=statistics["item_id"].combine_chunks())
    buyers = pc.take(statistics["shoppers"], at)
    return np.asarray(pc.fill_null(buyers, 0).to_numpy(), np.float32)


def _open_catalogue(made: Made) -> Catalogue:
    return Catalogue.over(open_base(made.folder, None), 0)


def _histories(workshop: Workshop, assets: Assets, catalogue: Made, of: Mapping[str, Any]) -> Made:
    def work(folder: Path, step: Step) -> None:
        opened = _open_catalogue(catalogue)
        ids = pa.array(opened.ids(np.arange(opened.n_base)), pa.string())
        found = Histories.from_table(assets.derived["histories"], ids)
        found.save(folder)
        step.note(f"{len(found.shopper_ids):,} shoppers, {len(found.interactions.item):,} events")

    return workshop.make("histories", {**of, "catalogue": catalogue.fingerprint}, work)


def _models(workshop: Workshop, histories: Made, as_of: int) -> dict[str, Made]:
    made = {}
    for name, model in MODELS.items():

        def work(folder: Path, step: Step, model: type[Model] = model) -> None:
            interactions = Histories.open(histories.folder).interactions
            model().fit(interactions, as_of, step).save(folder)

        of = {"histories": histories.fingerprint, "as_of": as_of}
        made[f"models/{name}"] = workshop.make(name, of, work)
    return made
