"""A result measured in several runs keeps the rows of each."""

import json
from pathlib import Path

from bench.harness import Arguments, Row
from bench.merging import write_merged


def measured(out: Path, *rows: Row, merge: bool = True) -> dict[str, object]:
    asked = Arguments((), out, (), 1.0, quick=False, merge=merge)
    write_merged(asked, name="next", protocol="How. More.", data=[], rows=rows)
    found: dict[str, object] = json.loads(out.read_text())
    return found


def row(model: str, validation: float, *, chosen: bool = False) -> Row:
    return Row(model, {"validation": validation}, 1.0, 1.0, chosen, model.split(" ")[0])


def test_rows_not_measured_now_stay_and_the_best_is_chosen_anew(tmp_path: Path) -> None:
    out = tmp_path / "next.json"
    first = row("beauty a", 0.3, chosen=True), row("beauty b", 0.1), row("sports a", 0.9)
    measured(out, *first)
    before = json.loads(out.read_text())
    out.write_text(json.dumps(before | {"commit": "old", "protocol": "How. Sizes."}))
    found = measured(out, row("beauty b", 0.5, chosen=True))
    rows = {each["model"]: each for each in found["rows"]}  # type: ignore[attr-defined]
    assert set(rows) == {"beauty a", "beauty b", "sports a"}
    assert rows["beauty b"]["chosen"]
    assert "chosen" not in rows["beauty a"]
    assert rows["beauty a"]["commit"] == "old"
    assert rows["beauty b"]["commit"] == found["commit"] != "old"
    assert rows["sports a"]["metrics"] == {"validation": 0.9}
    assert found["protocol"] == "How. More. Sizes."


def test_without_merging_all_is_new(tmp_path: Path) -> None:
    out = tmp_path / "next.json"
    measured(out, row("beauty a", 0.3))
    found = measured(out, row("beauty b", 0.1), merge=False)
    assert [each["model"] for each in found["rows"]] == ["beauty b"]  # type: ignore[attr-defined]
