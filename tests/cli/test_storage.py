"""Commands on a shop whose assets and releases lie in a bucket."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.paths import Bucket, ShopPaths
from mercato.core.settings_file import write_setting

TOUR = Path(__file__).parents[2] / "examples" / "tour"


def test_a_shop_is_made_where_its_bucket_is(
    mercato: Callable, tmp_path: Path, told_of: object
) -> None:
    done = mercato("init", "shop", "--storage", f"s3://shops/{tmp_path.name}")
    assert done.returncode == 0, done.stderr
    paths = ShopPaths(tmp_path / "shop")
    wanted = Bucket(f"s3://shops/{tmp_path.name}/assets", paths.cache / "assets")
    assert paths.assets == wanted
    done = mercato("init", "other", "--storage", "s3://nowhere/shop")
    assert done.returncode == 1
    assert "no such bucket" in done.stderr and "Make it" in done.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.soak
def test_from_files_to_answers_and_back(mercato: Callable, tmp_path: Path, told_of: object) -> None:
    """The short form of it: the test above, tests/data/storage and tests/api/test_storage.py."""

    def done(*arguments: str) -> str:
        run = mercato(*arguments)
        assert run.returncode == 0, run.stderr
        return str(run.stdout)

    done("init", "shop", "--storage", f"s3://shops/{tmp_path.name}")
    write_setting(tmp_path / "shop" / "shop.toml", "search", "encoder", "none")
    feeds = ("--items", str(TOUR / "products.csv"), "--events", str(TOUR / "events.csv"))
    done("import", "shop", *feeds)
    for _ in range(2):
        done("build", "shop")
    done("releases", "shop", "rollback")
    told = json.loads(done("releases", "shop", "--json"))
    assert [(each["release"], each["current"]) for each in told] == [(1, True), (2, False)]
    assert "tent" in done("search", "shop", "tent")
    done("check", "shop")
    done("assets", "shop", "--vacuum")
    done("users", "shop", "--erase", "u03", "--now")
    done("build", "shop")
    assert json.loads(done("users", "shop", "--receipt", "1", "--json"))["done_at"] is not None
    held = [path for path in (tmp_path / "shop" / "cache").rglob("*") if path.is_file()]
    assert held and not any(b"u03" in path.read_bytes() for path in held)
    done("backup", "shop", "whole.zst")
    done("restore", "whole.zst", "back")
    assert (tmp_path / "back" / "releases" / "current").read_text() == "3\n"
    assert "tent" in done("search", "back", "tent")
