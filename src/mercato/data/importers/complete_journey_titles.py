"""Readable titles out of the supermarket's abbreviated fields."""

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.columns import PATH_SEPARATOR


class ReadableProducts(NamedTuple):
    """What shoppers read of each product; arrays of text, (n,) each."""

    title: pa.Array
    brand: pa.Array
    product_type: pa.Array
    size: pa.Array


def readable_products(products: pa.Table) -> ReadableProducts:
    """Of the columns of the table ``products``."""
    size = _each(products["package_size"], readable_size)
    department = _each(products["department"], readable)
    category = _each(products["product_category"], readable)
    kind = _each(products["product_type"], readable)
    name = pc.coalesce(kind, category, department)
    return ReadableProducts(
        title=pc.binary_join_element_wise(name, size, " ", null_handling="skip"),
        brand=pc.binary_join_element_wise(products["brand"].combine_chunks(), "brand", " "),
        product_type=pc.binary_join_element_wise(
            department, category, kind, PATH_SEPARATOR, null_handling="skip"
        ),
        size=size,
    )


def _each(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.Array:
    """Change every distinct text once."""
    distinct = column.combine_chunks().cast(pa.string()).dictionary_encode()
    changed = pa.array([change(each) for each in distinct.dictionary.to_pylist()], pa.string())
    return changed.take(distinct.indices)


def readable(text: str) -> str:
    return text.title()


def readable_size(text: str) -> str:
    return text.lower()
