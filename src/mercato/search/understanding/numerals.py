"""Numbers as shoppers write them: ``1,000``, ``1.234,50``, ``1.5k``, ``两百``, ``1万``."""

import re

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4}
_DIGITS |= {"五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_POWERS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_SCALES = {"k": 1_000, **_POWERS}

HAN_NUMERALS = "".join((*_DIGITS, *_POWERS))
NUMERAL = rf"(?:[0-9]+(?:[.,][0-9]+)*(?:\s?k(?![a-z])|[百千万])?|[{HAN_NUMERALS}]+)"
"""A regular expression of what `number_in` reads, without regard to case."""

_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


def number_in(numeral: str) -> float:
    """The number that a match of NUMERAL stands for."""
    numeral = numeral.lower().replace(" ", "")
    if numeral[0] in HAN_NUMERALS:
        return float(_chinese(numeral))
    scale = _SCALES.get(numeral[-1], 1)
    return _western(numeral.rstrip("k百千万")) * scale


def _western(digits: str) -> float:
    """The last mark stands before decimals, unless only groups of three follow marks of one
    kind."""
    if _GROUPED.fullmatch(digits):
        return float(digits.replace(",", "").replace(".", ""))
    whole, _, decimals = digits.replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '')}.{decimals}") if whole else float(decimals)


def _chinese(numeral: str) -> int:
    """``两千三百`` is 2300, ``一百二`` 120, ``二〇〇`` 200."""
    if not any(each in _POWERS for each in numeral):
        return int("".join(str(_DIGITS[each]) for each in numeral))
    total, part, digit, power = 0, 0, 0, 1
    for each in numeral:
        if each in _DIGITS:
            digit, power = _DIGITS[each], (1 if not _DIGITS[each] else power)
        elif each == "万":
            total, part, digit, power = (total + part + digit) * 10_000, 0, 0, 10_000
        else:
            part, digit, power = part + (digit or 1) * _POWERS[each], 0, _POWERS[each]
    return total + part + digit * (power // 10 if power >= 100 else 1)
