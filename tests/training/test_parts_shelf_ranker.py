"""Rankers of a build: learned on the eve of the newest days, kept where they win on them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.catalogue.base import write_catalogue
from mercato.core.columns import Placement
from mercato.core.progress import Silent, Step
from mercato.data.assets.histories import HISTORIES
from mercato.data.assets.items import ITEMS
from mercato.data.histories import Histories
from mercato.models import MODELS
from mercato.models.base import Model
from mercato.ranking.shelf_ranker import ShelfRankers
from mercato.training.parts_shelf_ranker import Before, Learned, Log, learn_before, learn_now
from mercato.training.shelf_ranker.choosing import Comparison
from mercato.training.workshop import Made, Workshop

DAYS, LAST, SHOPPERS, EACH = 7, 105, 150, 12
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def moment(day: float) -> int:
    return round((BEGUN + timedelta(days=day)).timestamp() * 1_000_000)


def clockwork(last: float) -> pa.Table:
    """Who buys twelve things each buys each of them every 21 days, a few hours early or late: what
    is due is not what was bought last, which is what the formula believes."""
    random = np.random.default_rng(0)
    rows = []
    for shopper in range(SHOPPERS):
        events = []
        for line, item in enumerate(random.permutation(30)[:EACH].tolist()):
            days = np.arange(random.integers(21), LAST, 21)
            days = days + random.normal(scale=0.2, size=LAST)[: len(days)]
            for day in days[(days >= 0) & (days < last)]:
                events.append((moment(day), line, f"i{item:02}"))
        said = [
            {"ts": ts, "event": "purchase", "item_id": item, "quantity": 1.0}
            for ts, _, item in sorted(events)
        ]
        rows.append({"shopper_id": f"s{shopper:03}", "events": said})
    return pa.Table.from_pylist(rows, schema=HISTORIES.schema)


def parts(workshop: Workshop, table: pa.Table, as_of: int) -> dict[str, Made]:
    items = pa.Table.from_pylist(
        [{"id": f"i{at:02}", "title": f"thing {at}"} for at in range(30)], schema=ITEMS.schema
    )

    def catalogue(folder: Path, step: Step) -> None:
        write_catalogue(folder, items, np.arange(30, 0, -1).astype(np.float32), step)

    def histories(folder: Path, step: Step) -> None:
        ids = pa.array([f"i{at:02}" for at in range(30)])
        Histories.from_table(table, ids).save(folder)

    of = {"as_of": as_of}
    made = {
        "catalogue": workshop.make("catalogue", of, catalogue),
        "histories": workshop.make("histories", of, histories),
    }
    for name, model in MODELS.items():

        def fit(folder: Path, step: Step, model: type[Model] = model) -> None:
            log = Histories.open(made["histories"].folder).interactions
            model().fit(log, as_of, step).save(folder)

        made[f"models/{name}"] = workshop.make(name, of, fit)
    return made


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Before, Learned]:
    workshop = Workshop(tmp_path_factory.mktemp("build"), Silent())
    eve, now = moment(LAST - DAYS), moment(LAST)
    early, whole = clockwork(LAST - DAYS), clockwork(LAST)
    before = learn_before(workshop, parts(workshop, early, eve), Log(early, 0), eve, DAYS)
    return before, learn_now(workshop, parts(workshop, whole, now), Log(whole, 1), now, before)


def test_what_is_due_is_found_and_kept(learned: tuple[Before, Learned]) -> None:
    comparison = Comparison.open(learned[1].choice.folder)
    compared = comparison.of[Placement.BUY_AGAIN]
    assert compared.chosen == "ranker"
    assert compared.difference["ranker"]["low"] > 0.1
    assert comparison.chosen() == {Placement.BUY_AGAIN: "ranker"}, "nobody buys anything new"


def test_only_what_won_is_in_the_release(learned: tuple[Before, Learned]) -> None:
    _, now = learned
    rankers = ShelfRankers.open(now.rankers.folder)
    assert rankers is not None
    assert set(rankers.of) == {Placement.BUY_AGAIN}
    assert rankers.facts.as_of == moment(LAST)


def test_the_newest_days_are_measured_with_what_was_known_before(
    learned: tuple[Before, Learned],
) -> None:
    before, now = learned
    as_served = ShelfRankers.open(now.choice.folder)
    assert as_served is not None
    assert as_served.facts.as_of == before.base.at == moment(LAST - DAYS)
    tried = as_served.of[Placement.BUY_AGAIN].trees
    kept = ShelfRankers.open(before.rankers.folder)
    assert kept is not None
    np.testing.assert_array_equal(tried.value, kept.of[Placement.BUY_AGAIN].trees.value)
