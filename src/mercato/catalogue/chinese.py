"""Chinese in texts: simplified characters, words, units of measure, words that say nothing."""

import re
from fractions import Fraction
from functools import cache
from typing import Any

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Ranges of Han characters, for use within brackets of a regular expression."""

STOP_WORDS = frozenset(
    "的 了 和 与 及 或 在 是 之 等 吗 呢 吧 啊 呀 嘛 把 被 给 让 请 也 都 就 很 要 想 买 个".split()
    + "我 我的 你 您 它 这 那 这个 那个 哪个 什么 哪种 怎么 以及 还有 可以".split()
    + "想要 我要 想买 要买 有没有 一个 一款 一种".split()
)
"""Words that a query with other words does without: particles, pronouns, phrases of asking."""

_UNITS = {
    "meter": "米 公尺",
    "cm": "厘米 公分 釐米",
    "mm": "毫米",
    "inch": "英寸 寸 吋",
    "foot": "英尺",
    "gram": "克",
    "kg": "千克 公斤",
    "pound": "磅",
    "ounce": "盎司",
    "liter": "升 公升",
    "ml": "毫升",
    "gallon": "加仑",
    "watt": "瓦",
    "volt": "伏 伏特",
    "amp": "安培",
    "mah": "毫安时 毫安",
    "hz": "赫兹",
    "degree": "度",
}
"""Our unit → how Chinese writes it."""

_JIN = "斤"
_GRAMS_OF_A_JIN = 500

_UNIT_OF = {spelling: unit for unit, found in _UNITS.items() for spelling in found.split()}
_DIGITS = {"半": "0.5", "两": "2", "兩": "2"} | {
    sign: str(n) for n, sign in enumerate("一二三四五六七八九十", 1)
}
_SPELLINGS = "|".join(sorted([*_UNIT_OF, _JIN], key=len, reverse=True))
_NOT_BEFORE = "(?![拉级])"  # 克拉 is a carat, 升级 an upgrade
_NUMBER = r"(?P<number>\d+(?:\.\d+|/[1-9]\d*)?)"
_WORD = f"(?P<word>(?<![{HAN}])[{''.join(_DIGITS)}])"
_AMOUNT = re.compile(rf"(?:{_NUMBER}|{_WORD})\s*(?P<unit>{_SPELLINGS}){_NOT_BEFORE}")
_MAYBE = re.compile(rf"[{HAN}]")
_SIDES = re.compile(rf"(?<=[{HAN}])(?=[0-9])|(?<=[0-9a-z])(?=[{HAN}])")


def with_units(folded: str) -> str:
    """A folded text whose Chinese amounts stand as ``2meter`` and ``1000gram`` (two 斤).

    A number that is itself a character (``一升``) counts at the beginning of a text or word only:
    within one it is part of a name more often (``统一``).
    """
    if not _MAYBE.search(folded):
        return folded
    return _SIDES.sub(" ", _AMOUNT.sub(_amount, folded))


def _amount(match: re.Match[str]) -> str:
    number = match["number"] or _DIGITS[match["word"]]
    if match["unit"] == _JIN:
        return f" {float(Fraction(number)) * _GRAMS_OF_A_JIN:g}gram "
    return f" {number}{_UNIT_OF[match['unit']]} "


@cache
def _loaded() -> tuple[Any, Any]:
    """The segmenter and the converter to simplified characters; loaded by the first Chinese."""
    import opencc
    import rjieba

    return rjieba.cut, opencc.OpenCC("t2s").convert


def simplified(text: str) -> str:
    """With simplified characters in the place of traditional ones."""
    return str(_loaded()[1](text))


def words_of(run: str) -> list[str]:
    """The words of a run of Han characters, simplified."""
    return [str(word) for word in _loaded()[0](simplified(run))]
