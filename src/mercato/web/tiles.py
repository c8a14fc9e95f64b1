"""A picture for a product that has none: a small label drawn from its category and its words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato.core.columns import BRAND, PRODUCT_TYPE, SIZE, TITLE
from mercato.web.glyphs import drawing

_WORDS_LENGTH = 34
"""Characters of a title that fit on a tile in two lines."""

_ASIDE = re.compile(r"\s*[\(\[（].*?[\)\]）]")


@dataclass(frozen=True)
class Tile:
    """glyph: id in static/glyphs.svg; hue: one of `HUES`; words: of the title, short."""

    glyph: str
    hue: str
    words: str
    brand: str
    size: str


def tile(item: Mapping[str, Any]) -> Tile:
    """The tile of an item in canonical columns."""
    glyph, hue = drawing(item.get(PRODUCT_TYPE) or "")
    size = item.get(SIZE) or ""
    return Tile(glyph, hue, short_words(item[TITLE], size), item.get(BRAND) or "", size)


def short_words(title: str, size: str = "") -> str:
    """The beginning of a title, at a word's end; without what stands in brackets, and the size."""
    words = _ASIDE.sub("", title).strip() or title
    if size and words.lower().endswith(size.lower()):
        words = words[: -len(size)].rstrip(" ,·-–") or words
    if len(words) <= _WORDS_LENGTH:
        return words
    cut = words[:_WORDS_LENGTH].rsplit(" ", 1)[0]
    return cut.rstrip(" ,·-–&/") + "…"
