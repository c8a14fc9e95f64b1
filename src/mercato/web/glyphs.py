"""Which drawing and which colour stand for a category, by the words of its name."""

import re
from dataclasses import dataclass
from functools import lru_cache
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
    """``name`` is the id of a symbol in static/glyphs.svg; ``words`` are whole, in singular."""

    name: str
    hue: str
    words: frozenset[str]


def _glyph(name: str, hue: str, words: str) -> Glyph:
    return Glyph(name, hue, frozenset(words.split()))


GLYPHS = (
    _glyph("snow", "iris", "frozen frzn ice"),
    _glyph("baby", "rose", "baby infant diaper toddler"),
    _glyph("egg", "lemon", "egg"),
    _glyph("cheese", "amber", "cheese"),
    _glyph("milk", "sky", "milk dairy yogurt cream butter margarine creamer"),
    _glyph("pizza", "coral", "pizza"),
    _glyph("cake", "rose", "cake pastry dessert pie baking frosting pudding"),
    _glyph("cookie", "sand", "cookie cracker biscuit cone"),
    _glyph("bread", "amber", "bread bakery bun roll bagel muffin donut doughnut"),
    _glyph("paw", "sand", "pet cat dog bird litter aquarium"),
    _glyph("candy", "plum", "candy chocolate gum confectionery sweet"),
    _glyph("bag", "coral", "snack chip popcorn pretzel nut jerky"),
    _glyph("bowl", "lemon", "cereal breakfast oatmeal granola rice grain flour sugar"),
    _glyph(
        "jar", "coral", "sauce dressing condiment spice seasoning jam jelly spread syrup salsa oil "
        "pickle olive ketchup mustard mayonnaise honey vinegar gravy",
    ),
    _glyph("pasta", "amber", "pasta noodle spaghetti macaroni ramen"),
    _glyph("soup", "coral", "soup broth chili stew bouillon"),
    _glyph("fish", "teal", "fish seafood shrimp tuna salmon crab"),
    _glyph("drumstick", "amber", "chicken poultry turkey"),
    _glyph("meat", "coral", "meat beef pork bacon ham sausage lamb veal deli lunchmeat hotdog"),
    _glyph("carrot", "leaf", "vegetable carrot potato onion pepper tomato mushroom bean corn"),
    _glyph("leaf", "mint", "salad lettuce herb organic nutrition natural greens"),
    _glyph("fruit", "leaf", "fruit produce apple berry grape citrus banana melon orange"),
    _glyph("cup", "sand", "coffee tea cocoa espresso"),
    _glyph("wine", "plum", "wine spirit liquor beer ale cocktail alcohol cider"),
    _glyph("bottle", "teal", "drink water juice soda beverage isotonic lemonade"),
    _glyph("can", "slate", "canned can"),
    _glyph("pill", "teal", "vitamin medicine drug health pharmacy cold cough pain relief antacid "
           "supplement aid laxative allergy diet pharmaceutical"),
    _glyph("lipstick", "rose", "cosmetic makeup makeups fragrance perfume nail lip beauty eye"),
    _glyph("soap", "mint", "soap shampoo hair skin lotion deodorant bath shave shaving razor "
           "hygiene oral toothpaste tooth hand body feminine conditioner"),
    _glyph("spray", "sky", "clean cleaner cleaning laundry detergent bleach household softener "
           "dishwash freshener air insecticide"),
    _glyph("roll", "slate", "paper towel tissue napkin foil plastic disposable bath-tissue "
           "trash"),
    _glyph("pan", "slate", "kitchen cookware houseware pan pot bakeware appliance kitchenware"),
    _glyph("flower", "rose", "floral flower rose bouquet arrangement"),
    _glyph("sprout", "leaf", "garden plant lawn seed greenhouse outdoor patio"),
    _glyph("card", "iris", "greeting card postal stationery office envelope school postage"),
    _glyph("gift", "plum", "gift party charity holiday seasonal christmas halloween easter"),
    _glyph("book", "iris", "book magazine newspaper reading music"),
    _glyph("camera", "slate", "photo camera film video"),
    _glyph("toy", "lemon", "toy game doll hobby"),
    _glyph("fuel", "slate", "fuel gasoline gas petrol"),
    _glyph("car", "slate", "automotive auto car motor tyre tire"),
    _glyph("suitcase", "sand", "travel luggage leisure"),
    _glyph("lamp", "lemon", "light lighting bulb lamp candle electrical battery"),
    _glyph("device", "iris", "electronic computer laptop notebook phone monitor tablet audio tv "
           "printer"),
    _glyph("tool", "slate", "tool hardware plumbing paint repair"),
    _glyph("shirt", "iris", "apparel clothing shirt shoe hosiery sock wear fashion"),
    _glyph("plate", "amber", "restaurant meal dinner entree sandwich prepared chef food sushi "
           "taco burrito mexican hispanic"),
    _glyph("grocery", "amber", "grocery supermarket pantry"),
    _glyph("tag", "sand", "coupon merchandise miscellaneous misc"),
)  # fmt: skip
"""In the order in which they are tried on one level of a category path."""

_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=8192)
def drawing(product_type: str) -> tuple[str, str]:
    """(glyph, hue) of a category path: of its most specific level whose words say something.

    Where no level does, a plain box in a colour that the top level always gets.
    """
    levels = product_type.split(" > ")
    for level in reversed(levels):
        words = {form for word in _WORD.findall(level.lower()) for form in _singulars(word)}
        for glyph in GLYPHS:
            if words & glyph.words:
                return glyph.name, glyph.hue
    return "box", HUES[crc32(levels[0].encode()) % len(HUES)]


def _singulars(word: str) -> tuple[str, ...]:
    """What an English word may be the plural of, itself included."""
    if not word.endswith("s"):
        return (word,)
    cut = (word, word[:-1])
    if word.endswith("ies"):
        return (*cut, word[:-3] + "y")
    return (*cut, word[:-2]) if word.endswith("es") else cut
