"""What becomes of a release by what its shoppers do once it is published."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.progress import Silent
from mercato.core.settings import load_settings, settings_text
from mercato.data.releases import KNOWS_ERASED, ReleaseStore
from mercato.operating.learning import looking
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.comparison import read_begun
from mercato.operating.learning.learn import learn
from mercato.operating.learning.round import Round, Stage
from mercato.operating.monitoring.calibration import Calibration
from mercato.operating.monitoring.releases import Beside
from mercato.shop.experiments.definition import Definition, Status
from mercato.shop.experiments.keeping import end_experiment, experiment, stop_arm
from mercato.shop.rules import By
from mercato.state import State

ANA = By("ana@host", "experiments")


def look(shop: Path) -> Round:
    return learn(shop, actor="test@host", once=True, progress=Silent())


def named(state: State, watched: Round) -> str:
    assert watched.watch is not None
    return read_begun(watched.watch).experiment


def running(state: State, watched: Round) -> Definition:
    return experiment(state, named(state, watched))


def released(shop: Path) -> int | None:
    return ReleaseStore(shop / "releases").current()


@pytest.fixture
def published(small_shop: Path, watched: Round) -> Round:
    """Release 2 is published, and half of the shoppers are held back."""
    found = look(small_shop)
    assert found.stage is Stage.WATCH
    return found


def test_a_share_is_still_served_by_the_release_before(
    small_shop: Path, shop_state: State, published: Round
) -> None:
    assert released(small_shop) == 2
    made = running(shop_state, published)
    assert made.status is Status.RUNNING
    assert {arm.name: (arm.share, arm.changes.release) for arm in made.arms} == {
        "control": (0.5, 1),
        "candidate": (0.5, None),
    }
    assert made.share == 1
    assert look(small_shop).stage is Stage.WATCH, "begun once"


@pytest.mark.parametrize(
    ("control", "candidate", "reason"),
    [
        ({"clicks": 75}, {"clicks": 15}, "once published, click rate is worse than the control's"),
        (
            {"clicks": 60},
            {"clicks": 60, "empty": 60},
            "once published, empty answers is worse than the control's",
        ),
    ],
)
def test_worse_than_before_comes_back(
    small_shop: Path,
    shop_state: State,
    published: Round,
    visits_of: Callable[..., None],
    control: dict[str, int],
    candidate: dict[str, int],
    reason: str,
) -> None:
    name = named(shop_state, published)
    visits_of(name, "control", 150, **control)
    visits_of(name, "candidate", 150, **candidate)
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (Stage.ROLLED_BACK, reason)
    releases = ReleaseStore(small_shop / "releases")
    assert releases.current() == 1
    assert releases.refused() == {2: reason}
    assert running(shop_state, published).status is Status.STOPPED
    stages = [
        (each.after or {})["stage"]
        for each in shop_state.decisions.since()
        if each.kind == "learning round"
    ]
    assert stages == ["gather", "promote", "watch", "roll back", "rolled back"]
    assert not list(small_shop.glob("*.npz")), "nothing of shoppers is kept"


def test_as_good_as_before_stays_when_the_time_is_over(
    small_shop: Path, shop_state: State, published: Round, visits_of: Callable[..., None]
) -> None:
    for arm in ("control", "candidate"):
        visits_of(named(shop_state, published), arm, 150, clicks=60)
    assert look(small_shop).stage is Stage.WATCH
    settings = load_settings(small_shop / "shop.toml")
    short = replace(settings, learn=replace(settings.learn, watch_hours=1e-9))
    (small_shop / "shop.toml").write_text(settings_text(short))
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (
        Stage.PROMOTED,
        "as decided; once published no worse, among 300 shoppers",
    )
    assert released(small_shop) == 2
    assert running(shop_state, published).status is Status.ENDED


def test_arms_of_other_sizes_than_designed_take_nothing_back(
    small_shop: Path, shop_state: State, published: Round, visits_of: Callable[..., None]
) -> None:
    visits_of(named(shop_state, published), "control", 100, clicks=60)
    visits_of(named(shop_state, published), "candidate", 400, clicks=160)
    ended = look(small_shop)
    assert ended.stage is Stage.PROMOTED and "other shares" in ended.reason
    assert released(small_shop) == 2


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        (lambda state, name: stop_arm(state, name, "candidate", "it hurts", ANA), "rolled back"),
        (lambda state, name: end_experiment(state, name, "enough", ANA), "promoted"),
    ],
)
def test_whoever_stops_or_ends_it_is_heard(
    small_shop: Path,
    shop_state: State,
    published: Round,
    said: Callable[[State, str], object],
    stage: str,
) -> None:
    look(small_shop)
    said(shop_state, named(shop_state, published))
    assert look(small_shop).stage == stage
    assert released(small_shop) == (1 if stage == "rolled back" else 2)


def test_scores_that_mean_fewer_clicks_than_those_of_the_release_before(
    small_shop: Path, published: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 500 clicks of 1,000 expected, where the release before has all of its own: a half.
    found = Beside("home", Calibration(500, 1_000, 30), Calibration(1_000, 1_000, 30))
    monkeypatch.setattr(looking, "beside_each_other", lambda *_: [found])
    monkeypatch.setattr(looking, "last_monitored", lambda _: None)
    ended = look(small_shop)
    assert ended.stage is Stage.ROLLED_BACK
    assert ended.reason.startswith("once published, scores of home mean 0.50 times the clicks")


def test_another_release_that_is_published_ends_it(
    small_shop: Path, shop_state: State, published: Round
) -> None:
    (small_shop / "releases" / "current").write_text("3\n")
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (Stage.PROMOTED, "release 3 was published meanwhile")
    assert released(small_shop) == 3
    assert running(shop_state, published).status is Status.ENDED


def test_killed_while_the_release_before_was_published_again(
    small_shop: Path, shop_state: State, published: Round
) -> None:
    look(small_shop)
    book = RoundBook(shop_state, "test@host")
    book.write(replace(published, stage=Stage.ROLL_BACK, reason="worse"))
    ReleaseStore(small_shop / "releases").publish(1)
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (Stage.ROLLED_BACK, "worse")
    assert ReleaseStore(small_shop / "releases").refused() == {2: "worse"}
    assert running(shop_state, published).status is Status.STOPPED


@pytest.mark.parametrize("gone", [True, False])
def test_a_release_before_that_cannot_be_served_any_more_ends_the_round(
    small_shop: Path,
    shop_state: State,
    published: Round,
    visits_of: Callable[..., None],
    gone: bool,
) -> None:
    releases = ReleaseStore(small_shop / "releases")
    visits_of(named(shop_state, published), "control", 150, clicks=75)
    visits_of(named(shop_state, published), "candidate", 150, clicks=15)
    if gone:
        releases.remove(1)
    else:
        releases.refuse([1], "it sells what was recalled")
    ended = look(small_shop)
    assert ended.stage is Stage.ROLLED_BACK and ended.is_over
    worse = "once published, click rate is worse than the control's"
    assert ended.reason.startswith(f"{worse}; release 2 stays published: ")
    assert releases.current() == 2 and releases.refused()[2] == ended.reason
    assert running(shop_state, published).status is Status.STOPPED


def test_published_and_killed_before_somebody_was_erased(
    small_shop: Path, shop_state: State, watched: Round
) -> None:
    releases = ReleaseStore(small_shop / "releases")
    releases.publish(2)  # what was not written down any more
    releases.refuse([1, 2], KNOWS_ERASED)
    ended = look(small_shop)
    assert (ended.stage, releases.current()) == (Stage.PROMOTED, 2)
    assert KNOWS_ERASED in ended.reason, "release 1 is held back for nobody"
