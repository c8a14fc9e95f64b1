"""What a shopper bought: orders, amounts, the time between orders, discounts."""

import ibis

from mercato.data.baskets import BASKET_ID
from mercato.data.money import revenue
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.users.definitions import Definition

COLUMNS = (
    Definition("first_purchase_ts", "Time of the first purchase (UTC).", "首次购买的时间（UTC）。"),
    Definition(
        "last_purchase_ts", "Time of the last purchase (UTC).", "最近一次购买的时间（UTC）。"
    ),
    Definition(
        "orders",
        "Distinct orders: transactions; purchases without a transaction_id count as one order a "
        "visit.",
        "订单数：按 transaction_id 计；没有该编号的购买按每次访问计为一单。",
    ),
    Definition("items", "Distinct products bought.", "买过的不同商品数。"),
    Definition(
        "quantity",
        "Pieces bought; a line without a quantity is one.",
        "购买的件数；未写数量的行计为一件。",
    ),
    Definition(
        "revenue",
        "Sum of what the purchase lines came to: value, else price × quantity.",
        "购买行的金额之和：取 value，否则取 price × quantity。",
    ),
    Definition("average_order_value", "revenue / orders.", "revenue / orders。"),
    Definition(
        "median_days_between_orders",
        "Median of the days between one order and the next; empty below two orders.",
        "相邻两单间隔天数的中位数；不足两单则为空。",
    ),
    Definition(
        "price_band",
        "Median over the purchase lines of the product's price band: 1 (cheapest fifth of its top "
        "category) to 5.",
        "购买行所属商品价格档的中位数：1 为该一级类目最便宜的五分之一，5 为最贵。",
    ),
    Definition(
        "discount_share",
        "Share of the purchase lines with a coupon, or paid no more than the product's present "
        "sale price where that is below its price.",
        "使用优惠券的购买行占比；实付价不高于商品现行促销价（且促销价低于原价）的行也计入。",
    ),
)

_DAY_SECONDS = 86_400.0


def bought(purchases: ibis.Table) -> ibis.Table:
    """One row a buyer.

    purchases : the purchase lines with ``basket_id`` and the facts of their products
    """
    lines = purchases.group_by(SHOPPER_ID).aggregate(
        items=purchases.item_id.nunique(),
        quantity=purchases.quantity.coalesce(1.0).sum(),
        price_band=purchases.price_band.median(),
        discount_share=_discounted(purchases).cast("float64").mean(),
    )
    orders = _orders(purchases)
    return lines.inner_join(orders, SHOPPER_ID)


def _orders(purchases: ibis.Table) -> ibis.Table:
    orders = purchases.group_by(SHOPPER_ID, BASKET_ID).aggregate(
        ts=purchases.ts.min(), last_ts=purchases.ts.max(), value=revenue(purchases).sum()
    )
    by_time = ibis.window(group_by=orders[SHOPPER_ID], order_by=[orders.ts, orders[BASKET_ID]])
    seconds = orders.ts.epoch_seconds()
    spaced = orders.mutate(days=(seconds - seconds.lag().over(by_time)) / _DAY_SECONDS)
    found = spaced.group_by(SHOPPER_ID).aggregate(
        first_purchase_ts=spaced.ts.min(),
        last_purchase_ts=spaced.last_ts.max(),
        orders=spaced.count(),
        revenue=spaced.value.sum(),
        median_days_between_orders=spaced.days.median(),
    )
    return found.mutate(average_order_value=found.revenue / found.orders)


def _discounted(purchases: ibis.Table) -> ibis.Value:
    on_sale = (purchases.sale_price < purchases.list_price) & (
        purchases.price <= purchases.sale_price
    )
    return purchases.coupon.notnull() | on_sale.fill_null(False)
