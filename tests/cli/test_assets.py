"""`mercato assets`: what it prints of a small shop, as tables and as JSON."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import MercatoError, NotFound, WrongUse
from mercato.core.settings import Settings, settings_text
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of items, one of events."""
    shop = tmp_path_factory.mktemp("shop")
    (shop / "shop.toml").write_text(settings_text(Settings()))
    store = AssetStore(shop / "assets")
    feed = shop / "feed.csv"
    for price in (3, 4):
        feed.write_text(f"id,title,price\ntea,Tea,{price}\npot,Pot,9\n")
        import_items(store, [feed], settings=Settings())
    log = shop / "log.csv"
    log.write_text("event_id,ts,event,user_id,item_id\ne1,2026-05-01,purchase,ana,tea\n")
    import_events(store, [log], settings=Settings())
    return shop


def said(*arguments: object) -> str:
    """What the command prints on stdout."""
    done = CliRunner().invoke(app, ["assets", *map(str, arguments)], env={"COLUMNS": "240"})
    if isinstance(done.exception, MercatoError):
        raise done.exception
    assert done.exit_code == 0, done.stderr
    return done.stdout


def as_json(*arguments: object):
    return json.loads(said(*arguments, "--json"))


def test_all_assets_with_owner_label_and_origin(small_shop: Path):
    text = said(small_shop)
    (items,) = [line.split() for line in text.splitlines() if line.strip().startswith("items")]
    assert items[:3] == ["items", "2", "1"]
    assert items[5:8] == ["catalogue", "public", "feed.csv"]
    found = {each["asset"]: each for each in as_json(small_shop)}
    assert list(found)[:2] == ["items", "events"]
    assert found["events"]["sensitivity"] == "personal"
    assert found["items"]["version"] == 1


def test_the_assets_of_an_earlier_time(small_shop: Path):
    first = as_json(small_shop, "items", "--history")[-1]["committed_at"]
    then = {each["asset"]: each["version"] for each in as_json(small_shop, "--at", first)}
    assert then["items"] == 0
    assert "events" not in then
    assert as_json(small_shop, "items", "--at", first)["version"] == 0
    with pytest.raises(NotFound, match="a version of items at 2020-01-01"):
        said(small_shop, "items", "--at", "2020-01-01")


def test_one_asset_with_meanings_checks_and_masked_rows(small_shop: Path):
    found = as_json(small_shop, "events")
    columns = {each["column"]: each for each in found["columns"]}
    assert columns["user_id"]["meaning"] == "The shopper's account."
    assert columns["user_id"]["personal"] == "pseudonym"
    assert "ts-required" in [each["check"] for each in found["checks"]]
    (row,) = found["sample"]
    assert row["item_id"] == "tea"
    assert row["user_id"].startswith("p-")
    assert "ana" not in said(small_shop, "events")


def test_history_names_files_with_their_checksums(small_shop: Path):
    newest, oldest = as_json(small_shop, "items", "--history")
    digest = hashlib.sha256((small_shop / "feed.csv").read_bytes()).hexdigest()
    assert json.loads(newest["note"]["sources"]) == {str(small_shop / "feed.csv"): digest}
    assert (newest["version"], newest["made_by"], newest["made_from"]) == (
        1,
        "import",
        ["feed.csv"],
    )
    assert oldest["rows_added"] == 2
    assert digest[:16] in said(small_shop, "items", "--history")


def test_differences_are_counted_and_shown(small_shop: Path):
    found = as_json(small_shop, "items", "--diff", 0, 1)
    assert (found["added"], found["removed"], found["changed"]) == (0, 0, 1)
    assert found["columns"] == {"price": 1}
    assert found["rows"] == [
        {"key": {"id": "tea"}, "before": {"price": 3.0}, "after": {"price": 4.0}}
    ]
    line = next(
        each for each in said(small_shop, "items", "--diff", 0, 1).splitlines() if "tea" in each
    )
    assert line.split() == ["tea", "price", "3.0", "4.0"]


def test_exports_are_masked_unless_it_goes_on_record(small_shop: Path, tmp_path: Path):
    target = tmp_path / "events.jsonl"
    said(small_shop, "events", "--export", target)
    assert "ana" not in target.read_text()
    audit = ["audit", str(small_shop), "--json"]
    assert json.loads(CliRunner().invoke(app, audit).stdout) == []
    said(small_shop, "events", "--export", target, "--unmasked")
    assert json.loads(target.read_text())["user_id"] == "ana"
    (access,) = json.loads(CliRunner().invoke(app, audit).stdout)
    assert (access["asset"], access["action"]) == ("events", "assets --export --unmasked")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--history"], "an asset's name with --history"),
        (
            ["items", "--history", "--diff", "0", "1"],
            "one thing at a time; found --history and --diff",
        ),
        (["items", "--unmasked"], "--unmasked with --export"),
        (["--item", "tea"], "--item with --trace"),
        (["--dry-run"], "--dry-run with --vacuum"),
        (["--vacuum", "--keep-days", "0"], "at least 1 day"),
    ],
)
def test_wrong_use_is_told(small_shop: Path, arguments: list[str], match: str):
    with pytest.raises(WrongUse, match=match):
        said(small_shop, *arguments)


def test_a_vacuum_says_what_it_does(small_shop: Path):
    found = {each["asset"]: each for each in as_json(small_shop, "--vacuum", "--dry-run")}
    assert set(found) == {each["asset"] for each in as_json(small_shop)}
    # the replaced version of the items is younger than 30 days
    assert (found["items"]["removed"], found["items"]["trouble"]) == (0, "")
    assert "items" in said(small_shop, "items", "--vacuum", "--keep-days", 1)
    assert as_json(small_shop, "items")["version"] == 1


def test_an_item_is_traced_to_its_line(small_shop: Path):
    found = as_json(small_shop, "--trace-item", "tea")
    assert (found["item"]["line"], found["item"]["text"]) == (2, "tea,Tea,4")
    assert found["item"]["file"] == str(small_shop / "feed.csv")
    assert "tea,Tea,4" in said(small_shop, "--trace-item", "tea")
    # the first import brought the pot; its file has been written anew since
    older = as_json(small_shop, "--trace-item", "pot")["item"]
    assert (older["line"], older["text"]) == (3, None)
    assert older["trouble"] == "the file has changed since it was imported"


def test_an_asset_that_nobody_declares_is_named(small_shop: Path):
    with pytest.raises(NotFound, match="an asset out of items, events"):
        said(small_shop, "nothing")
