"""Keep a shop's synonyms: checked, durable, on record, and live at once on every worker."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mercato.core.errors import BadInput, NotFound
from mercato.ranking.synonyms.synonym import Status, Synonym, read_synonym
from mercato.shop.opened import Shop
from mercato.shop.rules import By
from mercato.shop.synonym_book import file_synonyms
from mercato.state.documents import DocumentChange, Wanted

MOST_SYNONYMS = 50_000
"""Of a shop. All of them are read again with every change."""

_AT_ONCE = 1_000
"""Written in one transaction."""


@dataclass(frozen=True)
class Kept:
    """id : None for those of the file, which are changed there"""

    id: str | None
    synonym: Synonym


def synonyms_of(shop: Shop, status: str | None = None) -> list[Kept]:
    """All synonyms, or those of a status: proposals first, by falling score, then by their terms.

    Raises BadInput where the file in the shop's folder cannot be read.
    """
    if status is not None and status not in list(Status):
        raise BadInput(f"status as one of {', '.join(Status)}", repr(status), "Leave it out.")
    kept = [Kept(None, synonym) for synonym in file_synonyms(shop.paths.root)]
    kept += [Kept(each.id, read_synonym(each.document)) for each in shop.state.synonyms.all()]
    wanted = [each for each in kept if status in (None, each.synonym.status)]
    return sorted(wanted, key=_order)


def _order(kept: Kept) -> tuple[bool, float, tuple[str, ...], tuple[str, ...]]:
    synonym = kept.synonym
    proposed = synonym.status is Status.PROPOSED
    return not proposed, -(synonym.score or 0), synonym.terms, synonym.also


def add_synonym(shop: Shop, sent: object, by: By) -> list[Kept]:
    """Add one, accepted unless it says otherwise; see `add_synonyms`. Raises BadInput where it
    does not fit."""
    return add_synonyms(shop, [read_synonym(sent)], by)


def add_synonyms(shop: Shop, synonyms: Sequence[Synonym], by: By) -> list[Kept]:
    """Add many; what says the same as one that is there is not added again.

    A proposal is not made twice, nor again after a person has rejected it; a synonym that a
    person adds takes the place of a proposal that says the same. Returns what was added.
    """
    known = {each.synonym.key: each for each in synonyms_of(shop)}
    if len(known) + len(synonyms) > MOST_SYNONYMS:
        raise BadInput(
            f"at most {MOST_SYNONYMS} synonyms", str(len(known) + len(synonyms)), "Delete some."
        )
    added: dict[object, Kept] = {}
    for synonym in synonyms:
        there = known.get(synonym.key)
        if there is None:
            added[synonym.key] = Kept(f"syn-{secrets.token_hex(4)}", synonym)
        elif _is_news(there.synonym, synonym) and there.id is not None:
            added[synonym.key] = Kept(there.id, synonym)
    _write(shop, [_change(each) for each in added.values()], by)
    return list(added.values())


def _is_news(there: Synonym, synonym: Synonym) -> bool:
    return synonym.status is Status.ACCEPTED and there.status is not Status.ACCEPTED


def decide(shop: Shop, synonym_id: str, status: Status, by: By) -> Kept:
    """Accept or reject a synonym. Raises NotFound where there is none of that id."""

    def plan() -> tuple[list[DocumentChange], Kept]:
        stored = shop.state.synonyms.get(synonym_id)
        if stored is None:
            raise _no_such(synonym_id)
        kept = Kept(synonym_id, replace(read_synonym(stored.document), status=status))
        return [_change(kept)], kept

    decided = shop.state.synonyms.rewrite(plan, actor=by.actor, action=by.action)
    shop.refresh()
    return decided


def delete_synonym(shop: Shop, synonym_id: str, by: By) -> None:
    """Raises NotFound where there is none of that id."""
    if _write(shop, [DocumentChange(synonym_id, None, Wanted.KNOWN)], by) is not None:
        raise _no_such(synonym_id)


def _change(kept: Kept) -> DocumentChange:
    assert kept.id is not None
    return DocumentChange(kept.id, kept.synonym.to_json())


def _write(shop: Shop, changes: Iterable[DocumentChange], by: By) -> DocumentChange | None:
    """Make changes durable, and visible on this worker; see `DocumentTable.change`."""
    waiting = list(changes)
    refused = None
    for start in range(0, len(waiting), _AT_ONCE):
        part = waiting[start : start + _AT_ONCE]
        made = shop.state.synonyms.change(part, actor=by.actor, action=by.action)
        refused = refused or made.result()
    shop.refresh()
    return refused


def _no_such(synonym_id: str) -> NotFound:
    return NotFound(
        "a synonym of this shop's state", repr(synonym_id), "GET /v1/synonyms lists them."
    )
