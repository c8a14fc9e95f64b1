"""Which drawing and which colour stand for a category, by the words of its name."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from zlib import crc32

HUES = (
    "sky",
    "teal",
    "mint",
    "leaf",
    "lemon",
    "amber",
    "coral",
    "rose",
    "plum",
    "iris",
    "sand",
    "slate",
)
"""Colours of tiles; the stylesheet has a light and a dark pair for each."""


@dataclass(frozen=True)
class Glyph:
    """``name`` is the id of a symbol in static/glyphs.svg; ``words`` are whole, in singular, two
    that belong together joined by a hyphen."""

    name: str
    hue: str
    words: frozenset[str]


def _glyphs() -> tuple[Glyph, ...]:
    source = files("mercato.web").joinpath("glyphs.toml").read_text(encoding="utf-8")
    table: dict[str, tuple[str, str]] = tomllib.loads(source)
    return tuple(Glyph(name, hue, frozenset(words.split())) for name, (hue, words) in table.items())


GLYPHS = _glyphs()
"""In the order in which they are tried on one level of a category path."""

_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=8192)
def drawing(product_type: str) -> tuple[str, str]:
    """(glyph, hue) of a category path: of its most specific level whose words say something.

    Where no level does, a plain box in a colour that the top level always gets.
    """
    levels = product_type.split(" > ")
    for level in reversed(levels):
        for forms in _forms(_WORD.findall(level.lower())):
            for glyph in GLYPHS:
                if forms & glyph.words:
                    return glyph.name, glyph.hue
    return "box", HUES[crc32(levels[0].encode()) % len(HUES)]


def _forms(words: list[str]) -> tuple[set[str], set[str]]:
    """What words may mean: two together, which say more, then each alone."""
    pairs = {f"{one}-{form}" for one, other in pairwise(words) for form in _singulars(other)}
    return pairs, {form for word in words for form in _singulars(word)}


def _singulars(word: str) -> tuple[str, ...]:
    """What an English word may be the plural of, itself included."""
    if not word.endswith("s"):
        return (word,)
    cut = (word, word[:-1])
    if word.endswith("ies"):
        return (*cut, word[:-3] + "y")
    return (*cut, word[:-2]) if word.endswith("es") else cut
