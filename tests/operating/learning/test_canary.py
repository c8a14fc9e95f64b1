"""What becomes of a candidate by what its shoppers did."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.progress import Silent
from mercato.core.settings import load_settings, settings_text
from mercato.data.releases import ReleaseStore
from mercato.operating.learning.comparison import read_begun
from mercato.operating.learning.due import now
from mercato.operating.learning.learn import learn
from mercato.operating.learning.round import Round, Stage
from mercato.operating.learning.shoppers import CANDIDATE, CONTROL, Since, arm_of, arms_of
from mercato.shop.experiments.definition import Status
from mercato.shop.experiments.keeping import experiment, stop_experiment
from mercato.shop.rules import By
from mercato.state import EventRow, State
from mercato.state.served import Served


def look(shop: Path) -> Round:
    return learn(shop, actor="test@host", once=True, progress=Silent())


def test_nobody_came_yet(small_shop: Path, shop_state: State, at_canary: Round) -> None:
    assert look(small_shop).stage is Stage.CANARY
    made = experiment(shop_state, read_begun(at_canary.canary or {}).experiment)
    assert made.status is Status.RUNNING
    assert {arm.name: arm.changes.release for arm in made.arms} == {CONTROL: None, CANDIDATE: 2}
    assert look(small_shop).stage is Stage.CANARY, "begun once"


def test_clicks_stay_away_and_the_candidate_goes(
    small_shop: Path, shop_state: State, visits: Callable[..., None]
) -> None:
    visits(CONTROL, 150, clicks=75)
    visits(CANDIDATE, 150, clicks=15)
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (
        Stage.ROLLED_BACK,
        "click rate is worse than the control's",
    )
    releases = ReleaseStore(small_shop / "releases")
    assert releases.current() == 1
    assert releases.refused() == {2: ended.reason}
    assert ended.canary is not None
    name = read_begun(ended.canary).experiment
    assert experiment(shop_state, name).status is Status.STOPPED
    metric = ended.canary["look"]["metrics"]["click rate"]
    assert (metric[CONTROL], metric[CANDIDATE]) == (0.5, 0.1)
    assert metric["high"] < 0


def test_as_good_as_before_is_published_once_enough_have_seen_it(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    visits(CONTROL, 150, clicks=60)
    visits(CANDIDATE, 150, clicks=60)
    assert look(small_shop).stage is Stage.CANARY, "400 are to see it"
    releases = ReleaseStore(small_shop / "releases")
    assert releases.current() == 1
    visits(CONTROL, 200, clicks=80)
    visits(CANDIDATE, 200, clicks=80)
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (
        Stage.PROMOTED,
        "no metric is worse among 400 shoppers",
    )
    assert releases.current() == 2


def test_what_may_be_much_worse_waits_for_more_shoppers(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    # 55 of 220 click, and 41: not known to be worse, but it might be by half.
    visits(CONTROL, 220, clicks=55)
    visits(CANDIDATE, 220, clicks=41)
    assert look(small_shop).stage is Stage.CANARY


def test_better_is_published_before_all_have_seen_it(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    visits(CONTROL, 150, clicks=15)
    visits(CANDIDATE, 150, clicks=75)
    assert look(small_shop).stage is Stage.PROMOTED


def in_time(shop: Path, hours: float) -> None:
    settings = load_settings(shop / "shop.toml")
    learning = replace(settings.learn, canary_hours=hours)
    (shop / "shop.toml").write_text(settings_text(replace(settings, learn=learning)))


def test_better_is_published_when_the_hours_are_over(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    in_time(small_shop, 24.0)
    visits(CONTROL, 150, clicks=15)
    visits(CANDIDATE, 150, clicks=75)
    assert look(small_shop).stage is Stage.CANARY
    assert ReleaseStore(small_shop / "releases").current() == 1
    in_time(small_shop, 1e-9)
    assert look(small_shop).stage is Stage.PROMOTED


def test_worse_goes_at_once_whatever_the_hours(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    in_time(small_shop, 24.0)
    visits(CONTROL, 150, clicks=75)
    visits(CANDIDATE, 150, clicks=15)
    assert look(small_shop).stage is Stage.ROLLED_BACK


def test_empty_shelves_are_noticed(small_shop: Path, visits: Callable[..., None]) -> None:
    visits(CONTROL, 150, clicks=60)
    visits(CANDIDATE, 150, clicks=60, empty=60)
    assert look(small_shop).reason == "empty answers is worse than the control's"


@pytest.mark.parametrize(
    ("served", "metric"),
    [
        # Every second answer fails, where none of the control's does.
        (Served(200, 100, 200 * 2.0, 200 * 4.01), "errors"),
        # e⁴ milliseconds in place of e²: more than half as long again.
        (Served(200, 0, 200 * 4.0, 200 * 16.01), "latency"),
    ],
)
def test_failures_and_slowness_are_noticed(
    small_shop: Path,
    shop_state: State,
    visits: Callable[..., None],
    served: Served,
    metric: str,
) -> None:
    visits(CONTROL, 60, clicks=24)
    visits(CANDIDATE, 60, clicks=24)
    counted = {1: Served(200, 0, 200 * 2.0, 200 * 4.01), 2: served}
    shop_state.served.write(counted).result(30)
    assert look(small_shop).reason == f"{metric} is worse than the control's"


def test_arms_of_other_sizes_than_designed_say_nothing(
    small_shop: Path, visits: Callable[..., None]
) -> None:
    visits(CONTROL, 400, clicks=160)
    visits(CANDIDATE, 100, clicks=60)
    ended = look(small_shop)
    assert ended.stage is Stage.ROLLED_BACK
    assert "other shares" in ended.reason


def test_whoever_stops_the_experiment_is_heard(
    small_shop: Path, shop_state: State, at_canary: Round
) -> None:
    look(small_shop)
    name = read_begun(at_canary.canary or {}).experiment
    stop_experiment(shop_state, name, "I saw empty shelves", By("ana@host", "experiments"))
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (Stage.ROLLED_BACK, "I saw empty shelves")


def test_another_release_that_was_published_meanwhile_stays(
    small_shop: Path, at_canary: Round
) -> None:
    releases = ReleaseStore(small_shop / "releases")
    (small_shop / "releases" / "current").write_text("3\n")
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (
        Stage.ROLLED_BACK,
        "release 3 was published meanwhile",
    )
    assert releases.current() == 3


def test_a_shopper_is_counted_once_and_a_visitor_who_logs_in_stays_one(
    shop_state: State, at_canary: Round, visits: Callable[..., None]
) -> None:
    visits(CONTROL, 3, clicks=2)
    again = EventRow("again", 0, 1, "select_item", "control0", query_id="q-control-0", item_id="b")
    other = EventRow("other", 0, 1, "select_item", "control0", query_id="elsewhere", item_id="b")
    bought = EventRow("buy", 0, now(), "purchase", "just-logged-in", "control2", item_id="a")
    before = EventRow("soon", 0, 1, "purchase", "control1", item_id="a")
    shop_state.events.append([again, other, bought, before]).result(30)
    name = read_begun(at_canary.canary or {}).experiment
    arm = arms_of(shop_state, Since(name, 0, 0))[CONTROL]
    assert len(arm) == 3
    done = zip(arm.column("clicked"), arm.column("bought"), strict=True)
    assert sorted(done) == [(0, 1), (1, 0), (1, 0)], "what was bought before counts for nothing"


def test_an_answer_of_several_experiments() -> None:
    assert arm_of("colours:red,canary-1-2:candidate", "canary-1-2") == CANDIDATE
    assert arm_of("holdout", "canary-1-2") == ""
    assert arm_of(None, "canary-1-2") == ""
