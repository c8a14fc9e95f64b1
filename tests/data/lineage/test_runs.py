"""Events that runs leave: checked against OpenLineage's own classes, then by what they say."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mercato.core.errors import ChecksFailed
from mercato.core.settings import Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.data.importing import import_events, import_items
from mercato.data.lineage.runs import derive_run
from mercato.data.report import ImportRefused
from mercato.data.store import AssetStore

Told = Callable[[Path], list[dict[str, Any]]]


def names(event: dict[str, Any]) -> tuple[str, str]:
    return event["eventType"], event["job"]["name"]


def test_an_import_tells_its_files_and_what_it_made(
    store: AssetStore, write_csv, settings: Settings, told: Told
):
    feed = write_csv(
        "feed.csv", ["id", "title", "price"], ["a", "Tea", 3], ["b", "", 4], ["c", "C", 5]
    )
    import_items(store, [feed], settings=settings)
    start, end = told(store.root.parent)
    assert [names(start), names(end)] == [("START", "import.items"), ("COMPLETE", "import.items")]
    assert start["run"]["runId"] == end["run"]["runId"]
    assert start["job"]["namespace"] == "My shop"
    assert [each["name"] for each in start["inputs"]] == [str(feed)]
    assert start["outputs"] == []
    (source,), (items,) = end["inputs"], end["outputs"]
    digest = hashlib.sha256(feed.read_bytes()).hexdigest()
    assert source["facets"]["version"]["datasetVersion"] == digest
    assert source["inputFacets"]["inputStatistics"]["size"] == feed.stat().st_size
    failed = [
        (each["assertion"], each["column"], each["actual"])
        for each in source["inputFacets"]["dataQualityAssertions"]["assertions"]
        if not each["success"]
    ]
    assert failed == [("title-required", "title", "1 rows, such as None")]
    assert items["name"] == str(store.root / "items")
    assert items["facets"]["version"]["datasetVersion"] == "0"
    metrics = items["facets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == 2
    assert metrics["columnMetrics"]["price"] == {"nullCount": 0, "min": 3.0, "max": 5.0}
    assert metrics["columnMetrics"]["brand"]["nullCount"] == 2
    assert items["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert items["facets"]["ownership"]["owners"][0]["name"] == "team:catalogue"
    assert [each["name"] for each in items["facets"]["schema"]["fields"]][:2] == ["id", "title"]


def test_an_import_that_changes_nothing_makes_nothing(
    store: AssetStore, write_csv, settings: Settings, told: Told
):
    feed = write_csv("feed.csv", ["id", "title"], ["a", "Tea"])
    for _ in range(2):
        import_items(store, [feed], settings=settings)
    assert [len(event["outputs"]) for event in told(store.root.parent)] == [0, 1, 0, 0]


def test_a_refused_import_fails_with_its_checks(store: AssetStore, write_csv, told: Told):
    feed = write_csv("feed.csv", ["id", "title"], ["a", ""], ["b", ""])
    with pytest.raises(ImportRefused):
        import_items(store, [feed], settings=Settings())
    _, end = told(store.root.parent)
    assert names(end) == ("FAIL", "import.items")
    assert (
        "2 rows, most of them (2) title-required" in end["run"]["facets"]["errorMessage"]["message"]
    )
    checks = end["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [each["assertion"] for each in checks if not each["success"]] == ["title-required"]
    assert end["outputs"] == []


def test_a_derived_asset_tells_versions_and_columns(
    store: AssetStore, write_csv, settings: Settings, told: Told
):
    log = write_csv(
        "log.csv", ["event_id", "ts", "event", "user_id", "item_id"],
        ["e1", "2026-05-01", "purchase", "ana", "tea"],
    )  # fmt: skip
    import_events(store, [log], settings=settings)
    derive(store, ["histories"], settings=settings)
    derive(store, ["histories"], settings=settings)  # read back: no run
    end = [e for e in told(store.root.parent) if names(e) == ("COMPLETE", "derive.histories")]
    assert len(end) == 1
    versions = {
        Path(each["name"]).name: each["facets"].get("version", {}).get("datasetVersion")
        for each in end[0]["inputs"]
    }
    assert versions["events"] == "0"
    (histories,) = end[0]["outputs"]
    assert histories["facets"]["tags"]["tags"][0]["value"] == "personal"
    lineage = histories["facets"]["columnLineage"]["fields"]["shopper_id"]["inputFields"]
    assert {(Path(each["name"]).name, each["field"]) for each in lineage} == {
        ("events", "user_id"),
        ("events", "visitor_id"),
    }


def test_a_run_within_a_run_names_its_parent(store: AssetStore, told: Told):
    with derive_run(store, Settings(), ASSETS["sources"], {}):
        with derive_run(store, Settings(), ASSETS["quarantine"], {}):
            pass
    outer, inner = told(store.root.parent)[:2]
    assert "parent" not in outer["run"]["facets"]
    assert inner["run"]["facets"]["parent"]["run"]["runId"] == outer["run"]["runId"]


@pytest.mark.parametrize(
    ("error", "event_type"), [(ChecksFailed("a", "b", "c"), "FAIL"), (KeyboardInterrupt(), "ABORT")]
)
def test_what_stops_a_run_is_told_and_goes_on(
    store: AssetStore, told: Told, error: BaseException, event_type: str
):
    with pytest.raises(type(error)):
        with derive_run(store, Settings(), ASSETS["quarantine"], {}):
            raise error
    assert [names(event)[0] for event in told(store.root.parent)] == ["START", event_type]
