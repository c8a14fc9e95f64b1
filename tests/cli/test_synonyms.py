"""`mercato synonyms`: added, imported, proposed from the log, decided on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.core.progress import Silent
from mercato.core.settings import EvaluationSettings, SearchSettings, Settings, settings_text
from mercato.data.assets import ASSETS
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.training.build import build

TOUR = Path(__file__).parents[2] / "examples" / "tour"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def synonym_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synonyms") / "shop"
    folder.mkdir()
    settings = Settings(
        search=SearchSettings(encoder="none"), evaluation=EvaluationSettings(days=0)
    )
    (folder / "shop.toml").write_text(settings_text(settings))
    store = AssetStore(folder / "assets")
    import_items(store, [TOUR / "products.csv"], settings=settings)
    build(folder, progress=Silent())
    answers, events = [], []
    for number, q in enumerate(["big tent"] * 3 + ["big wigwam"] * 3):
        query_id = f"q{number}"
        shared = {"query_id": query_id, "ts": START + timedelta(hours=number)}
        request = orjson.dumps({"q": q}).decode()
        shown = {"item_ids": ["a", "b"], "positions": [1, 2]}
        answers.append(shared | {"kind": "search", "request": request} | shown)
        for line, item in enumerate("ab"):
            clicked = {"event": "select_item", "item_id": item, "user_id": f"u{number}"}
            events.append(shared | {"event_id": query_id, "line": line} | clicked)
    for name, rows in (("answers", answers), ("events", events)):
        store.commit(name, pa.Table.from_pylist(rows, schema=ASSETS[name].schema))
    return folder


def run(*words: object) -> Any:
    done = CliRunner().invoke(app, ["synonyms", *map(str, words), "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return json.loads(done.stdout)


def test_synonyms_are_added_imported_and_deleted(synonym_shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_text("# from the old engine\nstove, cooker\nfootwear => boots, sandals\n")
    found = run(synonym_shop, "--add", "torch, flashlight", "--import", file)
    assert [(each["terms"], each["also"]) for each in found] == [
        (["footwear"], ["boots", "sandals"]),
        (["stove", "cooker"], []),
        (["torch", "flashlight"], []),
    ]
    assert run(synonym_shop, "--import", file) == found
    assert run(synonym_shop, "--delete", *(each["id"] for each in found)) == []


def test_searches_speak_for_synonyms_and_a_person_decides(synonym_shop: Path) -> None:
    (found,) = run(synonym_shop, "--propose")
    assert (found["terms"], found["status"], found["source"]) == (
        ["tent", "wigwam"],
        "proposed",
        "clicks",
    )
    assert found["evidence"]["queries"] == ["big tent / big wigwam"]
    assert run(synonym_shop, "--propose") == [found]
    (rejected,) = run(synonym_shop, "--reject", found["id"])
    assert rejected == {**found, "status": "rejected"}
    assert run(synonym_shop, "--propose") == []
    assert run(synonym_shop, "--status", "rejected") == [rejected]
    (accepted,) = run(synonym_shop, "--accept", found["id"])
    assert accepted["status"] == "accepted"
    run(synonym_shop, "--delete", found["id"])


def test_what_does_not_fit_names_its_line(synonym_shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.csv"
    file.write_text("terms\nstove|cooker\nstove\n")
    with pytest.raises(BadInput, match="line 3 of .*synonyms.csv"):
        run(synonym_shop, "--import", file)
    assert run(synonym_shop) == []
    file.write_bytes(b"terms\ncaf\xe9|tea\n")
    with pytest.raises(BadInput, match="UTF-8"):
        run(synonym_shop, "--import", file)
    with pytest.raises(NotFound, match="nowhere"):
        run(synonym_shop, "--import", tmp_path / "nowhere")
    with pytest.raises(NotFound, match="'x'"):
        run(synonym_shop, "--accept", "x")
    with pytest.raises(WrongUse, match="both for x"):
        run(synonym_shop, "--accept", "x", "--reject", "x")
    with pytest.raises(BadInput, match="status"):
        run(synonym_shop, "--status", "new")
