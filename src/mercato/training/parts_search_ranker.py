"""The part of a release that orders searches: learned from the shop's judgments, else from its
clicks, else the weights that Mercato comes with."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from mercato.core.progress import Step
from mercato.core.settings import Settings
from mercato.data.releases import Manifest, link_tree, write_manifest
from mercato.models.curves import save_curves
from mercato.ranking.defaults import default_sum
from mercato.ranking.learned import save_ranker
from mercato.search.request import SearchContext
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search_context
from mercato.training.draft import serve_draft
from mercato.training.encoder.outcome import FILE as OUTCOME
from mercato.training.encoder.outcome import Outcome
from mercato.training.search_ranker.choosing import (
    FEWEST_QUERIES,
    Comparison,
    Fitted,
    choose,
    n_fits,
)
from mercato.training.search_ranker.examples import gather_examples
from mercato.training.search_ranker.known import Known, told_by
from mercato.training.workshop import DONE, UNFINISHED, Made, Workshop

LEFT_ALONE = Comparison("default", "none", 0, {}, {}, "nothing is learned, by shop.toml")


def make_search_ranker(
    workshop: Workshop, made: Mapping[str, Made], known: Known, settings: Settings
) -> Made:
    """The step; its folder is a `LearnedRanker`'s, with a `Comparison`.

    made : all other parts of the release, by place: queries are asked as they will be
    """
    of = {
        "parts": {place: part.fingerprint for place, part in made.items()},
        "versions": known.versions,
        "settings": asdict(settings.search),
        "learns": settings.train.search_ranker,
    }

    def work(folder: Path, step: Step) -> None:
        fitted, comparison = Fitted(default_sum()), LEFT_ALONE
        if settings.train.search_ranker:
            with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=workshop.root) as scratch:
                draft = _draft(Path(scratch), made, known.as_of)
                with serve_draft(draft, settings) as shop:
                    fitted, comparison = _learned(workshop, shop, made, known)
        save_ranker(folder, fitted.sum, fitted.trees, fitted.known)
        comparison.save(folder)
        save_curves(folder, fitted.curves)
        step.note(comparison.told())

    return workshop.make("search-ranker", of, work)


def _draft(folder: Path, made: Mapping[str, Made], as_of: int) -> Path:
    """A release of the other parts, which can be asked."""
    for place, part in made.items():
        link_tree(part.folder, folder / place, leave=DONE)
    now = datetime.now(UTC).isoformat()
    write_manifest(folder, Manifest(now, as_of, None, 0, 0, {}, {}, {}))
    return folder


def _learned(
    workshop: Workshop, shop: Shop, made: Mapping[str, Made], known: Known
) -> tuple[Fitted, Comparison]:
    default = default_sum()
    told = told_by(known, shop.live.catalogue, unseen_alone=_tuned(made))
    n = len(told.graded)
    if n < FEWEST_QUERIES:
        reason = f"{n} queries with a judgment or clicks, {FEWEST_QUERIES} are needed"
        return Fitted(default), Comparison("default", "none", n, {}, {}, reason)
    with workshop.progress.step(f"asking queries of {told.source}", n) as asking:
        examples = gather_examples(told.graded, _context(shop), asking)
    with workshop.progress.step("comparing rankers", n_fits(examples)) as fitting:
        fitted, comparison = choose(examples, default, told.source, fitting)
    return fitted, replace(comparison, position=told.position)


def _context(shop: Shop) -> SearchContext:
    """As nobody in particular would be answered."""
    return search_context(shop, shop.live, SearchCall())


def _tuned(made: Mapping[str, Made]) -> bool:
    tuning = made.get("tuning")
    return (
        tuning is not None
        and (tuning.folder / OUTCOME).is_file()
        and (Outcome.open(tuning.folder).kept)
    )
