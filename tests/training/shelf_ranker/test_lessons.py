"""What rankers of shelves learn from: nothing of after the moment but what was bought."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.evaluation.metrics import ndcg, recall
from mercato.models import Models
from mercato.models.ease import Ease
from mercato.models.item_knn import ItemKnn
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity
from mercato.models.repeat_purchase import RepeatPurchase
from mercato.training.shelf_ranker.lessons import Lessons, gather_lessons
from mercato.training.shelf_ranker.moment import Moment

SPLIT, END = 60, 90
N_ITEMS = 12


def bought(first: int, last: int) -> list[tuple[int, float, int]]:
    """Thirty shoppers who buy three of six products each week, another three the next."""
    return [
        (shopper, day + shopper / 100, (week + shopper + each) % 6 + 6 * (shopper % 2))
        for week, day in enumerate(range(0, 90, 7))
        if first <= day < last
        for shopper in range(30)
        for each in range(3)
    ]


def fitted(log: Interactions, as_of: int) -> Models:
    with Silent().step("fit") as step:
        return Models(
            popularity=Popularity().fit(log, as_of, step),
            personal_frequency=PersonalFrequency().fit(log, as_of, step),
            repeat_purchase=RepeatPurchase().fit(log, as_of, step),
            item_knn=ItemKnn(neighbours=5).fit(log, as_of, step),
            ease=Ease(regularisation=5.0).fit(log, as_of, step),
        )


@pytest.fixture(scope="module")
def moment(open_catalogue: Callable[..., Catalogue], log_of: Callable[..., Interactions]) -> Moment:
    items = [
        {"id": f"i{at:02}", "title": f"thing {at}", "product_type": f"Kind {at // 6}"}
        for at in range(N_ITEMS)
    ]
    at = SPLIT * MICROSECONDS_PER_DAY
    models = fitted(log_of(bought(0, SPLIT), N_ITEMS, 30), at)
    log = log_of(bought(0, END), N_ITEMS, 30)
    return Moment(open_catalogue(items), models, log, at, END * MICROSECONDS_PER_DAY)


def gathered(moment: Moment, placement: Placement) -> Lessons:
    with Silent().step("lessons") as step:
        found = gather_lessons(moment, placement, 100, step)
    assert found is not None
    return found


def test_what_comes_after_the_moment_is_label_only(moment: Moment) -> None:
    """Other purchases after it leave candidates and features alone."""
    whole = gathered(moment, Placement.BUY_AGAIN)
    item, after = moment.log.item, moment.log.ts >= moment.at
    others = np.where(after, 6 * (item // 6), item).astype(np.int32)
    other = gathered(replace(moment, log=replace(moment.log, item=others)), Placement.BUY_AGAIN)
    np.testing.assert_array_equal(other.features, whole.features)
    assert (other.bought != whole.bought).any()


def test_labels_are_what_was_bought(moment: Moment) -> None:
    lessons = gathered(moment, Placement.BUY_AGAIN)
    split = moment.split()
    assert len(lessons) == 30
    assert lessons.wanted.tolist() == np.diff(split.bought.truth.offsets).tolist()
    # All that they buy after the moment they have bought before.
    assert int(lessons.bought.sum()) == int(lessons.wanted.sum())


def test_home_asks_for_what_was_never_bought(
    moment: Moment, log_of: Callable[..., Interactions]
) -> None:
    done = [*bought(0, END), (0, 70.5, 7), (0, 70.5, 8)]
    log = log_of(done, N_ITEMS, 30)
    lessons = gathered(replace(moment, log=log), Placement.HOME)
    assert lessons.wanted.tolist() == [2], "only one bought anything new"
    assert int(lessons.bought.sum()) == 2
    assert not (lessons.features[:, 0] > 0).any(), "none of the candidates was bought before"


def test_a_basket_is_parted(moment: Moment) -> None:
    lessons = gathered(moment, Placement.CART)
    assert set(lessons.wanted.tolist()) == {1}, "two of three are there, one is to come"
    assert int(lessons.bought.sum()) <= len(lessons)


def test_a_shelf_is_judged_by_items_that_count(moment: Moment) -> None:
    lessons = gathered(moment, Placement.BUY_AGAIN)
    perfect = lessons.judged(lessons.bought.astype(float))
    assert recall(perfect, 20).tolist() == [1.0] * len(lessons)
    assert ndcg(perfect, 20).tolist() == pytest.approx([1.0] * len(lessons))
    nothing = replace(lessons, counted=np.zeros(len(lessons.bought), bool))
    assert not nothing.judged(lessons.formula).grades.any()


def test_worst_first_is_worse(moment: Moment) -> None:
    """Against the metric by hand: the one shopper's bought items stand behind all others."""
    lessons = gathered(moment, Placement.BUY_AGAIN)
    n = int(lessons.group[0])
    first = Lessons(
        lessons.features[:n],
        lessons.group[:1],
        lessons.bought[:n],
        np.ones(n, bool),
        lessons.formula[:n],
        lessons.wanted[:1],
    )
    k = int(first.bought.sum())
    places = np.arange(n - k + 1, n + 1)
    reached = (1 / np.log2(places + 1)).sum()
    ideal = (1 / np.log2(np.arange(1, k + 1) + 1)).sum()
    worst = ndcg(first.judged(-first.bought.astype(float)), 20)
    assert worst[0] == pytest.approx(reached / ideal)


def test_lessons_are_written_and_read(moment: Moment, tmp_path: Path) -> None:
    lessons = gathered(moment, Placement.BUY_AGAIN)
    lessons.save(tmp_path)
    again = Lessons.load(tmp_path)
    np.testing.assert_array_equal(again.features, lessons.features)
    np.testing.assert_array_equal(again.bought, lessons.bought)


def test_nobody_bought_anything(moment: Moment) -> None:
    with Silent().step("lessons") as step:
        silent = replace(moment, log=moment.log.where(moment.log.ts < moment.at))
        assert gather_lessons(silent, Placement.BUY_AGAIN, 100, step) is None
