"""The texts of an item: what the encoder reads, and what the words of a query are sought in."""

from collections.abc import Mapping
from typing import Any

from mercato.catalogue.bm25 import TEXT_FIELDS
from mercato.core import columns as c

LONGEST_ATTRIBUTE = 200
"""Characters of an attribute's value beyond which it is no longer searched."""


def item_text(item: Mapping[str, Any]) -> str:
    """What the encoder reads: title, brand where the title lacks it, the deepest category."""
    title = str(item[c.TITLE])
    parts = [title]
    brand = item.get(c.BRAND)
    if brand and brand.casefold() not in title.casefold():
        parts.append(brand)
    levels = category_levels(item.get(c.PRODUCT_TYPE))
    if levels:
        leaf = levels[-1].rsplit(c.PATH_SEPARATOR, 1)[-1]
        if leaf.casefold() not in title.casefold():
            parts.append(leaf)
    return ". ".join(parts)


def category_levels(product_type: str | None) -> list[str]:
    """``A > B > C`` as ``["A", "A > B", "A > B > C"]``."""
    names = [name.strip() for name in (product_type or "").split(c.PATH_SEPARATOR.strip())]
    names = [name for name in names if name]
    return [c.PATH_SEPARATOR.join(names[: depth + 1]) for depth in range(len(names))]


def searched_texts(item: Mapping[str, Any]) -> list[str]:
    """One text for each of TEXT_FIELDS."""
    texts: dict[str, list[str | None]] = {
        "title": [item.get(c.TITLE)],
        "brand": [item.get(c.BRAND)],
        "category": [item.get(c.PRODUCT_TYPE)],
        "codes": [item.get(c.ID), item.get(c.GTIN)],
        "variant": [item.get(c.COLOR), item.get(c.SIZE), item.get(c.MATERIAL)],
        "description": [item.get(c.DESCRIPTION)],
        "attributes": _attribute_texts(item.get(c.ATTRIBUTES) or {}),
    }
    return [" \n ".join(text for text in texts[each.name] if text) for each in TEXT_FIELDS]


def _attribute_texts(attributes: Mapping[str, Any]) -> list[str | None]:
    found: list[str | None] = []
    for value in attributes.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and len(each) <= LONGEST_ATTRIBUTE and "://" not in each:
                found.append(each)
    return found
