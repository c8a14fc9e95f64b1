"""The identity of event lines whose source gives none, or only half of it."""

import ibis

from mercato.core import columns as c
from mercato.data.staging import ORDER

_CONTENT = (
    c.TS,
    c.EVENT,
    c.USER_ID,
    c.VISITOR_ID,
    c.SESSION_ID,
    c.ITEM_ID,
    c.QUANTITY,
    c.PRICE,
    c.VALUE,
    c.SEARCH_TERM,
    c.PLACEMENT,
    c.POSITION,
    c.TRANSACTION_ID,
)


def lacks_identity(rows: ibis.Table) -> ibis.Table:
    """The event rows that have no event_id or no line."""
    return rows.filter(rows[c.EVENT_ID].isnull() | rows[c.LINE].isnull())


def identified(rows: ibis.Table) -> ibis.Table:
    """Event rows with ``event_id`` and ``line``, the same ones at every import of the same rows.

    Without an event_id a row is an event of its own, named by the hash of what it says: the same
    row twice is one event. Without a line, the rows of an event are counted as they stand.
    """
    texts = [rows[name].cast("string").fill_null("") for name in _CONTENT]
    content = ibis.literal("\x1f").join(texts)
    hashed = ibis.literal("row-") + content.hexdigest("sha256").left(32)
    place = ibis.row_number().over(group_by=rows[c.EVENT_ID], order_by=rows[ORDER]).cast("int32")
    return rows.mutate(
        **{
            c.EVENT_ID: rows[c.EVENT_ID].fill_null(hashed),
            c.LINE: rows[c.LINE].fill_null(
                ibis.ifelse(rows[c.EVENT_ID].isnull(), ibis.literal(0, "int32"), place)
            ),
        }
    )
