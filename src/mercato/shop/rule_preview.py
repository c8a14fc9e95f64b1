"""What a change of the rules would make of a search, before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mercato.core.errors import BadInput
from mercato.ranking.rules.actions import Banner
from mercato.ranking.rules.conflicts import Conflict, conflicts_of
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.rules.rule import Rule
from mercato.search.request import MOST_PER_PAGE, SearchContext, SearchRequest, Window
from mercato.search.search import search
from mercato.shop.opened import Shop
from mercato.shop.rules import changed_rules
from mercato.shop.search import SearchCall, search_context


@dataclass(frozen=True)
class Draft:
    """A change that is not made.

    rule    : to be added, or to replace the one of its id
    without : id of a rule to be left out
    """

    rule: Rule | None = None
    without: str | None = None


@dataclass(frozen=True)
class Side:
    """A search with one state of the rules: the ids of its first items, and what rules said."""

    total: int
    ids: tuple[str, ...]
    rules: tuple[str, ...]
    redirect: str | None
    banners: tuple[Banner, ...]


@dataclass(frozen=True)
class Move:
    """An item whose position differs; counted from 1, None where it is not among the first."""

    id: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Preview:
    before: Side
    after: Side
    moved: tuple[Move, ...]
    conflicts: tuple[Conflict, ...]


def preview(
    shop: Shop, draft: Draft, call: SearchCall, *, at: int | None = None, n: int = 24
) -> Preview:
    """The first ``n`` of a search without and with a change of the rules.

    at : microseconds since 1970 UTC, as if it were then; now where None

    Raises BadInput for a change of nothing, or a search that does not fit.
    """
    if draft.rule is None and draft.without is None:
        raise BadInput("a rule, or the id of one to leave out", "neither", "Give one.")
    if not 1 <= n <= MOST_PER_PAGE:
        raise BadInput(f"n from 1 to {MOST_PER_PAGE}", str(n), "Ask for fewer items.")
    book, live = shop.rules, shop.live
    rules = changed_rules(book.rules, draft.rule, draft.without)
    now = shop.wall() if at is None else at
    context = replace(search_context(shop, live, call), now=now)
    request = SearchRequest(
        call.q, call.filters, sort=call.sort, distinct=call.distinct, window=Window(0, n)
    )
    before = _side(request, replace(context, rules=book.index))
    after = _side(request, replace(context, rules=RuleIndex.of(rules, book.index.zone)))
    odd: Sequence[Conflict] = ()
    if draft.rule is not None:
        odd = conflicts_of(draft.rule, rules, live.catalogue, now)
    return Preview(before, after, tuple(_moves(before.ids, after.ids)), tuple(odd))


def _side(request: SearchRequest, context: SearchContext) -> Side:
    found = search(request, context)
    ids = tuple(context.catalogue.ids(found.rows))
    said = found.applied
    return Side(found.total, ids, said.rules, said.redirect, said.banners)


def _moves(before: Sequence[str], after: Sequence[str]) -> list[Move]:
    """By the position after, then those that went, by the position before."""
    was, became = _positions(before), _positions(after)
    ids = [*after, *(item_id for item_id in before if item_id not in became)]
    moves = [Move(item_id, was.get(item_id), became.get(item_id)) for item_id in ids]
    return [move for move in moves if move.before != move.after]


def _positions(ids: Sequence[str]) -> Mapping[str, int]:
    return {item_id: position for position, item_id in enumerate(ids, 1)}
