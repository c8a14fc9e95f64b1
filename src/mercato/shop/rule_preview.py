"""What a change of the rules would make of a search, before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mercato.core.errors import BadInput
from mercato.ranking.rules.actions import Banner
from mercato.ranking.rules.conflicts import Conflict, conflicts_of
from mercato.ranking.rules.fields import Fields
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.rules.rule import Rule, read_rule
from mercato.ranking.rules.windows import moment
from mercato.search.request import MOST_PER_PAGE, SearchContext, SearchRequest, Window
from mercato.search.search import search
from mercato.shop.opened import Shop
from mercato.shop.rules import changed_rules
from mercato.shop.search import SearchCall, search_context

_SEARCH = ("q", "filter", "sort", "distinct", "user_id", "visitor_id", "segment")
_FIELDS = ("rule", "without", "at", "n", *_SEARCH)


@dataclass(frozen=True)
class PreviewCall:
    """A change that is not made, and a search to see it by.

    rule    : to be added, or to replace the one of its id
    without : id of a rule to be left out
    at      : microseconds since 1970 UTC, as if it were then; now where None
    n       : items that are compared
    """

    call: SearchCall
    rule: Rule | None = None
    without: str | None = None
    at: int | None = None
    n: int = 24


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


def read_preview(found: object) -> PreviewCall:
    """From JSON. Raises BadInput where something does not fit."""
    fields = Fields.of(found, "the preview", _FIELDS)
    return PreviewCall(
        SearchCall(
            q=fields.text("q", ""),
            filters=fields.texts("filter"),
            sort=fields.text("sort", "") or None,
            user_id=fields.text("user_id", "") or None,
            visitor_id=fields.text("visitor_id", "") or None,
            distinct=fields.flag("distinct", True),
            segments=fields.texts("segment"),
        ),
        read_rule(fields.found["rule"]) if fields.has("rule") else None,
        fields.text("without", "") or None,
        moment(fields, "at"),
        fields.whole("n", 1, MOST_PER_PAGE, 24),
    )


def preview(shop: Shop, asked: PreviewCall) -> Preview:
    """The first items of a search without and with a change of the rules.

    Raises BadInput for a change of nothing, or a search that does not fit.
    """
    if asked.rule is None and asked.without is None:
        raise BadInput("a rule, or the id of one to leave out", "neither", "Give one.")
    book, live, call = shop.rules, shop.live, asked.call
    rules = changed_rules(book.rules, asked.rule, asked.without)
    now = shop.wall() if asked.at is None else asked.at
    context = replace(search_context(shop, live, call), now=now)
    window = Window(0, asked.n)
    request = SearchRequest(
        call.q, call.filters, sort=call.sort, distinct=call.distinct, window=window
    )
    before = _side(request, replace(context, rules=book.index))
    after = _side(request, replace(context, rules=RuleIndex.of(rules, book.index.zone)))
    odd: Sequence[Conflict] = ()
    if asked.rule is not None:
        odd = conflicts_of(asked.rule, rules, live.catalogue, now)
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
