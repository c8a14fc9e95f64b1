"""Which purchases belong together: an expression that several assets share."""

import ibis

from mercato.data.shoppers import SHOPPER_ID, VISIT, with_visit

BASKET_ID = "basket_id"


def with_basket(lines: ibis.Table, gap_minutes: int) -> ibis.Table:
    """The purchases among ``lines`` (of `with_shopper`) with ``basket_id``: a transaction, else a
    visit of a shopper among the lines without one, else (nobody is known) the event."""
    transactions = _bought(lines).filter(lines.transaction_id.notnull())
    others = lines.filter(lines.transaction_id.isnull())
    of_nobody = _bought(others).filter(others[SHOPPER_ID].isnull())
    # Visits are worked out from everything a shopper did, but only where they are asked for.
    buyers = _bought(others).select(SHOPPER_ID).distinct()
    visits = _bought(with_visit(others.semi_join(buyers, SHOPPER_ID), gap_minutes))
    names = [*lines.columns, BASKET_ID]
    parts = (
        transactions.mutate(basket_id=ibis.literal("t") + transactions.transaction_id),
        visits.mutate(basket_id=ibis.literal("v") + visits[SHOPPER_ID] + "@" + visits[VISIT]),
        of_nobody.mutate(basket_id=ibis.literal("e") + of_nobody.event_id),
    )
    return ibis.union(*(part.select(names) for part in parts))


def _bought(lines: ibis.Table) -> ibis.Table:
    return lines.filter(lines.event == "purchase")
