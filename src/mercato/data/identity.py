"""The identity of event lines whose source gives none, or only half of it."""

import hashlib

import ibis
import pyarrow as pa
import pyarrow.compute as pc

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


def with_event_ids(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Event rows of which each has an ``event_id``, the same ones at every import of the same rows.

    Without one a row is an event of its own, named by the hash of what it says: the same row twice
    is one event.
    """
    given = rows[c.EVENT_ID]
    if not given.null_count:
        return rows
    lacking = pc.is_null(given)
    texts = [rows[name].filter(lacking).cast(pa.string()) for name in _CONTENT]
    content = pc.binary_join_element_wise(
        *texts, "\x1f", null_handling="replace", null_replacement=""
    )
    hashed = [
        "row-" + hashlib.sha256(each.encode()).hexdigest()[:32] for each in content.to_pylist()
    ]
    ids = pc.replace_with_mask(given, lacking, pa.array(hashed, pa.string()))
    first = pc.if_else(lacking, pc.fill_null(rows[c.LINE], 0), rows[c.LINE])
    changed = {c.EVENT_ID: ids, c.LINE: first.cast(pa.int32())}
    columns = [changed.get(name, rows[name]) for name in rows.schema.names]
    return pa.record_batch(columns, schema=rows.schema)


def lacks_line(rows: ibis.Table) -> ibis.Table:
    """The event rows that have no line."""
    return rows.filter(rows[c.LINE].isnull())


def with_lines(rows: ibis.Table, lacking: ibis.Table) -> ibis.Table:
    """Event rows that each have a line: where one of an event has none, all of its rows are
    counted as they stand."""
    touched = rows.semi_join(lacking, c.EVENT_ID)
    place = ibis.row_number().over(group_by=touched[c.EVENT_ID], order_by=touched[ORDER])
    numbered = touched.mutate(**{c.LINE: touched[c.LINE].fill_null(place.cast("int32"))})
    return rows.anti_join(lacking, c.EVENT_ID).union(numbered.select(rows.columns))
