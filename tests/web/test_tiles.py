"""Drawn tiles: the right drawing for a category, and words that fit."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.web.glyphs import GLYPHS, HUES, drawing
from mercato.web.rendering import asset
from mercato.web.tiles import short_words, tile


@pytest.mark.parametrize(
    ("category", "glyph"),
    [
        ("Grocery > Fluid Milk Products > Fluid Milk White Only", "milk"),
        ("Grocery > Cookies/Cones > Sandwich Cookies", "cookie"),
        ("Bakery > Hot dog buns", "bread"),
        ("Pets > Dog food", "paw"),
        ("Meat > Hot Dogs > Better for You", "meat"),
        ("Produce > Berries > Strawberries", "fruit"),
        ("Meat > Chicken", "drumstick"),
        ("Grocery > Mainstream", "grocery"),
        ("Quux > Frobnitz", "box"),
        ("", "box"),
    ],
)
def test_the_most_specific_level_that_says_something_is_drawn(category, glyph):
    assert drawing(category)[0] == glyph


def test_what_nothing_is_known_of_keeps_one_colour_for_its_department():
    colours = {drawing(f"Quux > {leaf}")[1] for leaf in ("a", "b", "c")}
    assert len(colours) == 1
    assert colours <= set(HUES)


def test_every_drawing_and_every_colour_exists():
    drawn = set(re.findall(r'<symbol id="(\w+)"', asset("glyphs.svg").content.decode()))
    assert {glyph.name for glyph in GLYPHS} | {"box", "bag"} == drawn
    styled = set(re.findall(r"\.hue-(\w+)", asset("storefront.css").content.decode()))
    assert {glyph.hue for glyph in GLYPHS} <= set(HUES) == styled


def test_templates_use_drawings_that_exist():
    drawn = set(re.findall(r'<symbol id="(\w+)"', asset("glyphs.svg").content.decode()))
    folder = files("mercato.web").joinpath("templates")
    for template in folder.iterdir():
        if template.is_file():
            assert set(re.findall(r"\}\}#(\w+)", template.read_text())) <= drawn


def test_words_leave_out_what_the_label_says_elsewhere():
    assert short_words("Onions Sweet (Bulk&Bag) 40 lb", "40 lb") == "Onions Sweet"
    assert short_words("40 lb", "40 lb") == "40 lb"
    assert short_words("(x)") == "(x)"


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_words_always_fit(title):
    assert 0 < len(short_words(title)) <= 35


def test_a_tile_needs_a_title_only():
    drawn = tile({"title": "Something"})
    assert (drawn.words, drawn.brand, drawn.size, drawn.glyph) == ("Something", "", "", "box")
