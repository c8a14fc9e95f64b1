"""A rule: when it holds, and what it does then."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mercato.core.errors import BadInput
from mercato.ranking.rules.actions import Action, Hide, Pin, Redirect, read_action
from mercato.ranking.rules.conditions import Conditions
from mercato.ranking.rules.fields import Fields

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED_IDS = frozenset({"conflicts"})
"""Names that stand for something else in addresses."""

HIGHEST_PRIORITY = 1_000_000

_FIELDS = ("id", "name", "enabled", "priority", "scope", "conditions", "actions")


class Scope(StrEnum):
    SEARCH = "search"
    """Searches and listings."""
    EVERYWHERE = "everywhere"
    """What it hides does not stand on shelves either."""


@dataclass(frozen=True)
class Rule:
    """priority : of rules that meet, the greater one goes first; then the id that sorts first"""

    id: str
    actions: tuple[Action, ...]
    name: str = ""
    enabled: bool = True
    priority: int = 0
    scope: Scope = Scope.SEARCH
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def precedence(self) -> tuple[int, str]:
        """Sorts rules, the first to act first."""
        return -self.priority, self.id

    def to_json(self) -> dict[str, Any]:
        """What `read_rule` reads as the same rule."""
        return {
            "id": self.id,
            "name": self.name,
            "enabled": self.enabled,
            "priority": self.priority,
            "scope": str(self.scope),
            "conditions": self.conditions.to_json(),
            "actions": [action.to_json() for action in self.actions],
        }


def read_rule(found: object) -> Rule:
    """A rule from JSON. Raises BadInput where something does not fit, saying where."""
    fields = Fields.of(found, "the rule", _FIELDS)
    rule_id = checked_id(fields.text("id"))
    rule = Rule(
        id=rule_id,
        actions=fields.each("actions", read_action),
        name=fields.text("name", ""),
        enabled=fields.flag("enabled", True),
        priority=fields.whole("priority", -HIGHEST_PRIORITY, HIGHEST_PRIORITY, 0),
        scope=Scope(fields.one_of("scope", list(Scope), Scope.SEARCH)),
        conditions=Conditions.read(fields.found.get("conditions") or {}),
    )
    _check(rule)
    return rule


def checked_id(rule_id: str) -> str:
    """Raises BadInput where a rule cannot be called so."""
    if not RULE_ID.fullmatch(rule_id) or rule_id in RESERVED_IDS:
        raise BadInput(
            "an id of at most 64 letters, digits, '.', '_' and '-'",
            repr(rule_id),
            "Choose another.",
        )
    return rule_id


def _check(rule: Rule) -> None:
    """Raises BadInput where the parts of a rule do not go together."""
    where = f"rule {rule.id!r}"
    if not rule.actions:
        raise BadInput(f"an action in {where}", "none", 'Add one such as {"type": "hide", …}.')
    pins = [action for action in rule.actions if isinstance(action, Pin)]
    _once(Counter(pin.position for pin in pins), f"one item at each position in {where}")
    _once(Counter(pin.item for pin in pins), f"each item pinned once in {where}")
    redirects = sum(isinstance(action, Redirect) for action in rule.actions)
    if redirects > 1:
        raise BadInput(f"one redirect in {where}", str(redirects), "Keep one of them.")
    if rule.scope is Scope.EVERYWHERE:
        if not all(isinstance(action, Hide) for action in rule.actions):
            raise BadInput(f"only hide in {where}, whose scope is everywhere", "more", "Part it.")
        if rule.conditions.queries:
            raise BadInput(
                f"no queries in {where}, whose scope is everywhere", "some", "Nobody asks a shelf."
            )


def _once(counts: Mapping[object, int], expected: str) -> None:
    if twice := [value for value, count in counts.items() if count > 1]:
        raise BadInput(expected, f"{twice[0]!r} more than once", "Keep one of them.")
