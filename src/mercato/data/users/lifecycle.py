"""How long a shopper has been silent, against how often they, and the shop's shoppers, order."""

import ibis

from mercato.data.users.definitions import Definition, Rule

PRIOR_INTERVALS = 3.0
"""Intervals that the shop's rhythm counts for beside the shopper's own, assumed."""

UNKNOWN_DAYS = 30.0
"""The interval of a shop in which nobody ordered twice, assumed."""

SHORTEST_DAYS = 1.0
"""Orders closer together than this say nothing of when the next one is due."""

COLUMNS = (
    Definition(
        "interval_days",
        "Days in which the next order is to be expected: the shopper's median, weighed by their "
        "intervals, with the shop's median (of its shoppers' medians; 30 where nobody ordered "
        "twice), which counts for 3; at least 1. Empty without an order.",
        "预计下一单的间隔天数：顾客自己的中位数（按其间隔数加权）与全店中位数"
        "（各顾客中位数的中位数；无人复购时为 30）加权平均，"
        "全店计为 3 个间隔；最低 1 天。未下单则为空。",
    ),
    Definition(
        "stage",
        "The first life-cycle stage that holds; empty without an order.",
        "第一个符合的生命周期阶段；未下单则为空。",
    ),
)


def with_interval(buyers: ibis.Table) -> ibis.Table:
    """Buyers with ``interval_days``."""
    shop = buyers.aggregate(
        shop_days=buyers.median_days_between_orders.median().coalesce(UNKNOWN_DAYS)
    )
    joined = buyers.cross_join(shop)
    own = (joined.orders - 1).cast("float64")
    days = (
        own * joined.median_days_between_orders.coalesce(0.0) + PRIOR_INTERVALS * joined.shop_days
    ) / (own + PRIOR_INTERVALS)
    return joined.mutate(interval_days=ibis.greatest(days, SHORTEST_DAYS)).drop("shop_days")


def stage(users: ibis.Table) -> ibis.Value:
    """The name of each buyer's stage."""
    return ibis.cases(*((each.holds(users), each.name) for each in STAGES))


# Of shoppers who order at random moments, with a given median between orders, one in four is
# silent for more than 2 medians, one in 16 for more than 4, one in 256 for more than 8.
STAGES = (
    Rule(
        "new",
        "One order, at most 2 intervals ago.",
        "只有一单，且在 2 个间隔之内。",
        lambda users: (users.orders == 1) & (users.recency_days <= 2.0 * users.interval_days),
    ),
    Rule(
        "active",
        "The last order is at most 2 intervals ago.",
        "最近一单在 2 个间隔之内。",
        lambda users: users.recency_days <= 2.0 * users.interval_days,
    ),
    Rule(
        "cooling",
        "The last order is more than 2 and at most 4 intervals ago.",
        "最近一单在 2 到 4 个间隔之前。",
        lambda users: users.recency_days <= 4.0 * users.interval_days,
    ),
    Rule(
        "lapsed",
        "The last order is more than 4 and at most 8 intervals ago.",
        "最近一单在 4 到 8 个间隔之前。",
        lambda users: users.recency_days <= 8.0 * users.interval_days,
    ),
    Rule(
        "lost",
        "The last order is more than 8 intervals ago.",
        "最近一单在 8 个间隔之前。",
        lambda users: users.recency_days > 8.0 * users.interval_days,
    ),
)
"""Every buyer is in the first that holds."""
