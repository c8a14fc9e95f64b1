"""Whether two rules can hold at once, for some shopper, some query and some moment."""

from mercato.ranking.rules.conditions import Conditions
from mercato.ranking.rules.patterns import Match, Pattern, units_of
from mercato.ranking.rules.rule import Rule


def can_meet(one: Rule, other: Rule) -> bool:
    """A shopper can be in any two segments, so these part no rules."""
    first, second = one.conditions, other.conditions
    return (
        one.enabled
        and other.enabled
        and first.window.meets(second.window)
        and _same_query(first, second)
        and _same_category(first, second)
    )


def _same_query(one: Conditions, other: Conditions) -> bool:
    if not one.queries or not other.queries:
        return True
    return any(_both(first, second) for first in one.queries for second in other.queries)


def _both(one: Pattern, other: Pattern) -> bool:
    """Whether a query is there for which both hold."""
    if Match.EXACT in (one.match, other.match):
        exact, wanted = (one, other) if one.match is Match.EXACT else (other, one)
        return wanted.holds(units_of(exact.text))
    if one.match is other.match is Match.STARTS_WITH:
        shared = min(len(one.units), len(other.units))
        return one.units[:shared] == other.units[:shared]
    return True


def _same_category(one: Conditions, other: Conditions) -> bool:
    """Whether a category of one is above or the same as one of the other."""
    if not one.categories or not other.categories:
        return True
    return bool(one.with_levels & other.category_keys or other.with_levels & one.category_keys)
