"""Categories and brands that a shopper takes more of than the shop as a whole does."""

import ibis

from mercato.data.asset import Keep
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition

MOST = 5
"""Categories or brands of a shopper that are kept."""

CATEGORY_LEVELS = 2
"""Of a path ``A > B > C``, ``A > B`` is what a shopper can have an affinity to."""

PRIOR_LINES = 5.0
"""Lines that the shop's own taste counts for, assumed."""

INTEREST = ("view_item", "add_to_cart", "add_to_wishlist", "purchase")
"""Events whose lines show interest in a product."""

_RULE = (
    "share: of the shopper's lines of interest (view_item, add_to_cart, add_to_wishlist, "
    "purchase) whose product has one; lift: (n + 5) / (e + 5), with n of the shopper's lines and "
    "e expected from the shop's share; only those above 1, the highest first."
)
_RULE_CHINESE = (
    "share：占该顾客兴趣行（view_item、add_to_cart、add_to_wishlist、purchase）的比例；"
    "lift：(n + 5) / (e + 5)，n 为该顾客的行数，e 为按全店占比的期望行数；"
    "只保留大于 1 的，从高到低。"
)

COLUMNS = (
    Definition(
        "categories",
        f"At most {MOST} categories (two levels of product_type) with an affinity. {_RULE}",
        f"最多 {MOST} 个偏好类目（product_type 的前两级）。{_RULE_CHINESE}",
    ),
    Definition(
        "brands",
        f"At most {MOST} brands with an affinity. {_RULE}",
        f"最多 {MOST} 个偏好品牌。{_RULE_CHINESE}",
    ),
)


def numbered(of: str) -> str:
    """The column with the number of each category or brand, in the order of their names."""
    return f"{of}_number"


def affinities(lines: ibis.Table, facts: ibis.Table, of: str, name: str, keep: Keep) -> ibis.Table:
    """(shopper_id, name): a list of structs (of, share, lift), the highest lift first.

    lines : of shoppers
    facts : products with the number of ``of``, null where they have none, and its name
    keep  : of `DeriveContext`

    The lift is drawn towards 1 as by a gamma prior of mean 1 (DuMouchel, Bayesian data mining in
    large frequency tables, The American Statistician 1999): a single line of a rare brand is no
    taste yet.
    """
    number = numbered(of)
    told = facts.filter(facts[number].notnull()).select("item_id", number)
    interest = lines.filter(lines.event.isin(INTEREST)).select(SHOPPER_ID, "item_id")
    counted = interest.inner_join(told, "item_id").group_by(SHOPPER_ID, number)
    counted = keep(counted.aggregate(n=lambda t: t.count()), each=SHOPPER_ID)
    shopper, value = counted[SHOPPER_ID], counted[number]
    among = counted.mutate(
        of_shopper=counted.n.sum().over(group_by=shopper),
        of_value=counted.n.sum().over(group_by=value),
        of_shop=counted.n.sum().over(),
    )
    expected = among.of_shopper * (among.of_value / among.of_shop)
    lifted = among.mutate(
        share=among.n / among.of_shopper, lift=(among.n + PRIOR_LINES) / (expected + PRIOR_LINES)
    )
    lifted = lifted.filter(lifted.lift > 1.0)
    by_lift = [lifted.lift.desc(), lifted.n.desc(), lifted[number]]
    nth = ibis.row_number().over(group_by=lifted[SHOPPER_ID], order_by=by_lift)
    best = lifted.mutate(nth=nth).filter(lambda t: t.nth < MOST)
    best = best.inner_join(facts.select(number, of).distinct(), number)
    # Structs are sorted by their first field: lists have no order of their own on every engine.
    entry = ibis.struct({each: best[each] for each in ("nth", of, "share", "lift")})
    lists = best.mutate(entry=entry).group_by(SHOPPER_ID)
    lists = lists.aggregate(entries=lambda t: t.entry.collect())
    kept = (of, "share", "lift")
    only = lists.entries.sort().map(lambda each: ibis.struct({n: each[n] for n in kept}))
    return lists.select(SHOPPER_ID, only.name(name))
