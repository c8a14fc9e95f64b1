"""The Google Merchant feed as CSV or TSV (https://support.google.com/merchants/answer/7052112)."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.casts import spaced, text
from mercato.data.importers.csv_files import CSV_SUFFIXES, header, read_csv
from mercato.data.importers.raw import RawBatch, Reading, Source

_MARKS = frozenset(
    {
        "additional_image_link",
        "age_group",
        "condition",
        "gender",
        "google_product_category",
        "identifier_exists",
        "is_bundle",
        "mpn",
        "shipping",
        "shipping_weight",
        "size_system",
        "custom_label_0",
    }
)
"""Attributes of the feed that plain files seldom have."""

_GOOGLE_CATEGORY = "google_product_category"
_SEVERAL = ("additional_image_link", "included_destination", "excluded_destination")
"""Attributes that hold several values, apart by commas."""

_DETAIL = "product_detail"


class Merchant:
    """Names as ``image link``, ``image_link`` or ``g:image_link``; what has no column of ours
    becomes an attribute. Without a ``product_type`` the Google category is the path."""

    name = "merchant"
    assets = frozenset({"items"})

    def holds(self, source: Source, asset: str) -> bool:
        if not source.path.is_file() or source.suffix not in CSV_SUFFIXES:
            return False
        names = {_name(name) for name in header(source)}
        return c.ID in names and not _MARKS.isdisjoint(names)

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        for batch in read_csv(source):
            columns = {
                name if name in reading.mapped else _name(name): column
                for name, column in batch.columns.items()
            }
            yield replace(batch, columns=_completed(columns))


def _name(written: str) -> str:
    return spaced(written.strip().removeprefix("g:"))


def _completed(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The feed's notations of several values in one, read."""
    path = columns.get(c.PRODUCT_TYPE)
    if path is not None:
        columns[c.PRODUCT_TYPE] = _first_path(path)
    elif _GOOGLE_CATEGORY in columns:
        columns[c.PRODUCT_TYPE] = columns[_GOOGLE_CATEGORY]
    for name in _SEVERAL:
        if name in columns:
            columns[name] = pc.split_pattern_regex(text(columns[name]), r"\s*,\s*")
    for name, column in _details(columns.pop(_DETAIL, None)).items():
        columns.setdefault(name, column)
    return columns


def _first_path(paths: pa.Array) -> pa.Array:
    """Of several paths (``A > B, C > D``) the first, which Google's own bidding uses too. A comma
    without a second path behind it belongs to the name of a level."""
    return pc.replace_substring_regex(text(paths), r"^([^,]*>[^,]*),[^>]*>.*$", r"\1")


def _details(column: pa.Array | None) -> dict[str, pa.Array]:
    """Of ``section:name:value,section:name:value`` one column a name."""
    if column is None:
        return {}
    values: dict[str, list[str | None]] = {}
    for row, details in enumerate(column.to_pylist()):
        for detail in (details or "").split(","):
            _, _, named = detail.partition(":")
            name, _, value = named.partition(":")
            if name and value:
                values.setdefault(_name(name), [None] * len(column))[row] = value.strip()
    return {name: pa.array(found, pa.string()) for name, found in values.items()}
