"""What all rules give: rows that name what is odd, by how much, and against what."""

import ibis


def item_flag(
    items: ibis.Table,
    flag: str,
    value: ibis.Value | None = None,
    bound: ibis.Value | float | None = None,
    other: ibis.Value | None = None,
) -> ibis.Table:
    """(item_id, flag, value, bound, other_id) of items that have the column ``id``."""
    return items.select(
        item_id=items.id,
        flag=ibis.literal(flag),
        value=_number(value),
        bound=_number(bound),
        other_id=ibis.null("string") if other is None else other,
    )


def event_flag(
    lines: ibis.Table,
    flag: str,
    value: ibis.Value | None = None,
    bound: ibis.Value | float | None = None,
) -> ibis.Table:
    """(event_id, line, flag, value, bound) of event lines."""
    return lines.select(
        "event_id", "line", flag=ibis.literal(flag), value=_number(value), bound=_number(bound)
    )


def _number(value: ibis.Value | float | None) -> ibis.Value:
    if value is None:
        return ibis.null("float64")
    if isinstance(value, int | float):
        return ibis.literal(float(value))
    return value.cast("float64")
