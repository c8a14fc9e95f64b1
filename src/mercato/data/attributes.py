"""Columns that have no name of ours, packed into one column of JSON objects."""

from collections.abc import Mapping

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.casts import attributes_json, text


def packed(columns: Mapping[str, pa.Array], *objects: pa.Array | None) -> pa.Array | None:
    """(n,) JSON objects with sorted keys of all ``columns`` and all given JSON objects.

    Numbers stay numbers, lists lists; what is empty is left out. None where there is nothing.
    """
    given = [each for each in objects if each is not None and each.null_count < len(each)]
    if columns:
        given.insert(0, _from_columns(columns))
    if len(given) < 2:
        return given[0] if given else None
    rows = zip(*(each.to_pylist() for each in given), strict=True)
    return pa.array([_merged(row) for row in rows], pa.string())


def _merged(parts: tuple[str | None, ...]) -> str | None:
    fields: dict[str, object] = {}
    for part in parts:
        if part is not None:
            fields |= orjson.loads(part)
    return attributes_json(fields)


def _from_columns(columns: Mapping[str, pa.Array]) -> pa.Array:
    """One distinct value is encoded once, so a million rows cost what their values do."""
    members = [_member(name, columns[name]) for name in sorted(columns)]
    # Joining skips nulls, but a row of nulls only would be lost: an empty text stands in front.
    first = pa.repeat("", len(members[0]))
    joined = pc.binary_join_element_wise(first, *members, ",", null_handling="skip")
    objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 1), "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), objects)


def _member(name: str, column: pa.Array) -> pa.Array:
    key = orjson.dumps(name).decode() + ":"
    return pc.binary_join_element_wise(key, _json_values(column), "")


def _json_values(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type):
        wrapped = [attributes_json({"": each}) for each in column.to_pylist()]
        return pa.array([each and each[len('{"":') : -1] for each in wrapped], pa.string())
    texts = text(column)
    if pa.types.is_integer(column.type):
        return texts
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_finite(column), texts, pa.scalar(None, pa.string()))
    distinct = texts.dictionary_encode()
    quoted = [orjson.dumps(each).decode() for each in distinct.dictionary.to_pylist()]
    return pa.array(quoted, pa.string()).take(distinct.indices)
