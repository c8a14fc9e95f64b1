"""What the attributes of a Merchant feed mean, whether they came as CSV or as XML.

https://support.google.com/merchants/answer/7052112. Attributes that may repeat are lists; what
has no column of ours becomes an attribute of the item.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.attributes import packed
from mercato.data.casts import attributes_json, spaced, text
from mercato.data.importers.raw import RawBatch, Reading

GOOGLE_CATEGORY = "google_product_category"
DETAIL = "product_detail"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "certification": ("certification_authority", "certification_name", "certification_code"),
    "free_shipping_threshold": ("country", "price_threshold"),
    "installment": ("months", "amount", "downpayment", "credit_type"),
    "loyalty_program": ("program_label", "tier_label", "price"),
    "shipping": ("country", "region", "service", "price"),
    "subscription_cost": ("period", "period_length", "amount"),
    "tax": ("country", "region", "rate", "tax_ship"),
}
"""Sub-attributes in the order in which a text has them, apart by colons."""

SEVERAL = frozenset(GROUPS) | {
    "additional_image_link",
    "ads_labels",
    "excluded_destination",
    "included_destination",
    "product_highlight",
    "promotion_id",
    "shopping_ads_excluded_country",
}
"""Attributes of an item that may have several values; ``product_detail`` and ``product_type``
too."""

_STRUCTURED = {"structured_title": c.TITLE, "structured_description": c.DESCRIPTION}
"""What stands for a text that a machine wrote: ``trained_algorithmic_media:A title``."""

HANDLED = SEVERAL | {DETAIL, GOOGLE_CATEGORY, *_STRUCTURED}
"""Attributes that `completed` reads, beside our columns."""

MARKS = HANDLED | {
    "adult",
    "age_group",
    "availability_date",
    "condition",
    "custom_label_0",
    "gender",
    "identifier_exists",
    "is_bundle",
    "mpn",
    "multipack",
    "sale_price_effective_date",
    "shipping_weight",
    "size_system",
}
"""Attributes of the feed that plain files seldom have."""

_FILLED_BY_DETAILS = frozenset({c.COLOR, c.SIZE, c.MATERIAL})

_FURTHER_PATHS = f"additional_{c.PRODUCT_TYPE}"

_PATH_AFTER_COMMA = re.compile(r"\s*,\s*(?=[^,>]*>)")
_DETAIL_AFTER_COMMA = re.compile(r"\s*,\s*(?=[^,:]*:[^,:]*:)")
_GROUP_AFTER_COMMA = re.compile(r"\s*,\s*(?=[^,:]*:)")
_VALUE = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)')


def attribute_name(written: str) -> str:
    """``g:image link`` as ``image_link``, ``shipping(country:price)`` as ``shipping``."""
    bare = written.strip().removeprefix("g:")
    return spaced(bare.partition("(")[0]) if bare.endswith(")") else spaced(bare)


def completed(batch: RawBatch, reading: Reading) -> RawBatch:
    """The batch with what the feed says in notations of its own, read.

    Columns of several values are texts with commas, or lists. The first path of ``product_type``
    is the item's, which Google's bidding uses too; where there is none, it is the Google
    category, unless that is only its number. A ``product_detail``, as ``section:name:value`` or
    as lists of these three, gives an attribute of its name; colour, size and material fill
    their columns where those are empty.
    """
    columns = dict(batch.columns)
    _read_paths(columns)
    _read_structured(columns)
    for name in SEVERAL & columns.keys():
        split = _GROUP_AFTER_COMMA.split if name in GROUPS else _values
        columns[name] = _listed(columns[name], split)
    if DETAIL not in columns:
        return replace(batch, columns=columns)
    rows = [_by_name(_details(each)) for each in columns.pop(DETAIL).to_pylist()]
    for name in sorted(_FILLED_BY_DETAILS | reading.mapped):
        if any(name in row for row in rows):
            columns[name] = _filled(columns.get(name), rows, name)
    rest = pa.array([attributes_json(row) for row in rows], pa.string())
    return replace(batch, columns=columns, rest=packed({}, rest, batch.rest))


def _read_structured(columns: dict[str, pa.Array]) -> None:
    for theirs, ours in _STRUCTURED.items():
        if theirs in columns:
            given = columns.get(ours, pa.nulls(len(columns[theirs]), pa.string()))
            written = text(columns.pop(theirs))
            content = pc.replace_substring_regex(written, r'(?s)^[a-z_]*:\s*"?(.*?)"?$', r"\1")
            columns[ours] = pc.coalesce(text(given), content)


def _filled(
    given: pa.Array | None, details: Sequence[dict[str, object]], name: str
) -> pa.StringArray:
    """The column, with the detail of its name where it is empty."""
    values = [None] * len(details) if given is None else text(given).to_pylist()
    filled = [
        _taken(row, name) if value is None else value
        for value, row in zip(values, details, strict=True)
    ]
    return pa.array(filled, pa.string())


def _read_paths(columns: dict[str, pa.Array]) -> None:
    category = columns.get(GOOGLE_CATEGORY)
    if category is not None:
        is_number = pc.fill_null(pc.match_substring_regex(text(category), r"^\d+$"), False)
        category = pc.if_else(is_number, pa.scalar(None, pa.string()), text(category))
    if c.PRODUCT_TYPE in columns:
        paths = _listed(columns[c.PRODUCT_TYPE], _paths).to_pylist()
        first = pa.array([each[0] if each else None for each in paths], pa.string())
        further = [each[1:] if each and each[1:] else None for each in paths]
        columns[_FURTHER_PATHS] = pa.array(further, pa.list_(pa.string()))
        columns[c.PRODUCT_TYPE] = first if category is None else pc.coalesce(first, category)
    elif category is not None:
        columns[c.PRODUCT_TYPE] = category


def _paths(written: str) -> list[str]:
    """A comma without a second path behind it belongs to the name of a level."""
    parts = _PATH_AFTER_COMMA.split(written)
    return parts if ">" in parts[0] else [written]


def _values(written: str) -> list[str]:
    """Values apart by commas; one that holds a comma stands in quotes."""
    return [quoted.replace('""', '"') or bare for quoted, bare in _VALUE.findall(written)]


def _listed(column: pa.Array, split: Callable[[str], list[str]]) -> pa.Array:
    """Lists of trimmed texts, none of them empty; null where there are none."""
    if pa.types.is_list(column.type):
        return pa.array([_full(each or ()) for each in column.to_pylist()], pa.list_(pa.string()))
    distinct = text(column).dictionary_encode()
    lists = [_full(split(each)) for each in distinct.dictionary.to_pylist()]
    return pa.array(lists, pa.list_(pa.string())).take(distinct.indices)


def _full(values: Iterable[str]) -> list[str] | None:
    return [value.strip() for value in values if value.strip()] or None


def _details(written: str | list[list[str]] | None) -> Iterable[tuple[str, str]]:
    if isinstance(written, str):
        for detail in _DETAIL_AFTER_COMMA.split(written):
            name, _, value = detail.partition(":")[2].partition(":")
            yield name, value
    else:
        for _, name, value in written or ():
            yield name, value


def _by_name(details: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The value of each name; a list where a name comes several times."""
    found: dict[str, list[str]] = {}
    for name, value in details:
        if name.strip() and value.strip():
            found.setdefault(spaced(name), []).append(value.strip())
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _taken(row: dict[str, object], name: str) -> str | None:
    """The one value of ``name``, which then is no attribute any more."""
    found = row.get(name)
    if not isinstance(found, str):
        return None
    del row[name]
    return found


def group_text(group: str, values: Mapping[str, str]) -> str:
    """Sub-attributes as the feed writes them in one text: ``US:CA:Overnight:16.00 USD``.
    Those that `GROUPS` lacks come behind."""
    order = GROUPS.get(group, ())
    known = [values.get(name, "") for name in order]
    further = [value for name, value in values.items() if name not in order]
    return ":".join([*known, *further]).rstrip(":")
