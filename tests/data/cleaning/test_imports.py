"""Cleaning as imports do it: over whole sources, counted, the same again."""

import json
from dataclasses import replace

from mercato.core.settings import CleaningSettings, ImportSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.importing import import_events, import_items


def test_paths_of_an_import_get_one_spelling_and_the_same_again(store, settings, write_csv) -> None:
    rows = [(f"i{n}", "Milk", "Food|Milk" if n < 5 else "FOOD > milk") for n in range(7)]
    feed = write_csv("feed.csv", ["id", "title", "product_type"], *rows)
    report = import_items(store, [feed], settings=settings)
    assert set(store.read("items")["product_type"].to_pylist()) == {"Food > Milk"}
    counts = {count.step: count.rows for count in report.cleaned}
    assert counts == {"category-separators": 5, "category-spellings": 2}
    assert json.loads(store.history("items")[0].note["cleaned"]) == counts
    again = import_items(store, [feed], settings=settings)
    assert (again.accepted, again.unchanged, again.committed) == (0, 7, False)
    assert {count.step: count.rows for count in again.cleaned} == counts


def test_a_small_import_takes_the_spelling_that_is_there(store, settings, write_csv) -> None:
    header = ["id", "title", "product_type"]
    first = write_csv("a.csv", header, *((f"i{n}", "Milk", "Food > Milk") for n in range(5)))
    second = write_csv("b.csv", header, ("i9", "Milk", "food > MILK"), ("i8", "Tea", "food > Tea"))
    import_items(store, [first], settings=settings)
    import_items(store, [second], settings=settings)
    paths = store.read("items")["product_type"].to_pylist()
    assert sorted(paths) == ["Food > Milk"] * 6 + ["Food > Tea"]


def test_one_date_late_in_a_file_says_what_its_order_is(store, settings, write_csv) -> None:
    header = ["event_id", "ts", "event"]
    rows = [(f"e{n}", "01/02/2026 08:00", "search") for n in range(66_000)]
    log = write_csv("log.csv", header, *rows, ("late", "25/02/2026 08:00", "search"))
    report = import_events(store, [log], settings=settings)
    assert report.quarantined == 0
    assert {each.month for each in store.read("events")["ts"].unique().to_pylist()} == {2}
    doubtful = write_csv("doubt.csv", header, rows[0], ("e-iso", "2026-02-01", "search"))
    report = import_events(store, [doubtful], settings=settings)
    (count,) = report.checks
    assert (count.check.name, count.value) == ("ts-readable", "01/02/2026 08:00")
    assert "--date-format" in count.check.remedy
    declared = import_events(store, [doubtful], settings=settings, date_format="%m/%d/%Y %H:%M")
    assert declared.quarantined == 0


def test_settings_of_a_shop_reach_its_imports(store, write_csv) -> None:
    settings = Settings(
        imports=ImportSettings(timezone="Asia/Tokyo"),
        cleaning=CleaningSettings(exchange_rates=("EUR=1.5",)),
    )
    log = write_csv(
        "log.csv",
        ["event_id", "ts", "event", "price", "currency"],
        ("e1", "2026-01-01 09:00", "purchase", "2", "EUR"),
    )
    import_events(store, [log], settings=settings)
    (row,) = store.read("events").to_pylist()
    assert (row["ts"].hour, row["price"], row["currency"]) == (0, 3.0, "USD")
    utc = replace(settings, imports=ImportSettings())
    assert import_events(store, [log], settings=utc).accepted == 1


def test_every_step_is_declared_with_what_it_does() -> None:
    for asset in ASSETS.values():
        names = [step.name for step in asset.cleaning]
        assert len(names) == len(set(names))
        for step in asset.cleaning:
            assert step.description
            assert set(step.columns) <= set(asset.schema.names)
            assert (step.apply or step.written or step.whole) is not None
    assert {name for name, asset in ASSETS.items() if asset.cleaning} == {"items", "events"}
