"""What logged shelves tell of another release, by arithmetic that is left visible."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from mercato.core.programs import BOT, mark
from mercato.core.progress import Silent
from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.shop.shelf import ShelfCall
from mercato.training.shadow.impressions import Impressions, Told, read_impressions, told_by

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Fixed:
    """A release that shows everybody the same."""

    ids: tuple[str, ...]

    def shelf(self, call: ShelfCall, shopper_id: str | None, moment: int) -> tuple[str, ...]:
        return self.ids


def answer(number: int, ids: tuple[str, ...], chances: tuple[float, ...]) -> dict[str, object]:
    call = {"placement": "home", "user_id": f"u{number}", "n": len(ids), "cart": [], "later": 1}
    return {
        "query_id": f"q{number:03d}",
        "ts": NOON,
        "kind": "shelf",
        "placement": "home",
        "request": orjson.dumps(call).decode(),
        "release": 1,
        "item_ids": list(ids),
        "propensities": list(chances),
    }


def told(shown: Impressions, ids: tuple[str, ...]) -> Told | None:
    with Silent().step("off-policy") as step:
        return told_by(shown, Fixed(ids), step)  # type: ignore[arg-type]


@pytest.fixture
def explored() -> Impressions:
    """A place that shows a, and with chance .2 b instead: of 300 answers 60 do. a is clicked by
    one in four, b by one in two."""
    answers, clicked = [], {}
    for number in range(300):
        item, chance = ("b", 0.2) if number % 5 == 0 else ("a", 0.8)
        answers.append(answer(number, (item,), (chance,)))
        if number % (10 if item == "b" else 4) == 0:
            clicked[f"q{number:03d}"] = frozenset({item})
    return Impressions(answers, clicked)


def test_what_another_release_would_have_earned(explored: Impressions) -> None:
    found = told(explored, ("b",))
    assert found is not None
    # 60 answers of weight 5, of which 30 were clicked; a: 240 of weight 1.25, of which 60 were.
    assert found.candidate.value == pytest.approx(30 / 60)
    assert found.logged.value == pytest.approx(60 / 240)
    assert found.advantage.value == pytest.approx(0.25)
    assert found.support == pytest.approx(60 * 5 / 300)
    assert found.differing == pytest.approx(60)
    assert not found.claims, "sixty drawn rows are too few"


def test_the_same_release_earns_the_same(explored: Impressions) -> None:
    found = told(explored, ("a",))
    assert found is not None and found.differing is None
    assert found.advantage.value == 0
    assert found.claims and not found.is_worse


def test_a_release_that_shows_what_was_never_shown(explored: Impressions) -> None:
    assert told(explored, ("c",)) is None


def test_fewer_clicks_are_told_where_enough_was_drawn() -> None:
    """Of 1,000 answers 400 show b, which nobody clicks; a is clicked by every second."""
    answers, clicked = [], {}
    for number in range(1000):
        item, chance = ("b", 0.4) if number % 5 < 2 else ("a", 0.6)
        answers.append(answer(number, (item,), (chance,)))
        if item == "a" and number % 2:
            clicked[f"q{number:03d}"] = frozenset({"a"})
    found = told(Impressions(answers, clicked), ("b",))
    assert found is not None and found.is_worse
    assert found.candidate.value == 0


def test_only_explored_shelves_since_then_are_read(tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "assets")
    assert read_impressions(store, 0).answers == ()
    rows = [
        answer(1, ("a", "b"), (0.9, 0.1)),
        answer(2, ("a",), (1.0,)),
        answer(3, ("a",), (0.9,)) | {"kind": "search"},
        answer(4, ("a",), (0.9,)) | {"ts": datetime(2026, 4, 1, tzinfo=UTC)},
        answer(5, (), ()),
    ]
    store.commit("answers", pa.Table.from_pylist(rows, schema=ASSETS["answers"].schema))
    lines = [
        {"event_id": f"e{n}", "line": 0, "ts": NOON, "event": kind, "query_id": query_id,
         "item_id": "b"}
        for n, (kind, query_id) in enumerate(
            [("select_item", "q001"), ("select_item", "q002"), ("view_item", "q001")]
        )
    ]  # fmt: skip
    store.commit("events", pa.Table.from_pylist(lines, schema=ASSETS["events"].schema))
    since = int(datetime(2026, 4, 15, tzinfo=UTC).timestamp() * 1e6)
    found = read_impressions(store, since)
    assert [each["query_id"] for each in found.answers] == ["q001"]
    assert found.clicked == {"q001": frozenset({"b"})}
    assert np.allclose(found.answers[0]["propensities"], [0.9, 0.1])


def test_a_bandits_shelves_and_programs_tell_nothing(tmp_path: Path) -> None:
    """A bandit's chances of a place are those given what stands above it; what a busy server left
    something out of, what was interleaved, and what an experiment's arm changed, is nobody's policy
    that is served to all. Of programs: who sent a
    marked line, whose build found them, also as the visitor they were seen as, and nobody's answer
    that a marked line names."""
    store = AssetStore(tmp_path / "assets")
    rows = [answer(number, ("a",), (0.9,)) for number in range(9)]
    told = orjson.loads(str(rows[1]["request"]))
    rows[1]["request"] = orjson.dumps(told | {"features": [[1.0]]}).decode()
    rows[2]["user_id"] = "program"
    rows[3]["request"] = orjson.dumps(told | {"visitor_id": "device"}).decode()
    rows[5]["request"] = orjson.dumps(told | {"q": '"features": "degraded":['}).decode()
    rows[6]["request"] = orjson.dumps(told | {"degraded": ["personalisation"]}).decode()
    rows[7]["request"] = orjson.dumps(told | {"teams": [1]}).decode()
    rows[8]["request"] = orjson.dumps(told | {"varied": ["release"]}).decode()
    store.commit("answers", pa.Table.from_pylist(rows, schema=ASSETS["answers"].schema))
    line = {"line": 0, "ts": NOON, "event": "view_item", "item_id": "a"}
    marked = {"attributes": f"{{{mark(BOT)}}}"}
    lines = [
        line | {"event_id": "e1", "user_id": "program"} | marked,
        line | {"event_id": "e2", "user_id": "found", "visitor_id": "device"},
        line | {"event_id": "e3", "query_id": "q004"} | marked,
    ]
    store.commit("events", pa.Table.from_pylist(lines, schema=ASSETS["events"].schema))
    flags = [{"shopper_id": "found", "flag": "bot-rate", "value": 9.0, "bound": 5.0}]
    flagged = pa.Table.from_pylist(flags, schema=ASSETS["shopper_flags"].schema)
    store.commit("shopper_flags", flagged)
    found = read_impressions(store, 0)
    assert [each["query_id"] for each in found.answers] == ["q000", "q005"]


def test_where_half_of_the_places_are_explored_nothing_is_told() -> None:
    answers = [answer(number, ("a",), (0.4,)) for number in range(300)]
    assert told(Impressions(answers, {}), ("a",)) is None
