"""`mercato import`: what it takes over, what it sets aside, and how it says so."""

import json

import pytest

from mercato.data.store import AssetStore

ITEMS = """id,title,supplier,price
a,Kettle,Norrvik,1999
b,Mug,Fernhill,450
"""
BAD_ROW = "c,,Fernhill,450\n"


@pytest.fixture
def shop(mercato, tmp_path):
    mercato("init", "shop")
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path / "shop"


def test_takes_over_with_mapped_columns_and_prices_in_cents(mercato, shop):
    done = mercato(
        "import", "shop", "--items", "items.csv", "--map", "brand=supplier", "--price-unit", "cents"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-6:] == ["items", "2", "2", "0", "0", "0"]
    rows = AssetStore(shop / "assets").read("items", columns=["id", "brand", "price"]).to_pylist()
    assert rows == [
        {"id": "a", "brand": "Norrvik", "price": 19.99},
        {"id": "b", "brand": "Fernhill", "price": 4.5},
    ]


def test_the_same_file_again_changes_nothing(mercato, shop):
    mercato("import", "shop", "--items", "items.csv")
    (report,) = json.loads(mercato("import", "shop", "--items", "items.csv", "--json").stdout)
    assert (report["accepted"], report["unchanged"], report["version"]) == (0, 2, 0)


def test_a_mapped_column_of_one_file_is_not_asked_of_the_other(mercato, shop, tmp_path):
    (tmp_path / "events.csv").write_text("ts,event,user_id,product\n2026-01-01,purchase,u,a\n")
    names = ["--map", "brand=supplier", "--map", "item_id=product"]
    done = mercato("import", "shop", "--items", "items.csv", "--events", "events.csv", *names)
    assert done.returncode == 0, done.stderr


def test_a_mapped_column_that_does_not_exist_is_refused_by_name(mercato, shop):
    done = mercato("import", "shop", "--items", "items.csv", "--map", "brnd=supplier")
    assert done.returncode == 1
    assert "'brnd'" in done.stderr


def test_too_many_bad_rows_change_nothing_and_are_listed(mercato, shop, tmp_path):
    (tmp_path / "items.csv").write_text(ITEMS + BAD_ROW)  # 1 of 3 is above 5 %
    done = mercato("import", "shop", "--items", "items.csv")
    assert done.returncode == 1
    assert "title-required" in done.stdout
    assert "items.csv:4" in done.stdout
    assert "Checks failed" in done.stderr
    assert AssetStore(shop / "assets").version("items") is None


def test_a_few_bad_rows_are_set_aside(mercato, shop, tmp_path):
    with (shop / "shop.toml").open() as file:
        text = file.read().replace("max_bad_share = 0.05", "max_bad_share = 0.5")
    (shop / "shop.toml").write_text(text)
    (tmp_path / "items.csv").write_text(ITEMS + BAD_ROW)
    (report,) = json.loads(mercato("import", "shop", "--items", "items.csv", "--json").stdout)
    assert (report["read"], report["accepted"], report["quarantined"]) == (3, 2, 1)
    (check,) = report["checks"]
    assert (check["check"], check["rows"]) == ("title-required", 1)


@pytest.mark.parametrize("pair", ["brand", "=x", "brand="])
def test_a_mapping_that_is_no_pair_is_wrong_use(mercato, shop, pair):
    done = mercato("import", "shop", "--items", "items.csv", "--map", pair)
    assert done.returncode == 2
    assert "--map brand=supplier" in done.stderr


def test_a_file_that_is_not_there(mercato, shop):
    done = mercato("import", "shop", "--items", "nothing.csv")
    assert done.returncode == 1
    assert "nothing.csv" in done.stderr
