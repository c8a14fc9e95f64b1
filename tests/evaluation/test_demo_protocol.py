"""The demo's numbers, reproduced: learned before December 2017, asked for December.

The expected values of baselines were computed once from the same tables by a separate program of
DuckDB and plain loops; they are met within .003.
"""

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.evaluation.intervals import paired_difference
from mercato.evaluation.judging import Judged
from mercato.evaluation.metrics import ndcg, recall
from mercato.models.ease import Ease, FittedEase
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity
from mercato.models.repeat_purchase import RepeatPurchase

K = 20
ENOUGH = 3_000
"""Items asked for: more than any household bought, so that none is missing after skipping."""


def means(judged: Judged) -> tuple[float, float]:
    return float(recall(judged, K).mean()), float(ndcg(judged, K).mean())


def test_who_is_asked_for_what(demo) -> None:
    assert demo.split.eligible.sum() == 24_404
    # SELECT count(DISTINCT household_id) says 2,036; with the first hour of January, 2,037.
    assert len(demo.split.bought) == 2_036
    assert len(demo.split.new) == 1_991


def test_popularity(demo) -> None:
    model = demo.fit(Popularity(days=0))

    def ranked(one: Interactions) -> np.ndarray:
        return model.candidates(one, ENOUGH).items

    everything = demo.ask(demo.split.bought, ranked, new=False)
    assert means(everything) == pytest.approx((0.1235, 0.1481), abs=0.003)
    new = demo.ask(demo.split.new, ranked, new=True)
    assert means(new) == pytest.approx((0.0423, 0.0405), abs=0.003)


def test_personal_frequency(demo) -> None:
    model = demo.fit(PersonalFrequency(power=0))
    judged = demo.ask(demo.split.bought, lambda one: model.candidates(one, ENOUGH).items, new=False)
    assert means(judged) == pytest.approx((0.3226, 0.3600), abs=0.003)


def test_repeat_purchase(demo) -> None:
    model = demo.fit(RepeatPurchase())
    judged = demo.ask(demo.split.bought, lambda one: model.candidates(one, ENOUGH).items, new=False)
    found = means(judged)
    assert found[0] >= 0.335
    assert found[1] >= 0.372


def test_a_small_ease_beats_popularity(demo) -> None:
    """The short form of what is below: a fourth of the households, the 2,000 most bought items."""
    some = demo.split.new.first(500)
    ease, popularity = demo.fit(Ease(items=2_000)), demo.fit(Popularity(days=0))
    found, baseline = (
        recall(demo.ask(some, lambda one, of=model: of.candidates(one, 400).items, new=True), K)
        for model in (ease, popularity)
    )
    assert paired_difference(found, baseline).low > 0


def weights(model: FittedEase) -> tuple[np.ndarray, np.ndarray]:
    """The learned items and the whole matrix between them."""
    learned = np.flatnonzero(np.diff(model.offsets))
    whole = np.zeros((len(learned), len(learned)), np.float32)
    target = np.searchsorted(learned, model.target).reshape(len(learned), -1)
    np.put_along_axis(whole, target, model.weight.reshape(target.shape).astype(np.float32), 1)
    return learned, whole


@pytest.mark.soak
def test_plain_ease(demo) -> None:
    """Binary, the 8,000 most popular items, lambda 200, nothing cut off."""
    learned, whole = weights(demo.fit(Ease(power=0, momentum=0, links=8_000)))

    def ranked(one: Interactions) -> np.ndarray:
        bought = np.isin(learned, one.item)
        return learned[np.argsort(-(bought @ whole), kind="stable")[:ENOUGH]]

    judged = demo.ask(demo.split.new, ranked, new=True)
    assert means(judged) == pytest.approx((0.0479, 0.0479), abs=0.003)


@pytest.mark.soak
def test_ease_as_served(demo) -> None:
    model = demo.fit(Ease())
    judged = demo.ask(demo.split.new, lambda one: model.candidates(one, ENOUGH).items, new=True)
    found = means(judged)
    assert found[0] >= 0.054
    assert found[1] >= 0.054
