"""Recency, frequency, monetary value: scores among the buyers, and the segments of their grid.

Scores are quintiles (Hughes, Strategic Database Marketing, 1994). The segments' names are the ones
that shops know; their grids overlap where they are published, here each cell has one segment.
"""

from collections.abc import Callable

import ibis

from mercato.data.users.definitions import Definition, Rule

COLUMNS = (
    Definition(
        "recency_days",
        "Days from the last purchase to as_of.",
        "最近一次购买到 as_of 的天数。",
    ),
    Definition(
        "monetary",
        "revenue less refunded, at least 0.",
        "revenue 减去 refunded，最低为 0。",
    ),
    Definition(
        "r",
        "Recency score: 1 + ⌊5 × buyers whose last purchase is longer ago / buyers⌋. 5 is the "
        "most recent; equal shoppers have equal scores.",
        "近度得分：1 + ⌊5 × 最近购买更早的买家数 / 买家总数⌋。5 为最近；数值相同者得分相同。",
    ),
    Definition(
        "f",
        "Frequency score: 1 + ⌊5 × buyers with fewer orders / buyers⌋; equal shoppers have "
        "equal scores.",
        "频度得分：1 + ⌊5 × 订单更少的买家数 / 买家总数⌋；数值相同者得分相同。",
    ),
    Definition(
        "m",
        "Monetary score: 1 + ⌊5 × buyers with a lower monetary / buyers⌋; equal shoppers have "
        "equal scores.",
        "金额得分：1 + ⌊5 × monetary 更低的买家数 / 买家总数⌋；数值相同者得分相同。",
    ),
    Definition(
        "segment",
        "The first segment that holds, by r and fm = (f + m) / 2 rounded up.",
        "按 r 与 fm（(f + m) / 2 向上取整）确定，取第一个符合的分群。",
    ),
)

QUINTILES = 5


def scored(buyers: ibis.Table) -> ibis.Table:
    """Buyers with recency_days, monetary, and the scores r, f, m."""
    seconds = buyers.as_of.epoch_seconds() - buyers.last_purchase_ts.epoch_seconds()
    found = buyers.mutate(
        recency_days=seconds / 86_400.0,
        monetary=ibis.greatest(buyers.revenue - buyers.refunded, 0.0),
    )
    return found.mutate(
        r=_quintile(-found.recency_days),
        f=_quintile(found.orders),
        m=_quintile(found.monetary),
    )


def _quintile(value: ibis.Value) -> ibis.Value:
    """1 to 5: rows with a smaller value, in fifths of all rows."""
    below = ibis.rank().over(order_by=value)
    everybody = value.count().over()
    return (QUINTILES * below // everybody).cast("int32") + 1


def segment(users: ibis.Table) -> ibis.Value:
    """The name of each shopper's segment."""
    return ibis.cases(*((each.holds(users), each.name) for each in SEGMENTS))


def _cells(recency: tuple[int, ...], worth: tuple[int, ...]) -> Callable[[ibis.Table], ibis.Value]:
    """Whether a shopper's r and fm are among these."""

    def holds(users: ibis.Table) -> ibis.Value:
        fm = (users.f + users.m + 1) // 2
        return (users.r.isin(recency) & fm.isin(worth)).fill_null(False)

    return holds


SEGMENTS = (
    Rule(
        "prospect",
        "No order yet.",
        "尚未下单。",
        lambda users: users.orders == 0,
    ),
    Rule(
        "champions",
        "Bought lately, often and much: r 5, fm 4–5.",
        "最近买过，买得勤、买得多：r 5，fm 4–5。",
        _cells((5,), (4, 5)),
    ),
    Rule(
        "loyal",
        "Buy often and much: r 3–4, fm 4–5.",
        "买得勤、买得多：r 3–4，fm 4–5。",
        _cells((3, 4), (4, 5)),
    ),
    Rule(
        "potential-loyalist",
        "Bought lately, and more than a little: r 4–5, fm 2–3.",
        "最近买过，且不止一点：r 4–5，fm 2–3。",
        _cells((4, 5), (2, 3)),
    ),
    Rule(
        "new",
        "Bought very lately, little so far: r 5, fm 1.",
        "刚刚买过，目前买得少：r 5，fm 1。",
        _cells((5,), (1,)),
    ),
    Rule(
        "promising",
        "Bought lately, little so far: r 4, fm 1.",
        "不久前买过，目前买得少：r 4，fm 1。",
        _cells((4,), (1,)),
    ),
    Rule(
        "needs-attention",
        "In the middle of everything: r 3, fm 3.",
        "各方面居中：r 3，fm 3。",
        _cells((3,), (3,)),
    ),
    Rule(
        "about-to-sleep",
        "Not seen for a while, and bought little: r 3, fm 1–2.",
        "有一阵没来，买得不多：r 3，fm 1–2。",
        _cells((3,), (1, 2)),
    ),
    Rule(
        "cannot-lose",
        "Bought the most, long ago: r 1–2, fm 5.",
        "曾经买得最多，但很久没来：r 1–2，fm 5。",
        _cells((1, 2), (5,)),
    ),
    Rule(
        "at-risk",
        "Bought often, long ago: r 1–2, fm 3–4.",
        "曾经常买，但很久没来：r 1–2，fm 3–4。",
        _cells((1, 2), (3, 4)),
    ),
    Rule(
        "lost",
        "Bought the least, the longest ago: r 1, fm 1.",
        "买得最少，也最久没来：r 1，fm 1。",
        _cells((1,), (1,)),
    ),
    Rule(
        "hibernating",
        "Bought little, long ago: r 1–2, fm 1–2, and not lost.",
        "买得少，且很久没来：r 1–2，fm 1–2，且不属于 lost。",
        _cells((1, 2), (1, 2)),
    ),
)
"""Every shopper is in the first that holds; every cell of the grid belongs to one."""
