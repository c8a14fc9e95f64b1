"""An amount is also sought in other units and spellings: ``2 l`` as ``2000 ml``, ``0.5"`` as
``1/2"``, ``500毫升`` as ``500ml``. Only what the catalogue holds is sought besides."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from mercato.catalogue.analysis import Word
from mercato.catalogue.postings import TextIndex
from mercato.catalogue.query import Alternative, Sought
from mercato.catalogue.values import number_of, number_text
from mercato.core.units import UNIT_OF
from mercato.ranking.understood import Step, Understood

STEP = "unit"

SAME = 0.95
"""What the same amount in another writing counts beside the one that was typed."""

CONVERTED = 0.8
"""What it counts in another unit."""

_METRIC = (
    {"ml": 1.0, "liter": 1_000.0},
    {"gram": 1.0, "kg": 1_000.0},
    {"mm": 1.0, "cm": 10.0, "meter": 1_000.0},
    {"mhz": 1.0, "ghz": 1_000.0},
    {"mb": 1.0, "gb": 1_024.0, "tb": 1_048_576.0},
)
_CUSTOMARY = (
    {"inch": 1.0, "foot": 12.0, "yard": 36.0},
    {"ounce": 1.0, "pound": 16.0},
    {"pint": 1.0, "quart": 2.0, "gallon": 8.0},
)
SCALES = {unit: scale for scale in (*_METRIC, *_CUSTOMARY) for unit in scale}
"""Unit → the units of its kind, in the smallest of them."""

CHINESE = {
    **{"毫升": "ml", "升": "liter", "克": "gram", "公斤": "kg", "千克": "kg", "斤": "jin"},
    **{"毫米": "mm", "厘米": "cm", "公分": "cm", "米": "meter", "英寸": "inch", "寸": "inch"},
    **{"英尺": "foot", "磅": "pound", "盎司": "ounce", "加仑": "gallon", "瓦": "watt"},
    **{"伏": "volt", "伏特": "volt", "安": "amp", "赫兹": "hz"},
}
"""Chinese unit → ours; a ``斤`` is 500 grams."""

_CHINESE_OF = {
    unit: [zh for zh, own in CHINESE.items() if own == unit] for unit in CHINESE.values()
}

_GRAMS_OF_A_JIN = 500
_FINEST = 64
"""Fractions of an inch on a ruler: 1/2, 1/4, … 1/64."""


_POINT = re.compile(r"(?<![\w.])\.(?=\d)")


def with_leading_zeros(text: str) -> str:
    """``.5 in`` as ``0.5 in``."""
    return _POINT.sub("0.", text) if "." in text else text


def other_units(understood: Understood, index: TextIndex) -> Understood:
    """With the same amounts in other words as alternatives."""
    sought: list[Sought] = []
    steps: list[Step] = []
    rest = list(understood.sought)
    while rest:
        n_words, spellings = _amount_at(rest)
        typed = tuple(each.words[0] for each in rest[:n_words])
        found = _known(typed, spellings, index) if spellings else ()
        if found:
            sought.append(Sought(typed, found))
            made = ", ".join(_spoken(each.words) for each in found)
            steps.append(Step(STEP, _spoken(typed), made, SAME))
        else:
            sought += rest[:n_words]
        del rest[:n_words]
    if not steps:
        return understood
    return replace(understood, sought=tuple(sought), steps=understood.steps + tuple(steps))


def _amount_at(rest: Sequence[Sought]) -> tuple[int, list[tuple[Word, ...]]]:
    """How many stretches at the beginning are one amount, and its other spellings."""
    first = _plain(rest[0])
    if first is None:
        return 1, []
    if _number_and_unit(first):
        return 1, list(_spellings(*_number_and_unit(first)))  # type: ignore[misc]
    second = _plain(rest[1]) if len(rest) > 1 else None
    if second is None or not first.whole.isdigit():
        return 1, []
    if second.whole in CHINESE:
        unit = CHINESE[second.whole]
        number = float(first.whole) * (_GRAMS_OF_A_JIN if unit == "jin" else 1)
        unit = "gram" if unit == "jin" else unit
        return 2, list(_spellings(number_text(number), unit))
    amount = _number_and_unit(second)
    if amount and "/" in amount[0]:
        number = float(first.whole) + _number(amount[0])
        return 2, [(_amount(number_text(number), amount[1]),)]
    return 1, []


def _plain(sought: Sought) -> Word | None:
    return sought.words[0] if len(sought.words) == 1 and not sought.alternatives else None


_UNITS = frozenset(UNIT_OF.values())


def _number_and_unit(word: Word) -> tuple[str, str] | None:
    """Of a word as `catalogue.measures` makes it from an amount."""
    if len(word.parts) != 2 or word.parts[1] not in _UNITS or not word.parts[0][:1].isdigit():
        return None
    return word.parts[0], word.parts[1]


def _amount(number: str, unit: str) -> Word:
    return Word(number + unit, (number, unit))


def _number(text: str) -> float:
    """``1/2`` is .5; NaN for what is no number."""
    if "/" not in text:
        return number_of(text)
    above, _, below = text.partition("/")
    if not (above.isdigit() and below.isdigit() and int(below)):
        return math.nan
    return int(above) / int(below)


def _spellings(number: str, unit: str) -> Iterator[tuple[Word, ...]]:
    """Other words for an amount, in every unit of its kind."""
    value = _number(number)
    if not 0 < value < math.inf:
        return
    yield from _as_fraction(value, unit)
    for converted, other in _converted(value, unit):
        written = number_text(converted)
        yield (_amount(written, other),)
        for chinese in _CHINESE_OF.get(other, ()):
            yield (Word(written), Word(chinese, tuple(chinese) if len(chinese) > 1 else ()))


def _converted(value: float, unit: str) -> Iterator[tuple[float, str]]:
    yield value, unit
    scale = SCALES.get(unit, {})
    for other in scale:
        converted = round(value * scale[unit] / scale[other], 3)
        # Who types 1/2' means inches.
        whole = value.is_integer() and converted.is_integer()
        if other != unit and converted and (whole or scale in _METRIC):
            yield converted, other


def _as_fraction(value: float, unit: str) -> Iterator[tuple[Word, ...]]:
    whole, part = divmod(Fraction(value), 1)
    if part and part.denominator <= _FINEST:
        fraction = _amount(f"{part.numerator}/{part.denominator}", unit)
        yield (Word(str(whole)), fraction) if whole else (fraction,)


def _known(
    typed: tuple[Word, ...], spellings: Sequence[tuple[Word, ...]], index: TextIndex
) -> tuple[Alternative, ...]:
    """The spellings that products may have, as alternatives."""
    distinct = [each for each in dict.fromkeys(spellings) if each != typed]
    asked = [word.whole for each in distinct for word in each]
    known = dict(zip(asked, (index.numbers(asked) >= 0).tolist(), strict=True)) if asked else {}
    kept = [each for each in distinct if all(known[word.whole] for word in each)]
    unit = _unit(typed)
    return tuple(
        Alternative(each, SAME if _unit(each) == unit else CONVERTED, "unit") for each in kept
    )


def _unit(words: tuple[Word, ...]) -> str:
    """Of an amount in whatever language."""
    last = words[-1]
    found = _number_and_unit(last)
    return found[1] if found else CHINESE.get(last.whole, "")


def _spoken(words: Sequence[Word]) -> str:
    return " ".join(" ".join(_number_and_unit(word) or (word.whole,)) for word in words)
