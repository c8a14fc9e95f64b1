"""What a shopper did at all, bought or not: first and last event, views, carts, refunds."""

import ibis

from mercato.data.money import revenue
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition

COLUMNS = (
    Definition(
        SHOPPER_ID,
        "The user; a guest stands as visitor:… and the visitor's id, until a login joins the two.",
        "用户编号；未登录的访客记为 visitor:… 加访客编号，登录后与用户合并。",
    ),
    Definition(
        "as_of",
        "The moment that the row describes: the newest event of the shop, or --until.",
        "本行描述的时刻：店铺最新事件的时间，或 --until。",
    ),
    Definition("first_ts", "Time of the first event (UTC).", "首个事件的时间（UTC）。"),
    Definition("last_ts", "Time of the last event (UTC).", "最近事件的时间（UTC）。"),
    Definition("views", "Lines of view_item.", "view_item 的行数。"),
    Definition(
        "last_cart_ts", "Time of the last add_to_cart (UTC).", "最近一次加入购物车的时间（UTC）。"
    ),
    Definition(
        "refunded",
        "Sum of what the refund lines came to: value, else price × quantity.",
        "退款行的金额之和：取 value，否则取 price × quantity。",
    ),
)


def activity(lines: ibis.Table) -> ibis.Table:
    """One row a shopper; ``lines`` are of known shoppers."""
    return lines.group_by(SHOPPER_ID).aggregate(
        first_ts=lines.ts.min(),
        last_ts=lines.ts.max(),
        views=(lines.event == "view_item").sum(),
        last_cart_ts=lines.ts.max(where=lines.event == "add_to_cart"),
        refunded=revenue(lines).sum(where=lines.event == "refund").coalesce(0.0),
    )
