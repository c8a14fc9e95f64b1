"""A merchandising rule as the fields of a form, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mercato.core.errors import BadInput
from mercato.ranking.rules.windows import WEEKDAYS

ROWS = 4
"""Actions that the form has room for; a rule with more is changed through the API."""

TYPES = ("pin", "boost", "bury", "hide", "filter", "redirect", "banner")

_NUMBER = {"pin": "position", "boost": "factor", "bury": "factor"}
_PLAIN = {"pin": "item", "filter": "filter", "redirect": "url", "banner": "title"}
"""Type → what its ``target`` is; of the others it is a filter, or ids with commas between."""

_SELECTING = ("boost", "bury", "hide")


@dataclass(frozen=True)
class ActionRow:
    """target : what it is about: a filter, ids, an address or a title
    number : a position, or a factor
    text   : below a banner's title
    kept   : what else the action says, as JSON
    """

    type: str = ""
    target: str = ""
    number: str = ""
    text: str = ""
    kept: str = ""


@dataclass(frozen=True)
class RuleForm:
    """Everything as typed.

    queries, categories, segments : one a line
    whole : whether the form has room for all that the rule says; it must not be kept otherwise
    """

    id: str = ""
    name: str = ""
    enabled: bool = True
    everywhere: bool = False
    priority: str = "0"
    match: str = "exact"
    queries: str = ""
    categories: str = ""
    segments: str = ""
    starts_at: str = ""
    ends_at: str = ""
    weekdays: tuple[str, ...] = ()
    hours_from: str = ""
    hours_to: str = ""
    actions: tuple[ActionRow, ...] = (ActionRow(),) * ROWS
    whole: bool = True

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "RuleForm":
        """Of a stored rule."""
        conditions = document.get("conditions") or {}
        queries = conditions.get("queries") or [{"match": "exact"}]
        hours = conditions.get("hours") or {}
        rows = [_row(action) for action in document.get("actions") or ()]
        return cls(
            id=document["id"],
            name=document.get("name", ""),
            enabled=document.get("enabled", True),
            everywhere=document.get("scope") == "everywhere",
            priority=str(document.get("priority", 0)),
            match=queries[0].get("match", "exact"),
            queries="\n".join(each["text"] for each in queries if each.get("text")),
            categories="\n".join(conditions.get("categories", ())),
            segments="\n".join(conditions.get("segments", ())),
            starts_at=_local(conditions.get("starts_at")),
            ends_at=_local(conditions.get("ends_at")),
            weekdays=tuple(conditions.get("weekdays", ())),
            hours_from=hours.get("from", ""),
            hours_to=hours.get("to", ""),
            actions=tuple([*rows, *(ActionRow() for _ in range(ROWS - len(rows)))]),
            whole=len(rows) <= ROWS and len({each.get("match") for each in queries}) == 1,
        )

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> "RuleForm":
        """Of a form's fields."""

        def text(name: str) -> str:
            return sent.get(name, "")

        return cls(
            id=text("id"),
            name=text("name"),
            match=text("match") or "exact",
            queries=text("queries"),
            categories=text("categories"),
            segments=text("segments"),
            starts_at=text("starts_at"),
            ends_at=text("ends_at"),
            hours_from=text("hours_from"),
            hours_to=text("hours_to"),
            enabled=sent.get("enabled") == "1",
            everywhere=sent.get("everywhere") == "1",
            priority=sent.get("priority", "0") or "0",
            weekdays=tuple(day for day in WEEKDAYS if sent.get(f"on_{day}") == "1"),
            actions=tuple(
                ActionRow(
                    *(sent.get(f"{name}{at}", "") for name in ("type", "target", "number")),
                    *(sent.get(f"{name}{at}", "") for name in ("text", "kept")),
                )
                for at in range(ROWS)
            ),
        )

    def document(self) -> dict[str, Any]:
        """What `ranking.rules.rule.read_rule` reads. Raises BadInput for a number that is none."""
        hours = {"from": self.hours_from, "to": self.hours_to}
        conditions = {
            "queries": [{"match": self.match, "text": text} for text in _lines(self.queries)],
            "categories": _lines(self.categories),
            "segments": _lines(self.segments),
            "starts_at": _moment(self.starts_at),
            "ends_at": _moment(self.ends_at),
            "weekdays": list(self.weekdays),
            "hours": hours if any(hours.values()) else None,
        }
        return {
            "id": self.id,
            "name": self.name,
            "enabled": self.enabled,
            "priority": round(_number(self.priority, "priority")),
            "scope": "everywhere" if self.everywhere else "search",
            "conditions": {name: value for name, value in conditions.items() if value},
            "actions": [_action(row) for row in self.actions if row.type and row.target],
        }


def _row(action: Mapping[str, Any]) -> ActionRow:
    kind = action["type"]
    shown = {"type", "filter", "items", "text", _NUMBER.get(kind), _PLAIN.get(kind)}
    kept = {name: value for name, value in action.items() if name not in shown}
    target = action.get(_PLAIN.get(kind, "filter")) or ", ".join(action.get("items", ()))
    number = action.get(_NUMBER.get(kind, ""), "")
    text = action.get("text", "")
    return ActionRow(kind, target, str(number), text, orjson.dumps(kept).decode() if kept else "")


def _action(row: ActionRow) -> dict[str, Any]:
    if row.type not in TYPES:
        raise BadInput(f"an action out of {', '.join(TYPES)}", repr(row.type), "Choose one.")
    found: dict[str, Any] = {"type": row.type, **_kept(row.kept)}
    if row.type in _SELECTING and ":" not in row.target:
        found["items"] = [each.strip() for each in row.target.split(",") if each.strip()]
    else:
        found[_PLAIN.get(row.type, "filter")] = row.target.strip()
    if row.type in _NUMBER:
        number = _number(row.number or "1", _NUMBER[row.type])
        found[_NUMBER[row.type]] = round(number) if row.type == "pin" else number
    if row.type == "banner" and row.text:
        found["text"] = row.text
    return found


def _kept(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise BadInput("an action as the form gave it", repr(text[:80]), "Open the rule again.")
    return found


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"a number as {what}", repr(text), "Write it like 2 or 1.5.") from None


def _lines(text: str) -> Sequence[str]:
    return [each.strip() for each in text.splitlines() if each.strip()]


def _local(moment: str | None) -> str:
    """As a browser's field for times has it; both are UTC."""
    return (moment or "")[:16]


def _moment(text: str) -> str | None:
    return f"{text}Z" if text and "Z" not in text and "+" not in text else text or None
