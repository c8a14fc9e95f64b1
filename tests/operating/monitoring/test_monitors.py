"""Monitors over rows written by hand: what has moved raises its alarm, the same raises none."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, settings_text
from mercato.data.assets import ASSETS
from mercato.data.engines import open_engine
from mercato.data.experiments.logs import logs
from mercato.data.quality.alarm import Alarm
from mercato.data.showing.shown import SCHEMA, shown_items
from mercato.data.store import AssetStore
from mercato.operating.monitoring.calibration import calibration_alarms
from mercato.operating.monitoring.conversion import conversion_alarms
from mercato.operating.monitoring.features import feature_alarms
from mercato.operating.monitoring.monitors import last_monitored, monitor
from mercato.operating.monitoring.releases import beside_each_other
from mercato.operating.monitoring.scores import score_alarms
from mercato.operating.monitoring.showing import Showing, Times
from mercato.state import Answer, EventRow, State

SHOPPERS, EACH = 1_000, 5


def showing(
    seed: int, *, clicks: float = 0.5, buys: float = 0.2, lift: float = 0.0, days: int = 1
) -> Showing:
    """On each day a thousand shoppers, the same on all, are shown five items each, of scores from 0
    to 1 that tell by how much an item is clicked; the last day is the 28th."""
    random = np.random.default_rng(seed)
    n = SHOPPERS * EACH
    score = random.random(n * days)
    buyers = random.random(SHOPPERS * days) < buys
    return Showing(
        score + lift,
        random.random(n * days) < clicks * score,
        np.repeat(buyers, EACH),
        np.tile(np.repeat(np.arange(SHOPPERS), EACH), days),
        np.ones(n * days, np.int64),
        28 - np.repeat(np.arange(days), n),
    )


def weeks(seed: int) -> Showing:
    """Four of them, before the day of `showing`."""
    found = showing(seed, days=28)
    return replace(found, day=found.day - 1)


def alarms(before: Showing, now: Showing) -> list[str]:
    times = Times("home", before, now)
    watching = (score_alarms, calibration_alarms, conversion_alarms)
    return [alarm.name for each in watching for alarm in each(times)]


def test_the_same_again_is_no_alarm() -> None:
    assert [alarms(weeks(2 * n), showing(2 * n + 1)) for n in range(10)] == [[]] * 10


def test_scores_that_lie_elsewhere() -> None:
    # Half of the scores lie above all of before: by tenths 0 in place of .1 in the lower five.
    assert alarms(showing(1), showing(2, lift=0.5))[0] == "score-shift"


def test_scores_of_another_release_are_no_shift() -> None:
    later = showing(2, lift=0.5)
    assert alarms(showing(1), replace(later, release=later.release + 1)) == []


def test_half_the_clicks_that_the_scores_meant() -> None:
    assert alarms(showing(1), showing(2, clicks=0.25)) == ["calibration"]


def test_a_tenth_more_clicks_are_not_worth_an_alarm() -> None:
    assert alarms(showing(1), showing(2, clicks=0.55)) == []


def test_no_clicks_where_some_were_due_may_be_chance() -> None:
    # Ten are due: by chance there are none once in e^10 = 22,000 times, not once in a million.
    assert alarms(showing(1, clicks=0.004, days=28), showing(2, clicks=0.0)) == []
    # Of 40 that are due.
    assert alarms(showing(1, clicks=0.016, days=28), showing(2, clicks=0.0)) == ["calibration"]


def test_scores_that_one_shopper_was_shown_are_no_shift() -> None:
    """Half of the rows, and all that lie elsewhere, are of one shopper."""
    one = showing(2, lift=1.5)
    one = replace(one, unit=np.full(len(one), SHOPPERS))
    rows = (
        np.concatenate(both) for both in zip(fields_of(showing(3)), fields_of(one), strict=True)
    )
    assert alarms(showing(1), Showing(*rows)) == []


def fields_of(rows: Showing) -> list[np.ndarray]:
    return [getattr(rows, each.name) for each in fields(rows)]


def test_fewer_shoppers_buy() -> None:
    assert alarms(weeks(1), showing(2, buys=0.1)) == ["conversion"]
    assert alarms(weeks(1), showing(2, buys=0.4)) == [], "more is no alarm"


def test_a_loss_that_days_bring_by_themselves_is_none() -> None:
    """Every other week nobody buys on any day, and nobody does today."""
    before = weeks(1)
    assert alarms(before, showing(2, buys=0.0)) == ["conversion"]
    before = replace(before, bought=before.bought & (before.day // 7 % 2 == 0))
    assert alarms(before, showing(2, buys=0.0)) == []


def test_a_weekday_is_held_against_its_own() -> None:
    """On this weekday a tenth of the shoppers buys, on others a fifth."""
    before, less = weeks(1), replace(showing(3, buys=0.1, days=28))
    sunday = before.day % 7 == 28 % 7
    before = replace(before, bought=np.where(sunday, less.bought, before.bought))
    assert alarms(before, showing(2, buys=0.1)) == []


def test_in_its_first_week_a_shop_does_not_know_how_days_differ() -> None:
    before = weeks(1)
    assert alarms(before.of(before.day >= 21), showing(2, buys=0.0)) == []
    assert alarms(before.of(before.day >= 14), showing(2, buys=0.0)) == ["conversion"]


def test_too_few_rows_say_nothing() -> None:
    few = np.zeros(SHOPPERS * EACH, bool)
    few[:400] = True
    assert alarms(weeks(1), showing(2, lift=0.5, buys=0.0).of(few)) == []


def test_features_beside_those_a_release_learned(tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "assets")
    schema = ASSETS["item_statistics"].schema
    random = np.random.default_rng(3)

    def commit(revenue: float) -> int:
        rows = [
            {"item_id": f"i{n}", "revenue": revenue * chance, "quantity": chance}
            for n, chance in enumerate(random.random(400))
        ]
        return store.commit("item_statistics", pa.Table.from_pylist(rows, schema=schema))

    learned = commit(1.0)
    commit(1.0)
    assert list(feature_alarms(store, {"item_statistics": learned})) == []
    commit(3.0)
    (alarm,) = feature_alarms(store, {"item_statistics": learned})
    assert (alarm.name, alarm.asset, alarm.column) == (
        "feature-shift",
        "item_statistics",
        "revenue",
    )


def shown(release: int, when: datetime, seed: int, clicks: float) -> pa.Table:
    """As `showing`, of a release at a time."""
    made = showing(seed, clicks=clicks)
    n = len(made)
    columns = {
        "placement": ["home"] * n,
        "release": [release] * n,
        "ts": [when] * n,
        "unit": [f"{release}-{unit}" for unit in made.unit],
        "score": made.score,
        "clicked": made.clicked,
        "bought": made.bought,
    }
    return pa.table(columns, SCHEMA)


@pytest.mark.parametrize(
    ("new", "old", "worse"),
    [
        (0.25, 0.25, []),  # the world clicks half as much
        (0.25, 0.5, [pytest.approx(0.5, abs=0.05)]),
        (0.45, 0.5, []),  # a tenth is not worth it
    ],
)
def test_scores_of_two_releases_beside_each_other(
    new: float, old: float, worse: list[float]
) -> None:
    then, now = (datetime(2026, 5, day, tzinfo=UTC) for day in (1, 3))
    rows = [shown(1, then, 1, 0.5), shown(2, then, 2, 0.5)]
    rows += [shown(1, now, 3, old), shown(2, now, 4, new)]
    since = int(datetime(2026, 5, 2, tzinfo=UTC).timestamp() * 1e6)
    (found,) = beside_each_other(pa.concat_tables(rows), 2, 1, since)
    assert [each.change for each in (found,) if each.is_worse] == worse
    assert beside_each_other(pa.concat_tables(rows), 2, 3, since) == [], "never served"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    opened = State.open("sqlite:///state.db", tmp_path)
    yield opened
    opened.close()


def test_what_was_shown_is_read_from_the_logs_with_what_came_of_it(
    tmp_path: Path, state: State
) -> None:
    """Five hundred shoppers a day are shown two items: the first is clicked by half of them, and
    bought by these. Nobody buys on the last three days or clicks on the last two: the last day is
    too new for its clicks to be known, the last but two the newest whole one with its purchases."""
    last = datetime(2026, 5, 20, 12, tzinfo=UTC)
    for day in range(17):
        moment = last - timedelta(days=16 - day)
        ts = int(moment.timestamp()) * 1_000_000
        lines = []
        for number in range(500):
            who, query_id = f"u{day}-{number}", f"q{day}-{number}"
            state.answers.append(
                Answer(
                    query_id,
                    ts,
                    "shelf",
                    "home",
                    "{}",
                    1,
                    None,
                    who,
                    None,
                    None,
                    ("a", "b"),
                    (1, 2),
                    (0.9, 0.1),
                    (1.0, 1.0),
                )  # fmt: skip
            )
            if number % 2 and day < 15:
                clicks = EventRow(f"c-{query_id}", 0, ts + 1, "select_item", who, item_id="a")
                lines.append(clicks._replace(query_id=query_id))
            if number % 2 and day < 14:
                lines.append(EventRow(f"p-{query_id}", 0, ts + 2, "purchase", who, item_id="a"))
        state.events.append(lines or [EventRow(f"v{day}", 0, ts, "view_item", "u")]).result(30)
    found = monitor(ShopPaths(tmp_path), state)
    assert [alarm.name for alarm in found.alarms] == ["calibration", "conversion"]
    calibration, conversion = found.alarms
    # The last day but one's 500 first items meant half as many clicks.
    assert calibration.expected.startswith("250 clicks at home")
    assert conversion.expected.startswith("50.0% of a day's shoppers")
    assert conversion.found.startswith("0.0% of 500")
    with open_engine() as engine:
        tables = logs(engine, AssetStore(tmp_path / "assets"), state)
        some = shown_items(engine, tables, last - timedelta(days=2), last, most=400)
    # 1,500 answers, of which each fourth: two rows each, as many of every day.
    assert some.num_rows == 2 * 375
    assert set(some["ts"].value_counts().field("counts").to_pylist()) == {250}
    kept = last_monitored(state)
    assert kept is not None and kept.alarms == tuple(
        Alarm(**each.to_json())
        for each in found.alarms  # type: ignore[arg-type]
    )
