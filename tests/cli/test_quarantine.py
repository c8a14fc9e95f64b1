"""`mercato quarantine`, `backup` and `restore` as a shop's engineer uses them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mercato.cli import app
from mercato.core.errors import WrongUse
from mercato.core.settings import ImportSettings, Settings, settings_text
from mercato.data.store import AssetStore


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "300"})


def told(*arguments: object) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def refusing_shop(tmp_path: Path) -> Path:
    """Three items, of which two were refused."""
    root = tmp_path / "shop"
    root.mkdir()
    settings = Settings(imports=ImportSettings(max_bad_share=0.9))
    (root / "shop.toml").write_text(settings_text(settings))
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\na,Tea,1\nb,Pot,cheap\nc,Cup,dear\n")
    assert run("import", root, "--items", feed).exit_code == 0
    return root


def test_rows_are_shown_mended_and_retried(refusing_shop: Path, tmp_path: Path) -> None:
    shown = told("quarantine", refusing_shop)
    assert shown["counts"] == [{"asset": "items", "check": "price-readable", "rows": 2}]
    pot = shown["rows"][0]
    assert (pot["line"], pot["found"], pot["row"]["id"]) == (3, "cheap", "b")
    table = run("quarantine", refusing_shop, "--limit", 1)
    assert "feed.csv:3" in table.stdout and "feed.csv:4" not in table.stdout
    assert "1 of 2 rows" in table.stderr

    file = tmp_path / "mend.jsonl"
    assert run("quarantine", refusing_shop, "--export", file).exit_code == 0
    file.write_text(file.read_text().replace('"price": "cheap"', '"price": "12.50"'))
    done = run("quarantine", refusing_shop, "--retry", file, "--json")
    assert done.exit_code == 1  # one row still fails
    assert json.loads(done.stdout) == {
        "accepted": 1, "failed": 1, "stayed": 0, "gone": 0, "problems": [],
        "checks": [{"asset": "items", "check": "price-readable", "rows": 1}],
    }  # fmt: skip
    items = AssetStore(refusing_shop / "assets").read("items", columns=["id", "price"])
    assert items.to_pylist() == [{"id": "a", "price": 1.0}, {"id": "b", "price": 12.5}]
    assert told("quarantine", refusing_shop, "--discard", "--check", "other") == {"discarded": 0}
    assert told("quarantine", refusing_shop, "--discard") == {"discarded": 1}
    assert told("quarantine", refusing_shop) == {"counts": [], "rows": []}
    purposes = [access["purpose"] for access in told("audit", refusing_shop)]
    assert {"mending", "retry", "discard of 1 rows"} <= set(purposes)
    assert run("quarantine", refusing_shop, "--retry", file).exit_code == 0


def test_wrong_use_is_said(refusing_shop: Path, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    for arguments in (
        ("quarantine", refusing_shop, "--discard", "--export", "x"),
        ("quarantine", refusing_shop, "--retry", "x", "--check", "y"),
        ("quarantine", refusing_shop, "--export", tmp_path / "there"),
        ("restore", "x"),
        ("restore", "x", "y", "--verify"),
        ("backup", refusing_shop, tmp_path / "there"),
    ):
        assert isinstance(run(*arguments).exception, WrongUse), arguments


def test_a_backup_is_made_verified_and_restored(refusing_shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.zst"
    made = told("backup", refusing_shop, file)
    assert made["assets"]["items"] == {"version": 0, "rows": 1}
    assert made == told("restore", file, "--verify")
    assert made == told("restore", file, tmp_path / "again")
    again = run("restore", file, tmp_path / "again", "--force")
    assert again.exit_code == 0
    assert "again.before-" in again.stderr
    assert told("quarantine", tmp_path / "again") == told("quarantine", refusing_shop)
