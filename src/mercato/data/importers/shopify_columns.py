"""Columns of Shopify's product CSV, under the headers of before and after 2024.

https://help.shopify.com/en/manual/products/import-export/using-csv lists them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mercato.core import columns as c
from mercato.data.casts import spaced


class Field(StrEnum):
    """What a column says. Those of a product stand in its first row only."""

    HANDLE = "handle"
    TITLE = "title"
    BODY = "body"
    VENDOR = "vendor"
    CATEGORY = "category"
    TYPE = "type"
    TAGS = "tags"
    PUBLISHED = "published"
    STATUS = "status"
    SKU = "sku"
    BARCODE = "barcode"
    PRICE = "price"
    COMPARE_AT = "compare_at"
    TRACKER = "tracker"
    QUANTITY = "quantity"
    POLICY = "policy"
    VARIANT_IMAGE = "variant_image"
    IMAGE = "image"
    IMAGE_POSITION = "image_position"
    OPTION1_NAME = "option1_name"
    OPTION2_NAME = "option2_name"
    OPTION3_NAME = "option3_name"
    OPTION1_VALUE = "option1_value"
    OPTION2_VALUE = "option2_value"
    OPTION3_VALUE = "option3_value"


OPTIONS = (
    (Field.OPTION1_NAME, Field.OPTION1_VALUE),
    (Field.OPTION2_NAME, Field.OPTION2_VALUE),
    (Field.OPTION3_NAME, Field.OPTION3_VALUE),
)

_HEADERS: Mapping[str, Field] = {
    **{field.replace("_", " "): field for pair in OPTIONS for field in pair},
    "handle": Field.HANDLE,
    "url handle": Field.HANDLE,
    "title": Field.TITLE,
    "body (html)": Field.BODY,
    "body html": Field.BODY,
    "description": Field.BODY,
    "vendor": Field.VENDOR,
    "product category": Field.CATEGORY,
    "standard product type": Field.CATEGORY,
    "type": Field.TYPE,
    "custom product type": Field.TYPE,
    "tags": Field.TAGS,
    "published": Field.PUBLISHED,
    "published on online store": Field.PUBLISHED,
    "status": Field.STATUS,
    "variant sku": Field.SKU,
    "sku": Field.SKU,
    "variant barcode": Field.BARCODE,
    "barcode": Field.BARCODE,
    "variant price": Field.PRICE,
    "price": Field.PRICE,
    "variant compare at price": Field.COMPARE_AT,
    "compare at price": Field.COMPARE_AT,
    "variant inventory tracker": Field.TRACKER,
    "inventory tracker": Field.TRACKER,
    "variant inventory qty": Field.QUANTITY,
    "inventory quantity": Field.QUANTITY,
    "variant inventory policy": Field.POLICY,
    "continue selling when out of stock": Field.POLICY,
    "variant image": Field.VARIANT_IMAGE,
    "variant image url": Field.VARIANT_IMAGE,
    "image src": Field.IMAGE,
    "product image url": Field.IMAGE,
    "image position": Field.IMAGE_POSITION,
}

_LEFT_OUT = re.compile(
    r"cost per item|option\d linked to|image alt text|gift card|(variant )?fulfillment service"
    r"|(variant )?requires shipping|variant taxable|charge tax|(variant )?tax code"
    r"|variant weight unit|weight unit for display|included / .*|(compare at )?price / .*"
    r"|seo .*|unit price .*"
)
"""What concerns the shop's back office, other markets or other pages. Attributes are shown to
shoppers, and what a product costs the shop is not for them."""

_MARKS = frozenset(
    {
        "body (html)",
        "compare at price",
        "continue selling when out of stock",
        "image src",
        "option1 name",
        "option1 value",
        "product image url",
        "published on online store",
        "url handle",
        "variant compare at price",
        "variant inventory policy",
        "variant inventory qty",
        "variant price",
        "variant sku",
    }
)

_METAFIELD = re.compile(r"(?P<label>.+) \((?:product|variant)\.metafields\.(?P<key>[^()]+)\)")
_GRAMS = ("variant grams", "weight value (grams)")
_GOOGLE = "google shopping / "
_MERCHANT_NAMES = {
    "ad_group_name": "adwords_grouping",
    "ads_labels": "adwords_labels",
    "manufacturer_part_number_(mpn)": "mpn",
    "product_category": "google_product_category",
}
OPTION_COLUMNS = {
    **dict.fromkeys(("color", "colour", "颜色", "顏色"), c.COLOR),
    **dict.fromkeys(("size", "尺码", "尺碼", "尺寸"), c.SIZE),
    **dict.fromkeys(("material", "材质", "材質"), c.MATERIAL),
}
"""Names of options, and of metafields, that are columns of ours."""


@dataclass(frozen=True)
class Headers:
    """fields : what the columns of the file say; further : the attributes in the others"""

    fields: Mapping[Field, str]
    further: Mapping[str, str]


def headers_of(names: Iterable[str]) -> Headers:
    """The meaning of a file's columns; further ones become attributes."""
    fields: dict[Field, str] = {}
    further: dict[str, str] = {}
    for name in names:
        plain = _plain(name)
        if field := _HEADERS.get(plain):
            fields.setdefault(field, name)
        elif not _LEFT_OUT.fullmatch(plain):
            further[name] = _attribute(name)
    return Headers(fields, further)


def is_shopify(names: Iterable[str]) -> bool:
    """Whether these headers are a product file's: its key, and some that others hardly have."""
    plain = {_plain(name) for name in names}
    keyed = "title" in plain and not plain.isdisjoint({"handle", "url handle"})
    return keyed and len(plain & _MARKS) >= 2


def _plain(header: str) -> str:
    return re.sub(r"[\s\-]+", " ", header.strip().lower())


def _attribute(header: str) -> str:
    """``google_product_category``, ``color``, ``custom.title`` where the label is ours already."""
    if found := _METAFIELD.fullmatch(header.strip()):
        name = attribute_name(found["label"])
        return name if name in OPTION_COLUMNS.values() or not _is_ours(name) else found["key"]
    if header.lower().startswith(_GOOGLE):
        name = spaced(header[len(_GOOGLE) :])
        return _MERCHANT_NAMES.get(name, name)
    if _plain(header) in _GRAMS:
        return "weight_grams"
    name = spaced(header.replace(" / ", " "))
    return f"shopify_{name}" if _is_ours(name) else name


def attribute_name(label: str) -> str:
    """A label as an attribute's name; colours, sizes and materials as our columns."""
    name = spaced(label)
    return OPTION_COLUMNS.get(name, name)


def _is_ours(name: str) -> bool:
    return name in c.ITEM_COLUMNS
