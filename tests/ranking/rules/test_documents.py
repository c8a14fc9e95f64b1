"""docs/merchandising.md says what the code does."""

import json
import re
from pathlib import Path

from mercato.ranking.rules.conflicts import Kind
from mercato.ranking.rules.patterns import Pattern, units_of
from mercato.ranking.rules.rule import read_rule

TEXT = (Path(__file__).parents[3] / "docs" / "merchandising.md").read_text(encoding="utf-8")


def test_the_example_is_a_rule() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    rule = read_rule(json.loads(example))
    assert isinstance(rule.conditions.queries[0], Pattern)
    assert rule.conditions.queries[0].holds(units_of("warm boots"))


def test_every_conflict_and_every_action_is_explained() -> None:
    named = set(re.findall(r"`([\w-]+)`", TEXT))
    assert {str(kind) for kind in Kind} <= named
    assert {"pin", "boost", "bury", "hide", "filter", "redirect", "banner"} <= named
