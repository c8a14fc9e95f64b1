"""The part of a release that orders its shelves: learned from what was bought after an earlier
moment, kept where it did better on the newest days."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex
from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.core.progress import Step
from mercato.core.settings import TrainSettings
from mercato.data.histories import Histories
from mercato.models import MODELS
from mercato.models.base import Model
from mercato.models.curves import save_curves
from mercato.models.release import TRANSFORMER, open_fitted
from mercato.ranking.shelf_ranker import FACTS, ShelfRanker, save_ranker
from mercato.recommend.pool import POOLS, network_columns, said_names
from mercato.training.parts_searches import SEARCHES
from mercato.training.parts_transformer import NEVER, log_of, make_transformer
from mercato.training.shelf_ranker.choosing import (
    FORMULA,
    Compared,
    Comparison,
    compare,
    enough,
    learn,
    without_network,
)
from mercato.training.shelf_ranker.lessons import Lessons, gather_lessons
from mercato.training.shelf_ranker.moment import Moment, facts_of
from mercato.training.workshop import Made, Workshop

SHELF_RANKERS = "shelf_rankers"
"""Place in a release."""

MOST_SHOPPERS: Mapping[Placement, int] = {
    Placement.BUY_AGAIN: 1_200,
    Placement.HOME: 1_500,
    Placement.CART: 1_000,
}
"""Shoppers that are learned from at each moment. On November 2017 of Complete Journey 1,200 teach
as much of buying again as 2,007 (nDCG@20 .378), and of new items 1,000 .0568 where 1,966 teach
.0580."""

POOLED = (
    "popularity",
    "personal-frequency",
    "repeat-purchase",
    "item-knn",
    "session-knn",
    "ease",
)
"""Models that the pools of rankers ask."""

_WITH = "with-transformer"
"""Folder of rankers that look at what the transformer says."""

_ASKED = ("catalogue", "vectors", SEARCHES)
"""Other parts of a build that they ask."""


@dataclass(frozen=True)
class Log:
    """table : the asset ``histories``; made_from : the version that made its rows"""

    table: pa.Table
    made_from: int


@dataclass(frozen=True)
class Base:
    """Where lessons are gathered: parts of a build, and models of before a moment.

    made   : by place, with ``catalogue`` and, where there are any, ``vectors`` and ``searches``
    models : by name
    at     : microseconds since 1970 UTC
    """

    made: Mapping[str, Made]
    models: Mapping[str, Made]
    at: int

    def catalogue(self) -> Catalogue:
        vectors = self.made.get("vectors")
        index = None if vectors is None else VectorIndex.open(vectors.folder)
        return Catalogue.over(open_base(self.made["catalogue"].folder, index), 0)


@dataclass(frozen=True)
class Before:
    """What a build up to the newest days comes to, for the build of all days.

    lessons : what its rankers learned from
    rankers : of each placement that had enough to learn from
    transformer : that knows what happened until then; None where none may be learned
    """

    base: Base
    lessons: Made
    rankers: Made
    transformer: Made | None = None


def learn_before(
    workshop: Workshop,
    made: Mapping[str, Made],
    log: Log,
    as_of: int,
    days: int,
    train: TrainSettings = NEVER,
) -> Before:
    """What is known on the eve of the newest days: rankers that learned from the days before.

    made    : the other parts of a build up to ``as_of``, by place
    as_of   : microseconds since 1970 UTC
    train   : how a transformer is, if at all
    """
    at = as_of - days * MICROSECONDS_PER_DAY
    early = _transformer(workshop, f"{TRANSFORMER}-before", made, at, train)
    base = Base(made, _models_before(workshop, made["histories"], at) | early, at)
    lessons = _lessons(workshop, base, log, as_of)

    def work(folder: Path, step: Step) -> None:
        found = {place: each for place, each in _opened(lessons).items() if enough(each)}
        for placement, each in found.items():
            _save(folder / placement, placement, [without_network(each, placement)], 0.0)
            if early and len(network_columns(placement)):
                _save(folder / _WITH / placement, placement, [each], 0.0)
        _save_facts(folder, made["catalogue"], made["histories"], as_of)
        step.note(", ".join(found) or "too few purchases")

    of = {"lessons": lessons.fingerprint, "as_of": as_of}
    rankers = workshop.make("shelf-rankers-before", of, work)
    late = _transformer(workshop, TRANSFORMER, made, as_of, train) if early else {}
    models = {name: made[f"models/{name}"] for name in POOLED} | late
    return Before(Base(made, models, as_of), lessons, rankers, late.get(TRANSFORMER))


def _transformer(
    workshop: Workshop, name: str, made: Mapping[str, Made], at: int, train: TrainSettings
) -> dict[str, Made]:
    """By its name among models; nothing where none may be learned."""
    parts = made["catalogue"], made.get("vectors"), made["histories"]
    found = make_transformer(workshop, name, *parts, at, train, made.get(SEARCHES))
    return {} if found is None else {TRANSFORMER: found}


@dataclass(frozen=True)
class Learned:
    """choice  : a `Comparison`, and the rankers of before that won
    rankers : of the release
    transformer : that they look at; None where none does
    """

    choice: Made
    rankers: Made
    transformer: Made | None = None


def learn_now(
    workshop: Workshop,
    made: Mapping[str, Made],
    log: Log,
    as_of: int,
    before: Before,
    train: TrainSettings = NEVER,
) -> Learned:
    """Rankers of a release: chosen on its newest days, then learned from those too."""
    lessons = _lessons(workshop, before.base, log, as_of)
    of = {"lessons": [lessons.fingerprint, before.lessons.fingerprint], "as_of": as_of}

    def work_choice(folder: Path, step: Step) -> None:
        comparison = _choice(folder, _opened(lessons), before.rankers.folder)
        comparison.save(folder)
        step.note(comparison.told())

    choice = workshop.make(
        "shelf-ranker-choice", {**of, "rankers": before.rankers.fingerprint}, work_choice
    )

    def work(folder: Path, step: Step) -> None:
        newest, older = _opened(lessons), _opened(before.lessons)
        compared = Comparison.open(choice.folder)
        for placement in compared.chosen():
            found = compared.of[placement]
            parts = [newest[placement], older[placement]]
            if not found.with_network:
                parts = [without_network(each, placement) for each in parts]
            _save(folder / placement, placement, parts, found.blend)
        _save_facts(folder, made["catalogue"], made["histories"], as_of)
        step.note(", ".join(compared.chosen()) or "none")

    rankers = workshop.make("shelf-rankers", {**of, "choice": choice.fingerprint}, work)
    asked = any(each.with_network for each in Comparison.open(choice.folder).of.values())
    found = _transformer(workshop, TRANSFORMER, made, as_of, train) if asked else {}
    return Learned(choice, rankers, found.get(TRANSFORMER))


def _choice(folder: Path, newest: Mapping[Placement, Lessons], rankers: Path) -> Comparison:
    """Compare, and leave in ``folder`` the rankers of before that were better."""
    found = {}
    for placement, lessons in newest.items():
        alone = _ranker(rankers / placement)
        if alone is None:
            found[placement] = Compared(FORMULA, len(lessons), {}, {}, "too few purchases")
            continue
        more = _ranker(rankers / _WITH / placement)
        features = np.asarray(lessons.features)
        told = None if more is None else more.score(features)
        compared = compare(lessons, alone.score(features), told)
        found[placement] = compared
        kept = more if compared.with_network else alone
        if kept is not None and compared.chosen != FORMULA:
            replace(kept, formula=compared.blend).save(folder / placement)
    shutil.copytree(rankers / FACTS, folder / FACTS)
    return Comparison({str(placement): each for placement, each in found.items()})


def _ranker(folder: Path) -> ShelfRanker | None:
    return ShelfRanker.open(folder) if folder.is_dir() else None


def _save(folder: Path, placement: Placement, lessons: Sequence[Lessons], formula: float) -> None:
    """Learn, and write a `ShelfRanker`."""
    usual = np.median(lessons[0].features, axis=0).astype(np.float32)
    trees, curve = learn(lessons)
    save_ranker(folder, trees, said_names(placement), formula, usual)
    save_curves(folder, [curve])


def _lessons(workshop: Workshop, base: Base, log: Log, end: int) -> Made:
    """A folder of `Lessons` for each placement; none where nobody bought anything."""

    def work(folder: Path, step: Step) -> None:
        catalogue = base.catalogue()
        ids = pa.array(catalogue.ids(np.arange(catalogue.n_base)), pa.string())
        whole = log_of(Histories.from_table(log.table, ids), base.made.get(SEARCHES))
        models = {name: each.folder for name, each in base.models.items()}
        moment = Moment(catalogue, open_fitted(models), whole, base.at, end + 1)
        counts = []
        for placement, most in MOST_SHOPPERS.items():
            lessons = gather_lessons(moment, placement, most, step)
            if lessons is not None:
                lessons.save(folder / placement)
                counts.append(f"{placement} {len(lessons.bought):,}")
        step.note(", ".join(counts) or "no purchases")

    of = {
        "parts": {place: base.made[place].fingerprint for place in _ASKED if place in base.made},
        "models": {name: each.fingerprint for name, each in base.models.items()},
        "histories": log.made_from,
        "at": base.at,
        "end": end,
    }
    return workshop.make("shelf-lessons", of, work, sum(MOST_SHOPPERS.values()))


def _opened(lessons: Made) -> dict[Placement, Lessons]:
    return {
        placement: Lessons.load(lessons.folder / placement)
        for placement in POOLS
        if (lessons.folder / placement).is_dir()
    }


def _models_before(workshop: Workshop, histories: Made, at: int) -> dict[str, Made]:
    """The models that pools ask, fitted on what happened before a moment."""
    made = {}
    for name in POOLED:

        def work(folder: Path, step: Step, model: type[Model] = MODELS[name]) -> None:
            log = Histories.open(histories.folder).interactions
            model().fit(log.where(log.ts < at), at, step).save(folder)

        of = {"histories": histories.fingerprint, "at": at}
        made[name] = workshop.make(f"{name}-before", of, work)
    return made


def _save_facts(folder: Path, catalogue: Made, histories: Made, as_of: int) -> None:
    opened = Catalogue.over(open_base(catalogue.folder, None), 0)
    log = Histories.open(histories.folder).interactions
    facts_of(opened, log, as_of).save(folder / FACTS)
