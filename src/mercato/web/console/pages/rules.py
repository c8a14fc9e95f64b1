"""All merchandising rules: what each does, when, and which get in each other's way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mercato.core.roles import Permission
from mercato.ranking.rules.rule import Rule
from mercato.ranking.rules.windows import Window
from mercato.shop.revisions import revision_of
from mercato.shop.rules import all_conflicts, delete_rule, put_rule, stored_rule, stored_rules
from mercato.state.rules import StoredRule
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/rules"
EDIT = f"{PATH}/edit"

_CALENDAR_DAYS = 28
_MOST_IN_CALENDAR = 60


@dataclass(frozen=True)
class Line:
    """One rule. state : on, off, over or waiting

    queries, categories : that it is for; both empty: all
    actions  : (type, what it is about)
    revision : of what is shown, so that nobody undoes what they did not see
    """

    id: str
    name: str
    state: str
    priority: int
    everywhere: bool
    queries: tuple[str, ...]
    categories: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]
    by: str
    at: datetime
    url: str
    revision: str


@dataclass(frozen=True)
class Row:
    """A rule with a window in the calendar; days : whole, part or none, a word a day"""

    id: str
    name: str
    days: tuple[str, ...]


@dataclass(frozen=True)
class RulesPage:
    """conflicts : (kind, names of one or two rules with their addresses, detail in English)
    days : of the calendar, from today
    """

    template: ClassVar[str] = "console/rules.html"
    lines: tuple[Line, ...]
    conflicts: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...]
    days: tuple[date, ...]
    calendar: tuple[Row, ...]
    may_change: bool


def rules(ask: Ask) -> Page:
    known = {rule.id: rule for rule in ask.shop.rules.rules}
    now = ask.shop.wall()
    lines = tuple(
        _line(known[stored.id], stored, now)
        for stored in stored_rules(ask.shop)
        if stored.id in known
    )
    names = {each.id: (each.name, each.url) for each in lines}
    zone = ask.shop.rules.index.zone
    days = tuple(
        datetime.fromtimestamp(now / 1e6, zone).date() + timedelta(days=n)
        for n in range(_CALENDAR_DAYS)
    )
    context = RulesPage(
        lines=tuple(sorted(lines, key=lambda each: (-each.priority, each.id))),
        conflicts=tuple(
            (each.kind, tuple(names[rule] for rule in each.rules if rule in names), each.detail)
            for each in all_conflicts(ask.shop)
        ),
        days=days,
        calendar=tuple(_rows(known.values(), days, zone)),
        may_change=Permission.RULES in ask.may,
    )
    return Page(context)


def edit_url(rule_id: str) -> str:
    return f"{EDIT}?{urlencode({'id': rule_id})}"


def _line(rule: Rule, stored: StoredRule, now: int) -> Line:
    return Line(
        id=rule.id,
        name=rule.name or rule.id,
        state=_state(rule, now),
        priority=rule.priority,
        everywhere=rule.scope == "everywhere",
        queries=tuple(f"{each.match}: {each.text}" for each in rule.conditions.queries),
        categories=rule.conditions.categories,
        actions=tuple(_told(action.to_json()) for action in rule.actions),
        by=stored.updated_by,
        at=datetime.fromtimestamp(stored.updated_at / 1e6, UTC),
        url=edit_url(rule.id),
        revision=revision_of(stored.document),
    )


def _state(rule: Rule, now: int) -> str:
    window = rule.conditions.window
    if not rule.enabled:
        return "off"
    if window.is_over(now):
        return "over"
    return "waiting" if window.starts_at is not None and now < window.starts_at else "on"


def _told(action: dict[str, object]) -> tuple[str, str]:
    kind = str(action.pop("type"))
    listed = (each if isinstance(each, list) else [each] for each in action.values())
    return kind, " · ".join(", ".join(map(str, each)) for each in listed)


def _rows(rules: Iterable[Rule], days: tuple[date, ...], zone: ZoneInfo) -> Iterator[Row]:
    timed = (each for each in rules if each.enabled and each.conditions.window != Window())
    for rule in islice(timed, _MOST_IN_CALENDAR):
        window = rule.conditions.window
        marks = tuple(_open(window, day, zone) for day in days)
        yield Row(rule.id, rule.name or rule.id, marks)


def _open(window: Window, day: date, zone: ZoneInfo) -> str:
    """Whether a window is open on a day: the whole of it, a part, or none."""
    start = round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1e6)
    end = start + 86_400_000_000
    if (window.starts_at or start) >= end or (window.ends_at or end) <= start:
        return "none"
    if window.weekdays and day.weekday() not in window.weekdays:
        return "none"
    cut = (window.starts_at or start) > start or (window.ends_at or end) < end
    return "part" if cut or window.hours is not None else "whole"


def switch(ask: Ask) -> Redirect:
    """``POST /console/rules/switch``: id, on (1 or 0), revision."""
    rule_id = require(ask.form, "id")
    document = {**stored_rule(ask.shop, rule_id).document, "enabled": ask.form.get("on") == "1"}
    put_rule(ask.shop, rule_id, document, ask.by, seen=ask.form.get("revision") or None)
    return Redirect(PATH, "rule_changed")


def delete(ask: Ask) -> Redirect:
    """``POST /console/rules/delete``: id, revision."""
    rule_id = require(ask.form, "id")
    delete_rule(ask.shop, rule_id, ask.by, seen=ask.form.get("revision") or None)
    return Redirect(PATH, "rule_deleted")
