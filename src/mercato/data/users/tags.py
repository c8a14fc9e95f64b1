"""Tags of shoppers: each is declared once, in words and as a condition over the other columns."""

import ibis

from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition, Rule

COLUMNS = (
    Definition(
        "tags",
        "Names of all tags that hold, in the order in which they are declared.",
        "所有符合的标签名，按声明顺序。",
    ),
)

_CART_DAYS = 30.0


def tags(users: ibis.Table) -> ibis.Value:
    """The list of each shopper's tags."""
    none = ibis.null("string")
    named = [ibis.ifelse(each.holds(users).fill_null(False), each.name, none) for each in TAGS]
    return ibis.array(named).filter(lambda name: name.notnull())


def _left_in_cart(users: ibis.Table) -> ibis.Value:
    seconds = users.as_of.epoch_seconds() - users.last_cart_ts.epoch_seconds()
    bought_since = (users.last_purchase_ts >= users.last_cart_ts).fill_null(False)
    return ~bought_since & (seconds <= _CART_DAYS * 86_400.0)


def _half_is_one(entries: ibis.Value) -> ibis.Value:
    most = entries.filter(lambda each: (each["share"] >= 0.5) & (each["lift"] >= 1.5))
    return most.length() > 0


def _due(users: ibis.Table) -> ibis.Value:
    waited = users.recency_days / users.interval_days
    return (users.orders >= 2) & (waited >= 0.8) & (waited <= 1.5)


TAGS = (
    Rule(
        "guest",
        "Never logged in: shopper_id begins with visitor:.",
        "从未登录：shopper_id 以 visitor: 开头。",
        lambda users: users[SHOPPER_ID].startswith("visitor:"),
    ),
    Rule(
        "window-shopper",
        "20 views or more, and no order.",
        "浏览 20 次以上，但未下单。",
        lambda users: (users.views >= 20) & (users.orders == 0),
    ),
    Rule(
        "left-in-cart",
        "Put something into the cart in the last 30 days, and bought nothing since.",
        "最近 30 天内加入过购物车，此后未购买。",
        _left_in_cart,
    ),
    Rule(
        "one-time-buyer",
        "Exactly one order.",
        "只有一单。",
        lambda users: users.orders == 1,
    ),
    Rule(
        "repeat-buyer",
        "Two orders or more.",
        "两单或以上。",
        lambda users: users.orders >= 2,
    ),
    Rule(
        "frequent-buyer",
        "Among the fifth of buyers with the most orders: f is 5.",
        "订单最多的五分之一买家：f 为 5。",
        lambda users: users.f == 5,
    ),
    Rule(
        "big-spender",
        "Among the fifth of buyers who spent the most: m is 5.",
        "消费最多的五分之一买家：m 为 5。",
        lambda users: users.m == 5,
    ),
    Rule(
        "due-again",
        "Two orders or more, and the last one 0.8 to 1.5 intervals ago.",
        "两单或以上，且最近一单在 0.8 到 1.5 个间隔之前。",
        _due,
    ),
    Rule(
        "win-back",
        "Spent much (m is 4 or 5), and is lapsed or lost.",
        "消费较多（m 为 4 或 5），但处于 lapsed 或 lost 阶段。",
        lambda users: (users.m >= 4) & users.stage.isin(["lapsed", "lost"]),
    ),
    Rule(
        "discount-buyer",
        "At least one purchase line was discounted: discount_share is above 0.",
        "至少有一行购买享受优惠：discount_share 大于 0。",
        lambda users: users.discount_share > 0.0,
    ),
    Rule(
        "bargain-hunter",
        "At least half of the purchase lines were discounted: discount_share is 0.5 or more.",
        "至少一半的购买行有优惠：discount_share 不低于 0.5。",
        lambda users: users.discount_share >= 0.5,
    ),
    Rule(
        "premium-buyer",
        "Buys from the upper two price bands: price_band is 4 or more.",
        "购买最高两档价格的商品：price_band 不低于 4。",
        lambda users: users.price_band >= 4.0,
    ),
    Rule(
        "budget-buyer",
        "Buys from the lowest price band: price_band is below 2.",
        "购买最低一档价格的商品：price_band 低于 2。",
        lambda users: users.price_band < 2.0,
    ),
    Rule(
        "brand-loyal",
        "One brand has a share of 0.5 or more, and a lift of 1.5 or more.",
        "某个品牌的 share 不低于 0.5，且 lift 不低于 1.5。",
        lambda users: _half_is_one(users.brands),
    ),
    Rule(
        "category-specialist",
        "One category has a share of 0.5 or more, and a lift of 1.5 or more.",
        "某个类目的 share 不低于 0.5，且 lift 不低于 1.5。",
        lambda users: _half_is_one(users.categories),
    ),
    Rule(
        "weekend-shopper",
        "Comes mostly on Saturdays or Sundays (UTC): weekday is 6 or 7.",
        "多在周六或周日（UTC）到访：weekday 为 6 或 7。",
        lambda users: users.weekday >= 6,
    ),
    Rule(
        "evening-shopper",
        "Comes mostly from 18:00 to midnight (UTC): hour is 18 or more.",
        "多在 18:00 至午夜（UTC）到访：hour 不小于 18。",
        lambda users: users.hour >= 18,
    ),
    Rule(
        "returns-often",
        "A fifth or more of the revenue was refunded.",
        "退款占消费额的五分之一以上。",
        lambda users: (users.revenue > 0.0) & (users.refunded >= 0.2 * users.revenue),
    ),
)
"""Every tag; a shopper may have any number of them."""
