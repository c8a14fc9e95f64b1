"""Killed anywhere, a round goes on: what a step did and could not write down is done again."""

import csv
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Silent
from mercato.core.settings import LearnSettings, Settings, load_settings, settings_text
from mercato.data.importing import import_events, import_judgments
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import MICROSECONDS, checked, due_at, now
from mercato.operating.learning.learn import learn
from mercato.operating.learning.room import one_learns
from mercato.operating.learning.round import Round, Stage
from mercato.operating.learning.steps import STEPS
from mercato.operating.learning.work import Work
from mercato.shop.rules import By
from mercato.state import State

TOUR = Path(__file__).parents[3] / "examples" / "tour"


def again(shop: Path) -> Round:
    return learn(shop, actor="test@host", once=True, progress=Silent())


def done_unwritten(shop: Path, state: State, stage: Stage) -> None:
    """Do the step of a stage, and be killed before it is written down."""
    book = RoundBook(state, "test@host")
    at = book.newest()
    assert at is not None
    at = book.write(replace(at, stage=stage, reason="as decided"))
    by = By("test@host", "learn")
    STEPS[stage](Work(shop, load_settings(shop / "shop.toml"), state, by, Silent()), at)


def test_published_and_killed(small_shop: Path, shop_state: State, at_canary: Round) -> None:
    again(small_shop)  # shoppers are served
    done_unwritten(small_shop, shop_state, Stage.PROMOTE)
    assert ReleaseStore(small_shop / "releases").current() == 2
    ended = again(small_shop)
    assert (ended.stage, ended.reason) == (Stage.PROMOTED, "as decided")
    assert ReleaseStore(small_shop / "releases").current() == 2


def test_rolled_back_and_killed(small_shop: Path, shop_state: State, at_canary: Round) -> None:
    again(small_shop)
    done_unwritten(small_shop, shop_state, Stage.ROLL_BACK)
    ended = again(small_shop)
    assert (ended.stage, ended.reason) == (Stage.ROLLED_BACK, "as decided")
    assert ReleaseStore(small_shop / "releases").refused() == {2: "as decided"}


def test_a_release_that_was_sealed_by_whoever_was_killed_is_the_candidate(
    small_shop: Path, shop_state: State
) -> None:
    book = RoundBook(shop_state, "test@host")
    book.write(replace(book.begin(now(), 1, 1), stage=Stage.BUILD))
    work = Work(
        small_shop, load_settings(small_shop / "shop.toml"), shop_state,
        By("test@host", "learn"), Silent(),
    )  # fmt: skip
    newest = book.newest()
    assert newest is not None
    after = STEPS[Stage.BUILD](work, newest)
    assert after is not None
    assert (after.stage, after.candidate) == (Stage.SHADOW, 2)


def test_a_candidate_that_is_gone_is_held_against_it(
    small_shop: Path, shop_state: State, at_canary: Round
) -> None:
    book = RoundBook(shop_state, "test@host")
    book.write(replace(at_canary, stage=Stage.PROMOTE))
    (small_shop / "releases" / "2" / "manifest.json").unlink()
    ended = again(small_shop)
    assert ended.stage is Stage.ROLLED_BACK
    assert "no manifest.json" in ended.reason
    assert ReleaseStore(small_shop / "releases").current() == 1


def test_each_stage_stands_in_the_sealed_log(
    small_shop: Path, shop_state: State, at_canary: Round
) -> None:
    again(small_shop)
    done_unwritten(small_shop, shop_state, Stage.PROMOTE)
    again(small_shop)
    stages = [
        (each.after or {})["stage"]
        for each in shop_state.decisions.since()
        if each.kind == "learning round"
    ]
    assert stages == ["gather", "canary", "promote", "promoted"]
    assert shop_state.verify("decisions").broken is None


def test_one_process_learns_at_a_time(small_shop: Path) -> None:
    alone = one_learns("sqlite:///state.db", small_shop)
    with alone, pytest.raises(NotReady, match="one process that learns"):
        again(small_shop)


def test_when_a_server_starts_the_next() -> None:
    daily = LearnSettings(every="1d")
    day, minute = 86_400 * MICROSECONDS, 60 * MICROSECONDS
    over = Round(1, Stage.PROMOTED, begun_at=5)
    assert due_at(LearnSettings(), None, 0) is None, "off by default"
    assert due_at(daily, None, 0) == 0
    assert due_at(daily, over, 0) == 5 + day
    assert due_at(daily, replace(over, stage=Stage.CANARY), 7) == 7 + minute
    assert due_at(daily, over, 5 + day) == 5 + day + minute, "one that could not begin waits"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (LearnSettings(every="daily"), "every as 30m"),
        (LearnSettings(every="0h"), "every as 30m"),
        (LearnSettings(canary_share=1.0), "canary_share"),
        (LearnSettings(canary_hours=-1.0), "canary_hours"),
        (LearnSettings(canary_units=1), "canary_units"),
        (LearnSettings(canary_margin=2.0), "canary_margin"),
        (LearnSettings(watch_share=0.6), "watch_share"),
        (LearnSettings(watch_hours=0.0), "watch_hours"),
    ],
)
def test_settings_that_cannot_be_meant(settings: LearnSettings, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        checked(settings)


@pytest.fixture
def fed(built_shop: Path, tmp_path: Path) -> Path:
    """The tour's shop, sixty days on: everything was bought once more. No canary."""
    shop = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    settings = load_settings(shop / "shop.toml")
    learning = LearnSettings(canary_share=0.0, watch_share=0.0)
    (shop / "shop.toml").write_text(settings_text(replace(settings, learn=learning)))
    more = tmp_path / "more.csv"
    with (TOUR / "events.csv").open() as file, more.open("w", newline="") as out:
        rows = csv.DictReader(file)
        assert rows.fieldnames is not None
        written = csv.DictWriter(out, rows.fieldnames)
        written.writeheader()
        for row in rows:
            moment = datetime.fromisoformat(row["ts"]) + timedelta(days=60)
            written.writerow(row | {"event_id": f"n{row['event_id']}", "ts": moment.isoformat()})
    import_events(AssetStore(shop / "assets"), [more], settings=Settings())
    judged = tmp_path / "judged.csv"
    judged.write_text("".join((TOUR / "judgments.csv").read_text().splitlines(True)[:3]))
    import_judgments(AssetStore(shop / "assets"), [judged], settings=Settings())
    return shop


def learned_well(shop: Path) -> None:
    """One new release is published, whole, and one round tells of it."""
    state = State.open("sqlite:///state.db", shop)
    releases = ReleaseStore(shop / "releases")
    rounds = RoundBook(state, "test").rounds()
    assert [each.stage for each in rounds] == [Stage.PROMOTED], rounds
    assert releases.current() == rounds[0].candidate == 2
    assert releases.numbers() == [1, 2]
    releases.verify(2)
    assert state.verify("decisions").broken is None
    state.close()


def test_what_was_done_since_becomes_a_release(fed: Path) -> None:
    ended = again(fed)
    assert ended.stage is Stage.PROMOTED, ended.reason
    assert ended.shadow is not None
    for asked in (ended.shadow["placements"][name] for name in ("buy-again", "judged searches")):
        assert set(asked["metrics"]) == {"published", "candidate", "twin"}
    learned_well(fed)
    assert again(fed).stage is Stage.UNCHANGED, "nothing new"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again(fed: Path, seed: int) -> None:
    """`kill -9` at random moments of the command, until one comes through."""
    chance = random.Random(seed)
    command = [sys.executable, "-m", "mercato.cli", "learn", str(fed), "--once"]
    for _ in range(25):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            assert process.wait(chance.uniform(1, 25)) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    else:
        assert again(fed).stage is Stage.PROMOTED
    learned_well(fed)
