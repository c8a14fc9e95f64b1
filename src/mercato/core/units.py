"""Units of what is sold, in the spellings of feeds and shoppers."""

_SPELLINGS = {
    "inch": "in inch inches \" ” ″ ′′ ''",
    "foot": "ft foot feet ' ’ ′",
    "yard": "yd yds yard yards",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "meter": "m meter meters metre metres",
    "pound": "lb lbs pound pounds",
    "ounce": "oz ounce ounces",
    "gram": "g gr gram grams",
    "kg": "kg kilo kilos kilogram kilograms",
    "gallon": "gal gallon gallons",
    "quart": "qt qts quart quarts",
    "pint": "pt pint pints",
    "liter": "l lt ltr liter liters litre litres",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "volt": "v volt volts",
    "watt": "w watt watts",
    "amp": "a amp amps ampere amperes",
    "hp": "hp horsepower",
    "mb": "mb megabyte megabytes",
    "gb": "gb gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
    "hz": "hz hertz",
    "mhz": "mhz megahertz",
    "ghz": "ghz gigahertz",
    "gauge": "ga gauge",
    "pack": "pk pack packs",
    "piece": "pc pcs piece pieces",
    "count": "ct count",
    "ton": "ton tons",
    "btu": "btu btus",
    "degree": "° degree degrees",
}

UNIT_OF = {
    spelling: unit for unit, all_of_it in _SPELLINGS.items() for spelling in all_of_it.split()
}
"""Spelling (folded) → unit."""

_SYMBOL_OF_UNIT = {
    **{"inch": "in", "foot": "ft", "yard": "yd", "mm": "mm", "cm": "cm", "meter": "m"},
    **{"pound": "lb", "ounce": "oz", "gram": "g", "kg": "kg"},
    **{"gallon": "gal", "quart": "qt", "pint": "pt", "liter": "l", "ml": "ml"},
    **{"count": "count", "pack": "pack", "piece": "piece"},
}

SYMBOLS = {
    spelling: _SYMBOL_OF_UNIT[unit]
    for spelling, unit in UNIT_OF.items()
    if unit in _SYMBOL_OF_UNIT and spelling.isalpha()
}
"""Spelling (folded) of a length, weight, volume or number of pieces → how we write its unit."""
