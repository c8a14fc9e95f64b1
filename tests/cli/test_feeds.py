"""`mercato feeds`, and `mercato import` from an address."""

import json

import pytest
from typer.testing import CliRunner

from mercato.cli import app, doctor
from mercato.core.errors import BadInput, WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import FeedSettings, FetchSettings, Settings, settings_text
from mercato.data.store import AssetStore

ITEMS = b"id,title\ntea,Tea\n"


@pytest.fixture
def shop(tmp_path, feed_server):
    feed_server.answers["/items.csv"] = (200, {"ETag": '"1"'}, ITEMS)
    feeds = (FeedSettings(feed_server.url("/items.csv")), FeedSettings(feed_server.url("/no.csv")))
    settings = Settings(feeds=feeds, fetch=FetchSettings(private=("127.0.0.1",)))
    (tmp_path / "shop.toml").write_text(settings_text(settings))
    return tmp_path


def run(*arguments, code=0):
    runner = CliRunner(env={"COLUMNS": "300"})
    done = runner.invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_feeds_are_listed_fetched_and_remembered(shop, feed_server) -> None:
    listed = run("feeds", shop).stdout
    assert listed.count("now") == 2 and "/items.csv" in listed
    assert feed_server.asked == []

    done = run("feeds", shop, "--run", code=1)  # one of the two failed
    assert "imported, 1 rows changed" in done.stdout and "status 404" in done.stdout
    assert f"Next: mercato build {shop}" in done.stderr
    assert "now" not in run("feeds", shop, "--run").stdout.replace("found", "")
    assert len(feed_server.asked) == 2

    run("feeds", shop, "--run", "--all", code=1)
    good, failed = json.loads(run("feeds", shop, "--json").stdout)
    assert [each["outcome"] for each in good["fetches"]] == ["not-modified", "imported"]
    assert good["fetches"][0]["etag"] == '"1"' and good["fetches"][1]["rows"] == 1
    assert "status 404" in failed["fetches"][0]["detail"]
    found = {each.what: each for each in doctor.shop(ShopPaths(shop))}["feeds"]
    assert found.health is doctor.Health.WARNING and "status 404" in found.found
    with pytest.raises(WrongUse, match="--all with --run"):
        run("feeds", shop, "--all")


def test_items_from_an_address(shop, feed_server, tmp_path) -> None:
    (tmp_path / "more.csv").write_text("id,title\npot,Pot\n")
    url = feed_server.url("/items.csv")
    run("import", shop, "--items", url, "--items", tmp_path / "more.csv")
    assert AssetStore(ShopPaths(shop).assets).read("items")["id"].to_pylist() == ["pot", "tea"]
    (shop / "shop.toml").write_text(settings_text(Settings()))
    with pytest.raises(BadInput, match="public addresses of 127.0.0.1"):
        run("import", shop, "--items", url)
