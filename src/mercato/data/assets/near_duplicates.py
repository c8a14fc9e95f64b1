"""Products that read the same, or nearly so, and are not variants of each other."""

from collections.abc import Mapping

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.asset import Asset, DeriveContext
from mercato.data.checks import required
from mercato.data.minhash import near_pairs

LEAST_SIMILARITY = 0.9
"""Jaccard of the shingles of four signs of title and brand."""

_APART = ("size", "color", "material")
"""Where these differ, two products are variants, not doubles."""

_SCHEMA = pa.schema(
    [("item_id", pa.string()), ("other_id", pa.string()), ("similarity", pa.float64())]
)


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """For each product that has one, its nearest double; of equals the one with the smaller id.
    Products of one ``item_group_id`` are no doubles."""
    items = tables["items"].select("id", "title", "brand", "item_group_id", *_APART)
    return context.through(items, nearest_doubles, _SCHEMA, whole=True)


def nearest_doubles(items: pa.Table) -> pa.Table:
    """(item_id, other_id, similarity) of (n,) products."""
    items = items.sort_by("id").combine_chunks()
    read = _joined(items, ("title", "brand"))
    kinds = _joined(items, _APART).dictionary_encode().indices.to_numpy().astype(np.int64)
    classes = _joined(pa.table({"text": read, "kind": kinds.astype(str)}), ("text", "kind"))
    encoded = classes.dictionary_encode()
    member_of = encoded.indices.to_numpy()
    first = np.unique(member_of, return_index=True)[1]
    texts = read.take(pa.array(first)).to_pylist()
    one, other, similarity = near_pairs(texts, kinds[first], LEAST_SIMILARITY)
    return _nearest(items, member_of, one, other, similarity)


def _joined(items: pa.Table, names: tuple[str, ...]) -> pa.StringArray:
    """(n,) letters and digits of several columns, in lower case."""
    parts = []
    for name in names:
        lower = pc.utf8_lower(pc.fill_null(items[name].combine_chunks(), ""))
        words = pc.replace_substring_regex(lower, r"[^\pL\pN]+", " ")
        parts.append(pc.utf8_trim_whitespace(words))
    return pc.binary_join_element_wise(*parts, "\x1f")


def _nearest(
    items: pa.Table,
    member_of: np.ndarray[tuple[int], np.dtype[np.integer]],
    one: np.ndarray[tuple[int], np.dtype[np.int64]],
    other: np.ndarray[tuple[int], np.dtype[np.int64]],
    similarity: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> pa.Table:
    """From pairs of classes of equal texts to each product's nearest in another group."""
    ids, groups = items["id"].to_pylist(), items["item_group_id"].to_pylist()
    # A product without a group is one of its own.
    group = [f"\0{ids[at]}" if name is None else name for at, name in enumerate(groups)]
    members: list[list[int]] = [[] for _ in range(int(member_of.max(initial=-1)) + 1)]
    for at, place in enumerate(member_of.tolist()):
        here = members[place]
        # Two of different groups are enough for everybody to find another.
        if len(here) < 2 and group[at] not in {group[each] for each in here}:
            here.append(at)
    near: list[list[tuple[float, int]]] = [[(1.0, place)] for place in range(len(members))]
    for i, j, how in zip(one.tolist(), other.tolist(), similarity.tolist(), strict=True):
        near[i].append((how, j))
        near[j].append((how, i))
    rows = []
    for at, place in enumerate(member_of.tolist()):
        found = [
            (-how, ids[each])
            for how, there in near[place]
            for each in members[there]
            if group[each] != group[at]
        ]
        if found:
            how, double = min(found)
            rows.append({"item_id": ids[at], "other_id": double, "similarity": -how})
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


NEAR_DUPLICATES = Asset(
    name="near_duplicates",
    description="Products that read nearly the same as another that is not their variant.",
    owner="catalogue",
    keys=("item_id",),
    inputs=("items",),
    build=build,
    checks=(required("item_id", "Report this."), required("other_id", "Report this.")),
    schema=_SCHEMA,
)
