"""Contrast of the stylesheet's colours, light and dark: at least 4.5:1 (WCAG 2.2, 1.4.3)."""

import math
import re

import pytest

from mercato.web.glyphs import HUES
from mercato.web.rendering import STATIC, asset

SHEET = asset("storefront.css").content.decode()
LEAST = 4.5


def tokens(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\n *\}", SHEET, re.S)
    found = dict(re.findall(r"(--[\w-]+): ([^;]+);", light))
    return found if scheme == "light" else found | dict(re.findall(r"(--[\w-]+): ([^;]+);", dark))


def linear_of_hex(colour: str) -> list[float]:
    digits = colour.strip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def linear_of_oklch(lightness: float, chroma: float, hue: float) -> list[float]:
    """Björn Ottosson's matrices (https://bottosson.github.io/posts/oklab/), cut to sRGB."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    rgb = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return [min(max(channel, 0.0), 1.0) for channel in rgb]


def contrast(one: list[float], other: list[float]) -> float:
    """(L1 + 0.05) / (L2 + 0.05) of relative luminances (WCAG 2.2)."""
    weights = (0.2126, 0.7152, 0.0722)
    light = [sum(w * c for w, c in zip(weights, each, strict=True)) for each in (one, other)]
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_contrast_is_measured_right():
    assert contrast([1, 1, 1], [0, 0, 0]) == pytest.approx(21)
    # oklch(62.796% .25768 29.234) is #f00.
    assert linear_of_oklch(0.62796, 0.25768, 29.234) == pytest.approx([1, 0, 0], abs=0.001)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "soft") for ground in ("paper", "sheet", "wash")),
        ("good", "paper"),
        ("good", "sheet"),
        ("accent", "paper"),
        ("accent", "wash"),
        ("on-accent", "accent"),
        ("on-accent", "accent-deep"),
        ("paper", "ink"),
        ("sheet", "good"),
    ],
)
def test_text_stands_out_from_its_ground(scheme, text, ground):
    colours = tokens(scheme)
    pair = [linear_of_hex(colours[f"--{name}"]) for name in (text, ground)]
    assert contrast(*pair) >= LEAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("hue", HUES)
def test_words_stand_out_from_their_tile(scheme, hue):
    rules = dict(re.findall(r"\.hue-(\w+) \{ --hue: (\d+); \}", SHEET))
    found = tokens(scheme)
    quiet = re.search(r"\.hue-sand, \.hue-slate \{ --tile-chroma: ([\d.]+); \}", SHEET)
    chroma = float(quiet[1] if hue in ("sand", "slate") else found["--tile-chroma"])
    top, end, text = (
        float(found[f"--tile-{each}"].strip("%")) / 100 for each in ("top", "end", "text")
    )
    degrees = float(rules[hue])
    ink = linear_of_oklch(text, chroma * 1.5, degrees)
    for ground in (
        linear_of_oklch(top, chroma * 0.6, degrees),
        linear_of_oklch(end, chroma, degrees),
    ):
        assert contrast(ink, ground) >= LEAST


def test_nothing_is_fetched_from_elsewhere():
    for name in STATIC:
        text = asset(name).content.decode()
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s)\"']*", text)
        # A namespace's name, and the pattern that a comment cites.
        assert set(found) <= {
            "http://www.w3.org/2000/svg",
            "https://www.w3.org/WAI/ARIA/apg/patterns/combobox/",
        }
        assert "@import" not in text


def test_the_files_of_all_pages_are_small():
    sizes = {name: len(asset(name).content) for name in STATIC}
    assert sum(sizes.values()) < 50_000
