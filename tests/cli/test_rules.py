"""`mercato rules`: there and back by a file, tried out, on record."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.core.progress import Silent
from mercato.core.settings import EvaluationSettings, SearchSettings, Settings, settings_text
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.training.build import build

TOUR = Path(__file__).parents[2] / "examples" / "tour"


@pytest.fixture(scope="module")
def rules_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "shop"
    folder.mkdir()
    settings = Settings(
        search=SearchSettings(encoder="none"), evaluation=EvaluationSettings(days=0)
    )
    (folder / "shop.toml").write_text(settings_text(settings))
    import_items(AssetStore(folder / "assets"), [TOUR / "products.csv"], settings=settings)
    build(folder, progress=Silent())
    return folder


def run(*words: object) -> str:
    done = CliRunner().invoke(app, ["rules", *map(str, words)], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def rule(rule_id: str, **fields: object) -> dict[str, object]:
    hide = {"type": "hide", "items": ["tent-kestrel-2"]}
    return {"id": rule_id, "actions": [hide], **fields}


def test_rules_go_out_and_come_back(rules_shop: Path, tmp_path: Path) -> None:
    run(rules_shop, "--add", json.dumps(rule("a", name="Not now")))
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([rule("b", priority=3), rule("c", enabled=False)]))
    run(rules_shop, "--import", file)
    listed = json.loads(run(rules_shop, "--json"))
    assert [(each["id"], each["priority"], each["enabled"]) for each in listed] == [
        ("a", 0, True),
        ("b", 3, True),
        ("c", 0, False),
    ]
    out = tmp_path / "out.json"
    run(rules_shop, "--export", out)
    assert json.loads(out.read_text()) == listed
    for each in "abc":
        run(rules_shop, "--delete", each)
    assert json.loads(run(rules_shop, "--json")) == []
    run(rules_shop, "--import", out)
    assert json.loads(run(rules_shop, "--json")) == listed
    assert "Not now" in run(rules_shop)


def test_a_file_with_one_bad_rule_changes_nothing(rules_shop: Path, tmp_path: Path) -> None:
    before = run(rules_shop, "--json")
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([rule("new"), {"id": "bad", "actions": []}]))
    with pytest.raises(BadInput, match="an action in rule 'bad'"):
        run(rules_shop, "--import", file)
    assert run(rules_shop, "--json") == before


def test_a_rule_is_tried_out(rules_shop: Path) -> None:
    before = run(rules_shop, "--json")
    pin = {"type": "pin", "item": "tent-kestrel-2", "position": 2}
    draft = json.dumps({"id": "draft", "priority": 9, "actions": [pin]})
    for listed in json.loads(before):
        run(rules_shop, "--delete", listed["id"])
    words = ("--preview", draft, "--query", "stove", "--json")
    seen = json.loads(run(rules_shop, *words))
    assert seen["after"]["total"] == seen["before"]["total"] + 1
    assert {"id": "tent-kestrel-2", "before": None, "after": 2} in seen["moved"]
    assert "tent-kestrel-2" in run(rules_shop, *words[:-1])


def test_conflicts_are_listed(rules_shop: Path) -> None:
    pin = {"type": "pin", "item": "nowhere", "position": 1}
    run(rules_shop, "--add", json.dumps(rule("lost", actions=[pin])))
    (found,) = json.loads(run(rules_shop, "--conflicts", "--json"))
    assert (found["kind"], found["rules"]) == ("missing-item", ["lost"])
    run(rules_shop, "--delete", "lost")


def test_who_changed_a_rule_is_on_record(rules_shop: Path) -> None:
    run(rules_shop, "--add", json.dumps(rule("noted")))
    run(rules_shop, "--delete", "noted")
    done = CliRunner().invoke(app, ["audit", str(rules_shop), "--changes", "--json"])
    last = json.loads(done.stdout)[-1]
    assert (last["action"], last["kind"], last["key"], last["after"]) == (
        "rules",
        "rule",
        "noted",
        None,
    )
    assert "@" in last["actor"] and last["before"]["id"] == "noted"


def test_what_does_not_fit_is_said(rules_shop: Path) -> None:
    with pytest.raises(BadInput, match="JSON in --add"):
        run(rules_shop, "--add", "{")
    with pytest.raises(NotFound, match="a rule of this shop"):
        run(rules_shop, "--delete", "nothing")
    with pytest.raises(NotFound, match="a file of rules"):
        run(rules_shop, "--import", "nowhere.json")
    with pytest.raises(WrongUse, match="one of --add"):
        run(rules_shop, "--conflicts", "--delete", "a")
