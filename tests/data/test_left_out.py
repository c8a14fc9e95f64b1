"""Rows that an asset has no place for: counted by their kind, not bad, and not forgotten."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.settings import ImportSettings, Settings
from mercato.data.assets.events import EVENTS
from mercato.data.importers.raw import Source
from mercato.data.importing import import_events
from mercato.data.report import ImportRefused
from mercato.data.staging import MOST_KINDS, OTHER_KINDS, open_staging
from mercato.data.store import AssetStore


def log(path: Path, **names: int) -> Path:
    """GA4 events, so many of each name."""
    events = [
        {"event_id": f"{name}{n}", "event": name, "ts": 1777636800 + n}
        for name, count in names.items()
        for n in range(count)
    ]
    path.write_text("\n".join(map(json.dumps, events)))
    return path


def test_left_out_rows_do_not_make_an_import_bad(store: AssetStore, tmp_path: Path) -> None:
    strict = Settings(imports=ImportSettings(max_bad_share=0.0))
    report = import_events(
        store, [log(tmp_path / "a.jsonl", page_view=97, scroll=2, search=1)], settings=strict
    )
    assert (report.read, report.accepted, report.unchanged, report.quarantined) == (100, 1, 0, 0)
    assert list(report.left_out.items()) == [("page_view", 97), ("scroll", 2)]
    (source,) = store.read("sources").to_pylist()
    assert source["rows"] == 100


def test_nor_do_they_make_a_bad_import_good(store: AssetStore, tmp_path: Path) -> None:
    """One of two rows that were meant for the asset is bad, however many page views there are."""
    third = Settings(imports=ImportSettings(max_bad_share=0.3))
    path = log(tmp_path / "a.jsonl", page_view=98, search=1, serach=1)
    with pytest.raises(ImportRefused, match="30.0% of the 2 rows") as refused:
        import_events(store, [path], settings=third)
    assert refused.value.report.left_out == {"page_view": 98}
    assert refused.value.report.bad_share == 0.5


def test_a_log_of_page_views_only_changes_nothing(store: AssetStore, tmp_path: Path) -> None:
    report = import_events(store, [log(tmp_path / "a.jsonl", page_view=3)], settings=Settings())
    assert (report.read, report.accepted, report.committed) == (3, 0, False)


def test_kinds_beyond_a_thousand_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("{}")
    with open_staging(tmp_path, EVENTS) as staging:
        number = staging.begin(Source(path, (path,)), "segment")
        for n in range(MOST_KINDS + 5):
            staging.leave_out(number, {f"kind {n}": 2})
        staging.leave_out(number, {"kind 0": 1})
        assert staging.left_out["kind 0"] == 3
        assert staging.left_out[OTHER_KINDS] == 5 * 2
        assert len(staging.left_out) == MOST_KINDS + 1


def test_the_command_prints_what_it_left_out(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    run = CliRunner().invoke
    assert run(app, ["init", str(shop)]).exit_code == 0
    path = log(tmp_path / "a.jsonl", page_view=1200, search=1)
    shown = run(app, ["import", str(shop), "--events", str(path)])
    assert shown.exit_code == 0
    (line,) = [line for line in shown.stdout.splitlines() if "page_view" in line]
    assert line.split() == ["events", "page_view", "1,200"]
    as_json = run(app, ["import", str(shop), "--events", str(path), "--json"])
    assert json.loads(as_json.stdout)[0]["left_out"] == {"page_view": 1200}
