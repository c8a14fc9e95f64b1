"""Keep a shop's merchandising rules: checked, durable, on record, and live at once."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mercato.core.errors import BadInput, MercatoError, NotFound
from mercato.ranking.rules.conflicts import Conflict, conflicts, conflicts_of
from mercato.ranking.rules.rule import Rule, checked_id, read_rule
from mercato.shop.opened import Shop
from mercato.shop.revisions import require_revision
from mercato.state.rules import RuleChange, StoredRule, Wanted

MOST_RULES = 1_000
"""Of a shop. All of them are read again with every change, and held against each other."""


class AlreadyThere(MercatoError):
    """Something of that name exists."""

    status = 409
    title = "Already there"


@dataclass(frozen=True)
class By:
    """Who makes a change, and by what command or route: ``user@host``, or a client's address."""

    actor: str
    action: str


@dataclass(frozen=True)
class Saved:
    """A rule as it is stored, and what is odd about it and the others."""

    rule: StoredRule
    conflicts: tuple[Conflict, ...]


def create_rule(shop: Shop, document: object, by: By) -> Saved:
    """Add a rule; one without an id gets one.

    Raises BadInput where it does not fit, AlreadyThere where its id is taken.
    """
    if isinstance(document, Mapping) and not document.get("id"):
        document = {**document, "id": f"rule-{secrets.token_hex(4)}"}
    return _save(shop, read_rule(document), Wanted.NEW, by)


def put_rule(
    shop: Shop, rule_id: str, document: object, by: By, *, seen: str | None = None
) -> Saved:
    """Add or replace a rule. ``seen``: the revision that this rests on, see `shop.revisions`.

    Raises BadInput where it does not fit, OutOfDate where it is of another revision.
    """
    checked_id(rule_id)
    if isinstance(document, Mapping):
        if document.get("id", rule_id) != rule_id:
            found = f"id {document['id']!r}"
            raise BadInput(f"id {rule_id!r}", found, "Leave id out of the rule.")
        document = {**document, "id": rule_id}
    return _save(shop, read_rule(document), Wanted.EITHER, by, seen)


def put_rules(shop: Shop, documents: Sequence[object], by: By) -> list[Rule]:
    """Add or replace many rules, all or none. Raises BadInput where one does not fit."""
    rules = [read_rule(document) for document in documents]
    ids = [rule.id for rule in rules]
    if twice := [rule_id for rule_id in ids if ids.count(rule_id) > 1]:
        raise BadInput("each rule once", f"{twice[0]!r} more than once", "Keep one of them.")
    _check_number(shop, ids)
    _write(shop, [RuleChange(rule.id, rule.to_json()) for rule in rules], by)
    return rules


def delete_rule(shop: Shop, rule_id: str, by: By, *, seen: str | None = None) -> None:
    """Raises NotFound where there is no such rule, OutOfDate where it is of another revision."""

    def plan() -> tuple[list[RuleChange], None]:
        require_revision(f"rule {rule_id!r}", stored_rule(shop, rule_id).document, seen)
        return [RuleChange(rule_id, None)], None

    shop.state.rules.rewrite(plan, actor=by.actor, action=by.action)
    shop.refresh()


def stored_rule(shop: Shop, rule_id: str) -> StoredRule:
    """Raises NotFound where there is no such rule."""
    found = shop.state.rules.get(rule_id)
    if found is None:
        raise _no_such(rule_id)
    return found


def stored_rules(shop: Shop) -> list[StoredRule]:
    """All rules, by their id."""
    return shop.state.rules.all()


def all_conflicts(shop: Shop) -> list[Conflict]:
    """What is odd about the shop's enabled rules."""
    return conflicts(shop.rules.rules, shop.live.catalogue, shop.wall())


def changed_rules(rules: Iterable[Rule], rule: Rule | None, without: str | None) -> list[Rule]:
    """The rules with one more or changed, and with one less."""
    gone = {without, None if rule is None else rule.id}
    kept = [each for each in rules if each.id not in gone]
    return kept if rule is None else [*kept, rule]


def _save(shop: Shop, rule: Rule, wanted: Wanted, by: By, seen: str | None = None) -> Saved:
    _check_number(shop, [rule.id])

    def plan() -> tuple[list[RuleChange], None]:
        known = shop.state.rules.get(rule.id)
        if known is not None and wanted is Wanted.NEW:
            raise AlreadyThere("an id that is free", repr(rule.id), "Replace that rule with PUT.")
        require_revision(f"rule {rule.id!r}", None if known is None else known.document, seen)
        return [RuleChange(rule.id, rule.to_json())], None

    shop.state.rules.rewrite(plan, actor=by.actor, action=by.action)
    shop.refresh()
    now = shop.wall()
    found = conflicts_of(rule, shop.rules.rules, shop.live.catalogue, now)
    stored = shop.state.rules.get(rule.id)
    # Whoever deletes it at this very moment does not undo that it was saved.
    saved = stored or StoredRule(rule.id, rule.to_json(), now, now, by.actor)
    return Saved(saved, tuple(found))


def _write(shop: Shop, changes: Sequence[RuleChange], by: By) -> None:
    """Make changes durable, and visible on this worker; see `RuleTable.change`."""
    shop.state.rules.change(changes, actor=by.actor, action=by.action).result()
    shop.refresh()


def _check_number(shop: Shop, ids: Sequence[str]) -> None:
    n = len({rule.id for rule in shop.rules.rules} | set(ids))
    if n > MOST_RULES:
        raise BadInput(f"at most {MOST_RULES} rules", str(n), "Delete those that are over.")


def _no_such(rule_id: str) -> NotFound:
    return NotFound("a rule of this shop", repr(rule_id), "GET /v1/rules lists them.")
