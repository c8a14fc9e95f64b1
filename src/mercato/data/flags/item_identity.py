"""Products that are there twice, and trade item numbers that are none."""

import ibis

from mercato.data.flags.flagging import item_flag

_DIGITS = 14
_LENGTHS = (8, 12, 13, 14)
"""GTIN-8, -12 (UPC), -13 (EAN), -14: GS1 General Specifications §3.3."""


def identity_flags(items: ibis.Table, doubles: ibis.Table) -> list[ibis.Table]:
    """doubles : the asset ``near_duplicates``"""
    numbered = items.filter(items.gtin.notnull()).select("id", "gtin")
    numbered = numbered.mutate(valid=_is_gtin(numbered.gtin))
    wrong = numbered.filter(~numbered.valid)
    near = doubles.mutate(id=doubles.item_id)
    return [
        item_flag(wrong, "gtin-check-digit"),
        _same_gtin(numbered.filter(numbered.valid)),
        item_flag(near, "near-duplicate", near.similarity, 0.9, near.other_id),
    ]


def _is_gtin(gtin: ibis.Value) -> ibis.Value:
    """Digits of a known length whose last is right: weighted 3, 1, 3, … from the left of 14, they
    sum to a multiple of ten (GS1 General Specifications §7.9)."""
    bare = gtin.re_search(r"^[0-9]+$") & gtin.length().isin(_LENGTHS)
    padded = ibis.ifelse(bare, gtin, "0").lpad(_DIGITS, "0")
    weighted = [
        padded.substr(place, 1).cast("int64") * (3 if place % 2 == 0 else 1)
        for place in range(_DIGITS)
    ]
    total = weighted[0]
    for each in weighted[1:]:
        total = total + each
    return bare & (total % 10 == 0)


def _same_gtin(items: ibis.Table) -> ibis.Table:
    """Also within a group: every variant has a number of its own."""
    items = items.mutate(trade=items.gtin.lpad(_DIGITS, "0"))
    shared = items.group_by("trade").aggregate(
        n=items.count(), first=items.id.min(), last=items.id.max()
    )
    rows = items.inner_join(shared.filter(shared.n > 1), "trade")
    other = ibis.ifelse(rows.id == rows["first"], rows["last"], rows["first"])
    return item_flag(rows, "same-gtin", rows.n, 1, other)
