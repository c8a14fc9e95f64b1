"""A shop at the beginning of a canary: two releases that hold nothing, and a state."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mercato.core.settings import LearnSettings, Settings, settings_text
from mercato.data.releases import Manifest, ReleaseStore, write_manifest
from mercato.operating.learning import canary, comparison
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import now
from mercato.operating.learning.round import Round, Stage
from mercato.state import Answer, EventRow, State

HASTY = LearnSettings(
    canary_share=0.5, canary_hours=0.0, canary_units=400, canary_margin=0.5, watch_share=0.0
)


def manifest() -> Manifest:
    return Manifest("2026-05-01T00:00:00+00:00", 0, None, 0, 0, {}, {}, {})


@pytest.fixture
def small_shop(tmp_path: Path) -> Path:
    """Release 1 is published, 2 is sealed."""
    (tmp_path / "shop.toml").write_text(settings_text(replace(Settings(), learn=HASTY)))
    releases = ReleaseStore(tmp_path / "releases")
    for _ in range(2):
        with releases.draft() as draft:
            write_manifest(draft, manifest())
            releases.seal(draft, manifest())
    releases.publish(1)
    return tmp_path


@pytest.fixture
def shop_state(small_shop: Path) -> Iterator[State]:
    state = State.open("sqlite:///state.db", small_shop)
    yield state
    state.close()


@pytest.fixture
def at_canary(shop_state: State) -> Round:
    """A round that shoppers are about to be served in."""
    book = RoundBook(shop_state, "test@host")
    begun = book.begin(now(), 1, 1)
    served = replace(begun, stage=Stage.CANARY, candidate=2)
    where = canary.begun_now(shop_state, served, HASTY, now())
    return book.write(replace(served, canary=where.to_json()))


@pytest.fixture
def watched(small_shop: Path, shop_state: State) -> Round:
    """A round that was just decided to publish release 2, which is then looked after; monitors have
    looked just now."""
    shop_state.set("monitored", f'{{"at": {now()}, "alarms": []}}')
    looking_after = replace(HASTY, watch_share=0.5)
    (small_shop / "shop.toml").write_text(settings_text(replace(Settings(), learn=looking_after)))
    book = RoundBook(shop_state, "test@host")
    begun = book.begin(now(), 1, 1)
    return book.write(replace(begun, stage=Stage.PROMOTE, candidate=2, reason="as decided"))


Visits = Callable[..., None]


@pytest.fixture
def visits_of(shop_state: State) -> Visits:
    """``visits_of(experiment, arm, shoppers, clicks, empty)``: so many were answered once by an
    arm, of whom the first so many clicked, and the last so many were shown nothing."""

    def write(experiment: str, arm: str, shoppers: int, clicks: int, empty: int = 0) -> None:
        release = 2 if arm == "candidate" else 1
        for number in range(shoppers):
            who, query_id = f"{arm}{number}", f"q-{arm}-{number}"
            items = () if number >= shoppers - empty else ("a",)
            answer = Answer(
                query_id, now(), "shelf", "home", "{}", release, f"{experiment}:{arm}", who,
                None, None, items, (1,) * len(items), (1.0,) * len(items), (1.0,) * len(items),
            )  # fmt: skip
            shop_state.answers.append(answer)
        rows = [
            EventRow(
                f"c-{arm}-{n}",
                0,
                now(),
                "select_item",
                f"{arm}{n}",
                item_id="a",
                query_id=f"q-{arm}-{n}",
            )
            for n in range(clicks)
        ]
        shop_state.events.append(rows).result(30)

    return write


@pytest.fixture
def visits(visits_of: Visits, at_canary: Round) -> Visits:
    """The same, of the canary."""
    return partial(visits_of, comparison.read_begun(at_canary.canary or {}).experiment)
