"""What lines and items cost: expressions that several assets share."""

import ibis
from ibis.expr.types import FloatingValue


def revenue(lines: ibis.Table) -> FloatingValue:
    """What each event line came to: its ``value``, else price × quantity (one piece where no
    quantity stands), else 0."""
    return lines.value.coalesce(lines.price * lines.quantity.coalesce(1.0), 0.0)


def price_paid(items: ibis.Table) -> FloatingValue:
    """The price a shopper pays now: the sale price where there is one."""
    return items.sale_price.coalesce(items.price)
