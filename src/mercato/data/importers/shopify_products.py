"""A product of Shopify's CSV: its rows as items, one a variant."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mercato.core import columns as c
from mercato.core.columns import Availability
from mercato.data.importers.shopify_columns import (
    OPTION_COLUMNS,
    OPTIONS,
    Field,
    Headers,
    attribute_name,
)

Item = dict[str, object]

_MOST_ROWS = 10_000
"""Of one product; Shopify allows 2,048 variants and 250 pictures."""

_SOLD = ("", "active")
_NO_OPTION = ("title", "default title")
_NO_CATEGORY = "uncategorized"
_IMAGES = "additional_image_link"


@dataclass
class Product:
    """handle : the address of its page, which all of its rows share
    rows   : its rows by the headers of the file, the first with what holds for all
    """

    handle: str
    headers: Headers
    rows: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        return len(self.rows) < _MOST_ROWS

    @property
    def is_draft(self) -> bool:
        return self._first(Field.STATUS).lower() == "draft"

    def variants(self) -> list[tuple[int, Mapping[str, str]]]:
        """The rows that are items: the first, and those with an option, a SKU or a price."""
        marks = (Field.OPTION1_VALUE, Field.SKU, Field.PRICE)
        return [
            (line, row)
            for at, (line, row) in enumerate(self.rows)
            if at == 0 or any(self._said(row, mark) for mark in marks)
        ]

    def items(self, mapped: Sequence[str] = ()) -> Iterator[tuple[int, Item, str]]:
        """Each item with its line and what it cost before; ``mapped`` columns as they are."""
        shared = self._shared()
        images = self._images()
        options = [(self._first(name), value) for name, value in OPTIONS]
        for line, row in self.variants():
            chosen = [
                (name, self._said(row, value))
                for name, value in options
                if name
                and self._said(row, value)
                and (name.lower(), self._said(row, value).lower()) != _NO_OPTION
            ]
            item: Item = dict(shared)
            item |= self._further(row)
            item |= {_option_name(name): value for name, value in chosen}
            item[c.ID] = self._id(row, [value for _, value in chosen])
            item[c.GTIN] = self._said(row, Field.BARCODE).removeprefix("'")
            item[c.PRICE] = self._said(row, Field.PRICE)
            item[c.AVAILABILITY] = self._availability(row)
            first = self._said(row, Field.VARIANT_IMAGE) or (images[0] if images else "")
            item[c.IMAGE_LINK] = first
            item[_IMAGES] = [image for image in images if image != first]
            item |= {name: row.get(name) or self.rows[0][1].get(name) for name in mapped}
            yield line, item, self._said(row, Field.COMPARE_AT)

    def _shared(self) -> Item:
        category = self._first(Field.CATEGORY)
        category = "" if category.lower() == _NO_CATEGORY else category
        item: Item = {
            c.ITEM_GROUP_ID: self.handle,
            c.TITLE: self._first(Field.TITLE),
            c.DESCRIPTION: self._first(Field.BODY),
            c.BRAND: self._first(Field.VENDOR),
            c.PRODUCT_TYPE: category or self._first(Field.TYPE),
            "tags": [tag for tag in map(str.strip, self._first(Field.TAGS).split(",")) if tag],
        }
        if category:
            item["type"] = self._first(Field.TYPE)
        if self._first(Field.STATUS).lower() not in _SOLD:
            item["status"] = self._first(Field.STATUS).lower()
        if self._first(Field.PUBLISHED).lower() == "false":
            item["published"] = "false"
        return item

    def _further(self, row: Mapping[str, str]) -> Item:
        first = self.rows[0][1]
        return {
            name: value
            for header, name in self.headers.further.items()
            if (value := row.get(header) or first.get(header))
        }

    def _id(self, row: Mapping[str, str], options: Sequence[str]) -> str:
        sku = self._said(row, Field.SKU).removeprefix("'")
        return sku or ":".join([self.handle, *map(slug, options)])

    def _availability(self, row: Mapping[str, str]) -> str:
        is_shown = self._first(Field.PUBLISHED).lower() != "false"
        if self._first(Field.STATUS).lower() not in _SOLD or not is_shown:
            return Availability.OUT_OF_STOCK
        quantity = self._said(row, Field.QUANTITY)
        tracked = Field.TRACKER not in self.headers.fields or self._said(row, Field.TRACKER)
        if not quantity or not tracked:
            return Availability.IN_STOCK
        if not re.fullmatch(r"-?\d{1,12}(\.0*)?", quantity):
            return quantity  # no quantity, so no availability: its check says so
        if float(quantity) > 0:
            return Availability.IN_STOCK
        goes_on = self._said(row, Field.POLICY).lower() in ("continue", "true")
        return Availability.BACKORDER if goes_on else Availability.OUT_OF_STOCK

    def _images(self) -> list[str]:
        """The product's pictures, each once, in the order of their positions."""
        found: list[tuple[int, int, str]] = []
        for at, (_, row) in enumerate(self.rows):
            if image := self._said(row, Field.IMAGE):
                position = self._said(row, Field.IMAGE_POSITION)
                is_number = position.isascii() and position.isdigit() and len(position) < 10
                found.append((int(position) if is_number else at + 1, at, image))
        return list(dict.fromkeys(image for *_, image in sorted(found)))

    def _first(self, field: Field) -> str:
        return self._said(self.rows[0][1], field)

    def _said(self, row: Mapping[str, str], field: Field) -> str:
        return row.get(self.headers.fields.get(field, ""), "")


def slug(text: str) -> str:
    """As Shopify makes handles of titles: ``Women's Tee`` is ``women-s-tee``."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def _option_name(label: str) -> str:
    """Our column, or an attribute that is none of our columns."""
    name = attribute_name(label)
    is_other = name in c.ITEM_COLUMNS and name not in OPTION_COLUMNS.values()
    return f"option_{name}" if is_other else name
