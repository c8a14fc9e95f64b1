"""Each kind of drift raises its alarm on the next import, and nothing else; clean imports none."""

import shutil
from datetime import date, datetime, timedelta

import pytest

from mercato.core.settings import QualitySettings, Settings
from mercato.data.importing import import_events
from mercato.data.quality.profiles import earlier_profiles, newest_alarms
from mercato.data.report import ImportRefused
from mercato.data.store import AssetStore

FEBRUARY = date(2026, 2, 1)


def names(report):
    return [alarm.name for alarm in report.alarms]


@pytest.fixture
def after_january(january, store):
    """A month of clean events and a feed are in."""
    shutil.copytree(january, store.root)


@pytest.mark.usefixtures("after_january")
class TestEvents:
    def test_a_clean_month_raises_none(self, take_in, log):
        assert names(take_in("events", log(FEBRUARY, 28))) == []

    def test_prices_in_cents(self, take_in, log):
        rows = [row | {"price": row["price"] * 100} for row in log(FEBRUARY, 28)]
        report = take_in("events", rows)
        assert names(report) == ["price-level"]
        assert report.alarms[0].found.endswith("× 100")

    @pytest.mark.parametrize("day", [FEBRUARY, date(2026, 2, 15)], ids=["at the seam", "inside"])
    def test_a_day_missing(self, take_in, log, day):
        rows = [row for row in log(FEBRUARY, 28) if row["ts"].date() != day]
        report = take_in("events", rows)
        assert names(report) == ["day-missing"]
        assert report.alarms[0].found.startswith(f"{day}: 0 lines, 4")

    def test_a_day_that_is_declared_closed_is_not_missing(self, take_in, log):
        rows = [row for row in log(FEBRUARY, 28) if row["ts"].date() != date(2026, 2, 15)]
        assert names(take_in("events", rows, closed_days=("02-15",))) == []

    def test_weeks_missing_between_two_imports(self, take_in, log):
        report = take_in("events", log(date(2026, 2, 22), 28))
        assert "day-missing" in names(report)
        assert "16 days more" in report.alarms[0].found  # 21 days, five of them named

    def test_a_day_with_four_times_the_lines(self, take_in, log):
        day = date(2026, 2, 15)
        rows = log(FEBRUARY, 28)
        again = [row for row in rows if row["ts"].date() == day]
        rows += [row | {"event_id": f"{row['event_id']}-{n}"} for n in range(3) for row in again]
        assert names(take_in("events", rows)) == ["day-crowded"]

    def test_every_line_twice_under_other_ids(self, take_in, log):
        rows = log(FEBRUARY, 28)
        rows += [row | {"event_id": row["event_id"] + "-again"} for row in rows]
        assert names(take_in("events", rows)) == ["volume-level"]

    def test_bots_are_one_alarm_and_shift_nothing_else(self, take_in, log):
        rows = log(FEBRUARY, 28)
        rows += [
            row
            | {
                "event_id": f"bot-{n}",
                "user_id": None,
                "visitor_id": f"bot-{n % 2}",
                "event": "select_item",
                "price": None,
            }
            for n, row in enumerate(rows)
        ]
        report = take_in("events", rows)
        assert names(report) == ["bot-traffic"]
        assert "50.0% of the import" in report.alarms[0].found
        assert "bot-0" not in str(report.alarms)  # alarms are kept, and name nobody

    def test_a_field_that_is_not_filled_any_more(self, take_in, log):
        rows = [row | {"price": None} for row in log(FEBRUARY, 28)]
        # The currency is filled in beside prices only, so it goes with them.
        found = {(alarm.name, alarm.column) for alarm in take_in("events", rows).alarms}
        assert found == {("empty-column", "price"), ("empty-column", "currency")}

    def test_a_value_that_was_never_there(self, take_in, log):
        rows = log(FEBRUARY, 28)
        rows = [row | {"event": "refund"} if n % 10 == 0 else row for n, row in enumerate(rows)]
        report = take_in("events", rows)
        assert names(report) == ["new-value"]
        assert "'refund' is new (10.0% of rows)" in report.alarms[0].found

    def test_events_in_another_mixture(self, take_in, log):
        rows = [
            row | {"event": "purchase"} if n % 4 else row for n, row in enumerate(log(FEBRUARY, 28))
        ]
        assert names(take_in("events", rows)) == ["distribution-shift"]

    def test_a_clock_that_is_wrong_is_no_month_of_missing_days(self, take_in, log):
        rows = log(FEBRUARY, 28)
        rows[0] |= {"ts": datetime(1999, 1, 1)}
        assert names(take_in("events", rows)) == []

    def test_the_same_file_again_raises_nothing_and_keeps_the_alarms(self, take_in, log, store):
        rows = [row | {"price": row["price"] * 100} for row in log(FEBRUARY, 28)]
        take_in("events", rows)
        assert names(take_in("events", rows)) == []
        assert [alarm.name for alarm in newest_alarms(store, "events")] == ["price-level"]
        assert len(earlier_profiles(store, "events")) == 2

    def test_an_alarm_refuses_the_import_where_the_shop_says_so(self, take_in, log, store):
        before = store.version("events"), len(earlier_profiles(store, "events"))
        rows = [row | {"price": row["price"] * 100} for row in log(FEBRUARY, 28)]
        with pytest.raises(ImportRefused, match="refuse_on_alarm") as refused:
            take_in("events", rows, refuse_on_alarm=True)
        assert names(refused.value.report) == ["price-level"]
        assert (store.version("events"), len(earlier_profiles(store, "events"))) == before


@pytest.mark.usefixtures("after_january")
class TestItems:
    def test_a_clean_feed_raises_none(self, take_in, feed):
        rows = [
            row | {"price": row["price"] * (1.1 if n % 4 else 0.8)} for n, row in enumerate(feed())
        ]
        assert names(take_in("items", rows, full=True)) == []

    def test_prices_in_cents(self, take_in, feed):
        report = take_in("items", feed(prices=100), full=True)
        assert names(report) == ["price-level"]
        assert report.alarms[0].found == "the median of 60 items × 100"

    def test_prices_of_one_supplier_in_cents(self, take_in, feed):
        rows = [
            row | {"price": row["price"] * 100} if n % 5 == 0 else row
            for n, row in enumerate(feed())
        ]
        report = take_in("items", rows)
        assert names(report) == ["price-jumps"]
        assert report.alarms[0].found == "12 of 60 items"

    def test_a_category_renamed(self, take_in, feed):
        rows = [row | {"product_type": row["product_type"].replace("A >", "Z >")} for row in feed()]
        report = take_in("items", rows)
        assert names(report) == ["category-renamed"]
        assert report.alarms[0].found == "A → Z (20 items)"

    def test_a_leaf_renamed_in_a_feed_of_a_part(self, take_in, feed):
        moved = [row for row in feed() if row["product_type"] == "A > x"]
        report = take_in("items", [row | {"product_type": "A > new"} for row in moved])
        assert names(report) == ["category-renamed"]
        assert report.alarms[0].found == "A > x → A > new (10 items)"

    def test_a_category_gone_into_another(self, take_in, feed):
        rows = [row | {"product_type": row["product_type"].replace("A >", "B >")} for row in feed()]
        report = take_in("items", rows)
        assert names(report) == ["category-gone"]
        assert report.alarms[0].found == "A (20 items)"

    def test_half_of_the_catalogue_withdrawn(self, take_in, feed):
        report = take_in("items", feed()[:30], full=True)
        assert "withdrawn" in names(report)
        assert "category-renamed" not in names(report)


def test_a_supermarkets_month_with_each_fault(supermarket, tmp_path):
    """The long form is bench/drift.py."""
    store = AssetStore(tmp_path / "january")
    settings = Settings(quality=QualitySettings())
    every = "SELECT * FROM february"
    bots = (
        "SELECT * REPLACE ('bot-' || row_number() OVER () AS event_id, NULL AS user_id, "
        "'bot' AS visitor_id, 0 AS line) FROM february WHERE line % 4 = 1"
    )

    def take_in(store, query):
        file = tmp_path / "month.parquet"
        supermarket.sql(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
        return names(import_events(store, [file], settings=settings))

    assert take_in(store, "SELECT * FROM january") == []
    for query, expected in (
        (every, []),
        ("SELECT * REPLACE (price * 100 AS price) FROM february", ["price-level"]),
        (f"{every} WHERE ts::DATE <> DATE '2017-02-14'", ["day-missing"]),
        (f"{every} UNION ALL BY NAME {bots}", ["bot-traffic"]),
    ):
        copy = AssetStore(shutil.copytree(store.root, tmp_path / f"february-{len(query)}"))
        assert take_in(copy, query) == expected


def test_days_of_a_sparse_log_are_not_missing(take_in):
    """Two lines every third day: most days have none, and none is expected."""
    rows = [
        {
            "event_id": f"e{n}-{m}",
            "ts": datetime(2026, 1, 1) + timedelta(days=3 * n),
            "event": "purchase",
        }
        for n in range(30)
        for m in range(2)
    ]
    assert names(take_in("events", rows)) == []
