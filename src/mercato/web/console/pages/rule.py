"""One merchandising rule: what it says, and what it would make of a search before it is kept."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.errors import BadInput
from mercato.core.roles import Permission
from mercato.ranking.rules.patterns import Match
from mercato.ranking.rules.rule import read_rule
from mercato.ranking.rules.windows import WEEKDAYS
from mercato.shop.revisions import revision_of
from mercato.shop.rule_preview import Preview, PreviewCall, preview
from mercato.shop.rules import create_rule, put_rule, stored_rule
from mercato.shop.search import SearchCall
from mercato.web.cards import Card, card
from mercato.web.console.asked import Ask, Page, Redirect
from mercato.web.console.pages.rules import PATH
from mercato.web.console.rule_forms import TYPES, RuleForm

SHOWN = 12
_DRAFT = "preview"
"""The id of a rule that has none yet."""


@dataclass(frozen=True)
class Seen:
    """A search without the change and with it: (place, card, place on the other side or None)."""

    q: str
    total_before: int
    total_after: int
    before: tuple[tuple[int, Card, int | None], ...]
    after: tuple[tuple[int, Card, int | None], ...]
    holds: bool
    conflicts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RulePage:
    """form : as it is stored, or as it was typed
    revision : of the stored rule that this rests on; empty of a new one
    seen  : what it makes of the search ``try``; None where nothing was tried
    wrong : what does not fit: (expected, found, remedy), in English
    """

    template: ClassVar[str] = "console/rule.html"
    form: RuleForm
    revision: str
    try_q: str
    seen: Seen | None
    wrong: tuple[str, str, str] | None
    may_change: bool
    zone: str
    types: tuple[str, ...] = TYPES
    matches: tuple[str, ...] = tuple(Match)
    weekdays: tuple[str, ...] = WEEKDAYS


def rule(ask: Ask) -> Page:
    """Parameters: ``id`` of a stored rule; or the fields of the form, to see what they would do."""
    form, revision = _form(ask)
    try_q = ask.query.get("try", "").strip() or (form.queries.splitlines() or [""])[0]
    seen, wrong = None, None
    if any(row.type for row in form.actions):
        try:
            seen = _seen(ask, form, try_q)
        except BadInput as error:
            wrong = (error.expected, error.found, error.remedy)
    may, zone = Permission.RULES in ask.may, str(ask.shop.rules.index.zone)
    return Page(RulePage(form, revision, try_q, seen, wrong, may, zone))


def _form(ask: Ask) -> tuple[RuleForm, str]:
    if "priority" in ask.query:  # the form's own fields
        return RuleForm.read(ask.query), ask.query.get("revision", "")
    rule_id = ask.query.get("id", "")
    if not rule_id:
        return RuleForm(), ""
    document = stored_rule(ask.shop, rule_id).document
    return RuleForm.of(document), revision_of(document)


def _seen(ask: Ask, form: RuleForm, q: str) -> Seen:
    document = form.document()
    found = read_rule({**document, "id": document["id"] or _DRAFT})
    told = preview(ask.shop, PreviewCall(SearchCall(q, seen=False), rule=found, n=SHOWN))
    before, after = _sides(ask, told)
    return Seen(
        q,
        told.before.total,
        told.after.total,
        before,
        after,
        found.id in told.after.rules,
        tuple((each.kind, each.detail) for each in told.conflicts),
    )


Side = tuple[tuple[int, Card, int | None], ...]


def _sides(ask: Ask, told: Preview) -> tuple[Side, Side]:
    ids = told.before.ids, told.after.ids
    places = [{item_id: place for place, item_id in enumerate(side, 1)} for side in ids]
    catalogue = ask.shop.live.catalogue

    def side(own: tuple[str, ...], other: dict[str, int]) -> Side:
        rows = ((item_id, catalogue.row(item_id)) for item_id in own)
        return tuple(
            (place, card(catalogue.item(row), ask.currency), other.get(item_id))
            for place, (item_id, row) in enumerate(rows, 1)
            if row is not None
        )

    return side(ids[0], places[1]), side(ids[1], places[0])


def save(ask: Ask) -> Redirect:
    """``POST /console/rules/save``: the form's fields."""
    form = RuleForm.read(ask.form)
    document = form.document()
    if form.id:
        put_rule(ask.shop, form.id, document, ask.by, seen=ask.form.get("revision") or None)
    else:
        create_rule(ask.shop, document, ask.by)
    return Redirect(PATH, "rule_kept")
