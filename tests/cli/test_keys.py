"""`mercato keys`: made, shown once, changed, revoked."""

import json
import sqlite3
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.cli.recording import opened_state
from mercato.cli.serve import _warn_without_keys
from mercato.core.errors import BadInput, ChecksFailed, NotFound, WrongUse
from mercato.core.settings import Settings, settings_text
from mercato.shop.key_book import read_key_book

run = CliRunner().invoke


@pytest.fixture
def empty_shop(tmp_path: Path) -> Path:
    """Nothing is built: keys come first."""
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    return tmp_path


def told(shop: Path, *options: str) -> dict:  # type: ignore[type-arg]
    found = run(app, ["keys", str(shop), *options, "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def opens(shop: Path, text: str) -> bool:
    with opened_state(shop) as state:
        return read_key_book(state).find(text, time.time_ns() // 1000) is not None


def test_a_key_is_made_changed_and_ended(empty_shop: Path) -> None:
    assert told(empty_shop) == {"keys": []}
    asked = ("create", "website", "--scope", "search", "--scope", "events", "--rate", "50")
    made = told(empty_shop, *asked)
    (key,) = made["keys"]
    assert (key["name"], key["scopes"], key["rate"]) == ("website", ["events", "search"], 50)
    assert made["key"].startswith(f"mk_{key['id']}_")
    assert opens(empty_shop, made["key"])
    assert "key" not in told(empty_shop), "it is shown once"
    changed = told(empty_shop, "rotate", key["id"])
    assert opens(empty_shop, made["key"])
    assert opens(empty_shop, changed["key"])
    assert told(empty_shop, "--revoke", key["id"]) == {"keys": []}, "as an option, too"
    assert not opens(empty_shop, changed["key"])


def test_the_table_shows_no_secret(empty_shop: Path) -> None:
    text = told(empty_shop, "create", "till", "--scope", "events", "--hours", "1")["key"]
    table = run(app, ["keys", str(empty_shop)]).stdout
    assert "till" in table
    assert "never" not in table, "it ends in an hour"
    assert text.split("_", 2)[2] not in table
    assert text.encode() not in b"".join(each.read_bytes() for each in empty_shop.glob("state*"))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["create", "a"], BadInput),
        (["create", " ", "--scope", "search"], BadInput),
        (["create", "a", "--scope", "search", "--rate", "0"], BadInput),
        (["create", "a", "--scope", "search", "--rate", "nan"], BadInput),
        (["create", "a", "--scope", "search", "--rate", "inf"], BadInput),
        (["create", "a", "--scope", "search", "--hours", "-1"], BadInput),
        (["create", "a", "--scope", "search", "--hours", "inf"], BadInput),
        (["create", "a", "--scope", "search", "--hours", "1e12"], BadInput),
        (["rotate", "none"], NotFound),
        (["revoke", "none"], NotFound),
        (["revoke"], WrongUse),
        (["--rotate", "a", "--revoke", "a"], WrongUse),
    ],
)
def test_what_is_refused(empty_shop: Path, options: list[str], error: type[Exception]) -> None:
    found = run(app, ["keys", str(empty_shop), *options])
    assert isinstance(found.exception, error)
    assert told(empty_shop) == {"keys": []}


def test_an_unknown_scope_is_wrong_use(empty_shop: Path) -> None:
    found = run(app, ["keys", str(empty_shop), "create", "a", "--scope", "everything"])
    assert found.exit_code == 2
    assert "search" in found.output


def test_whoever_serves_beyond_loopback_is_told_of_keys(
    empty_shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _warn_without_keys(empty_shop)
    assert "create NAME --scope items" in capsys.readouterr().err
    told(empty_shop, "create", "feed", "--scope", "items")
    _warn_without_keys(empty_shop)
    assert not capsys.readouterr().err


def test_the_log_of_keys_is_sealed(empty_shop: Path) -> None:
    told(empty_shop, "create", "till", "--scope", "events")
    found = run(app, ["audit", str(empty_shop), "--verify", "--json"])
    seals = {each["log"]: each for each in json.loads(found.stdout)}
    assert (seals["decisions"]["rows"], seals["decisions"]["broken"]) == (1, None)
    noted = ["audit", str(empty_shop), "--verify", "--noted", seals["decisions"]["head"]]
    assert run(app, noted).exit_code == 0
    cut_off = {"ts": "2026-01-01", "log": "decisions", "seq": 99, "seal": "0" * 64}
    (empty_shop / "seals.jsonl").write_text(json.dumps(cut_off))
    assert "row 99, whose seal was noted" in str(run(app, noted).exception)
    (empty_shop / "seals.jsonl").unlink()
    with sqlite3.connect(empty_shop / "state.db") as database:
        for table in ("decisions", "seals"):  # as who may change the tables, too
            database.execute(f"DROP TRIGGER {table}_stays")
            database.execute(f"DROP TRIGGER {table}_is_not_emptied")
        database.execute("UPDATE decisions SET actor = 'somebody else'")
    assert isinstance(run(app, noted).exception, ChecksFailed)
    with sqlite3.connect(empty_shop / "state.db") as database:
        database.executescript("DELETE FROM decisions; DELETE FROM seals; DELETE FROM meta")
    assert isinstance(run(app, noted).exception, ChecksFailed), "gone with its seals"
