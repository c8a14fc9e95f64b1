"""`mercato experiments` from the plan to the end."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.core.errors import MercatoError

VARIED = {
    "name": "varied",
    "goal": "conversion",
    "arms": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "changes": {"variety": 0.4}},
    ],
}


@pytest.fixture(scope="module")
def folder(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(built_shop, tmp_path_factory.mktemp("experiments") / "shop"))


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["experiments", *words])
    if isinstance(done.exception, MercatoError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_experiment_from_its_plan_to_its_end(folder: Path, tmp_path: Path) -> None:
    shop = str(folder)
    plan = json.loads(run(shop, "plan", "--goal", "revenue", "--days", "3000", "--json"))
    # Two arms of n / 2 units: n = 4 × deviation² / effect² × (1.96 + .84)² for one look.
    effect = 0.05 * plan["value"]
    one_look = 4 * plan["deviation"] ** 2 / effect**2 * 2.8016**2
    assert one_look < plan["planned_units"] < 2 * one_look
    file = tmp_path / "varied.json"
    file.write_text(json.dumps(VARIED | {"planned_units": plan["planned_units"]}))
    made = json.loads(run(shop, "create", "--definition", str(file), "--json"))
    assert (made["status"], made["planned_units"]) == ("running", plan["planned_units"])
    assert "varied 0.5" in run(shop)
    assert json.loads(run(shop, "widen", "varied", "--share", "0.5", "--json"))["share"] == 0.5
    (looked,) = json.loads(run(shop, "look", "--due", "--json"))
    assert looked["units"] == {"control": 0, "varied": 0}
    shown = json.loads(run(shop, "show", "varied", "--json"))
    assert shown["reading"]["variants"][0]["verdict"] == "go on"
    assert "varied" in run(shop, "show", "varied")
    run(shop, "end", "varied", "--reason", "decided")
    (ended,) = json.loads(run(shop, "list", "--json"))
    assert (ended["status"], ended["reason"]) == ("ended", "decided")
    run(shop, "delete", "varied")
    assert json.loads(run(shop, "--json")) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("create",), "--definition JSON"),
        (("create", "--definition", "{,}"), "JSON in --definition"),
        (("create", "--definition", "no-such-file"), "a file of it"),
        (("create", "--definition", '{"name": "a"}'), "one of click-rate"),
        (("show",), "the name of an experiment"),
        (("show", "none"), "an experiment of this shop"),
        (("stop", "none"), "an experiment of this shop"),
        (("plan", "--days", "0"), "days and variants from 1"),
        (("plan", "--goal", "click-rate"), "click-rate of some shoppers"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, words: tuple[str, ...], expected: str) -> None:
    with pytest.raises(MercatoError) as error:
        run(str(folder), *words)
    assert expected in error.value.expected
