"""Prices in a shopper's words: ``under $50``, ``50-100€``, ``500元以下的``, ``100到200块``.

A number is a price where a currency or the word price stands by it. A bare number is read as one
only behind ``under`` and its like, where no unit can follow: ``laptops under 500``, but not
``under 50 inch tv`` or ``vitamins for women over 50``.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mercato.search.understanding.numerals import HAN_NUMERALS, NUMERAL, number_in

GENERIC: frozenset[str] = frozenset()
"""Of ``元`` or ``bucks``: whatever the shop's prices are in."""

_DOLLARS = frozenset("USD AUD CAD HKD MXN NZD SGD TWD".split())
_CODES: dict[str, frozenset[str]] = {
    **dict.fromkeys("元 块钱 块 圆 bucks buck".split(), GENERIC),
    **dict.fromkeys("$ dollars dollar".split(), _DOLLARS),
    **dict.fromkeys("us$ usd 美元 美金".split(), frozenset({"USD"})),
    **dict.fromkeys("€ eur euros euro 欧元".split(), frozenset({"EUR"})),
    **dict.fromkeys("£ gbp quid 英镑".split(), frozenset({"GBP"})),
    **dict.fromkeys("¥ yen".split(), frozenset({"CNY", "JPY"})),
    **dict.fromkeys("cny rmb yuan 人民币".split(), frozenset({"CNY"})),
    **dict.fromkeys("jpy 日元".split(), frozenset({"JPY"})),
    **dict.fromkeys("hk$ hkd 港币 港元".split(), frozenset({"HKD"})),
    **dict.fromkeys("nt$ twd 台币 新台币".split(), frozenset({"TWD"})),
    **dict.fromkeys("₹ inr rupees rupee".split(), frozenset({"INR"})),
    **dict.fromkeys("₩ krw won".split(), frozenset({"KRW"})),
}


@dataclass(frozen=True)
class Price:
    """A stretch of a text that names a price.

    start, end : of the stretch
    low, high  : in the currency that was named; infinite where there is no such end
    half_open  : whether ``high`` itself is left out
    currencies : ISO 4217 codes that the words may mean; empty where they name none
    bare       : whether nothing but the place of the number says that it is a price
    about      : whether the amount is only aimed at
    """

    start: int
    end: int
    low: float
    high: float
    half_open: bool = False
    currencies: frozenset[str] = GENERIC
    bare: bool = False
    about: bool = False


ABOUT = 0.2
"""Assumed: ``about 50`` is 40 to 60."""


def _any(words: str) -> str:
    return "|".join(sorted(map(re.escape, words.split("|")), key=len, reverse=True))


_SIGN = _any("us$|hk$|nt$|$|€|£|¥|₹|₩|usd|eur|gbp|cny|rmb|jpy|hkd|twd|inr|krw")
_NAME = _any("|".join(_CODES))
_BEFORE = rf"(?:(?P<{{0}}before>(?<![a-z]){_SIGN})\s?)?"
_AFTER = rf"(?:\s?(?P<{{0}}after>{_NAME})(?![a-z]))?"
_MONEY = _BEFORE + rf"(?P<{{0}}number>{NUMERAL})" + _AFTER
"""An amount; ``{0}`` parts the two of a range."""

_PRICE = (
    r"(?:(?P<price>prices?|priced|costs?|costing|价格|价位|售价|预算)"
    r"\s?(?:is|of|in|at|在|为|是|:)?\s?)?"
)
_LEAD = r"(?:(?:that|which|for|at)\s)*" + _PRICE

_BELOW = _any("under|below|less than|cheaper than|lower than|低于|少于|小于|不到|不足|便宜于|<")
_AT_MOST = _any(
    "up to|at most|no more than|not more than|not over|max|maximum|max.|within|not exceeding"
    "|不超过|不高于|不大于|不多于|最多|最高|至多|<=|≤"
)
_AT_LEAST = _any(
    "over|above|more than|at least|greater than|higher than|starting at|starting from|from|min"
    "|minimum|不低于|不少于|不小于|至少|最低|起码|高于|大于|多于|超过|>=|≥|>"
)
_NEARLY = _any("around|about|approximately|approx|roughly|circa|大约|大概|约|~")
_AND_LESS = (
    r"(?:or|and)\s(?:less|under|below|cheaper|lower)|max(?:imum)?|及?以下|及?以内|之内|以里|内"
)
_AND_MORE = r"(?:or|and)\s(?:more|up|over|above|higher)|\+|及?以上|起|往上"
_OR_SO = r"or\sso|左右|上下"
_TO = r"\s?(?:-|–|—|~|to|and|到|至)\s?"
_EDGE = r"(?<![a-z0-9])"
_END = r"(?:之间|\s?的|(?![a-z0-9]))"


def _of(name: str, words: str) -> str:
    return rf"(?P<{name}>{words})"


_PREFIXED = re.compile(
    _EDGE
    + _LEAD
    + "(?:"
    + "|".join((_of("at_most", _AT_MOST), _of("below", _BELOW)))
    + "|"
    + "|".join((_of("at_least", _AT_LEAST), _of("nearly", _NEARLY)))
    + r")(?:\sof)?\s?"
    + _MONEY.format("")
    + _END,
    re.I,
)
_SUFFIXED = re.compile(
    rf"(?<![a-z0-9.]){_LEAD}{_MONEY.format('')}\s?"
    + "(?:"
    + "|".join((_of("and_less", _AND_LESS), _of("and_more", _AND_MORE), _of("or_so", _OR_SO)))
    + rf"){_END}",
    re.I,
)
_BETWEEN = re.compile(
    rf"(?<![a-z0-9.-]){_LEAD}(?:(?P<between>between|from|在|从)\s?)?"
    + _MONEY.format("low_")
    + _TO
    + _MONEY.format("high_")
    + rf"(?P<among>之间)?{_END}",
    re.I,
)
_BUDGET = re.compile(rf"(?P<price>预算|budget)\s?(?:of|is|:)?\s?{_MONEY.format('')}{_END}", re.I)
_DIGIT = re.compile(rf"[0-9{HAN_NUMERALS}]")
_LATIN = re.compile(r"[a-z]+")
_TELLING_WORDS = frozenset(
    "under below less cheaper lower up most more over max maximum exceeding above least greater "
    "higher starting from min minimum around about approximately approx roughly circa between "
    "within price prices priced cost costs costing budget so buck bucks dollar dollars usd us hk "
    "nt eur euro euros gbp quid yen cny rmb yuan jpy hkd twd inr rupee rupees krw won".split()
)
_TELLING_MARKS = frozenset("$€£¥₹₩<>≤≥~+元块圆金币价内下上起约算过于低高多少足到")
"""One of these words or marks stands in everything that is read as a price."""

_BARE = re.compile(
    "(?:under|below|less than|cheaper than|lower than|up to|at most|n[ot]+ more than|not exceeding"
    "|<|不超过|不高于|不大于|不多于|低于|少于|小于|不到|不足)",
    re.I,
)
"""Behind what a bare number may be a price: not ``pro max 256``, not ``women over 50``."""

_GOES_ON = re.compile(r"\s*(?:$|[,;.!?)，。；！？]|(?:for|with|please|or|and|的)(?![a-z]))", re.I)
"""What may stand behind a bare number, if it is a price: no noun, and so no unit."""

_MEASURED = re.compile(
    r"(?:size|weight|weighs?|weighing|width|wide|height|high|tall|length|long|depth|deep|diameter|thickness|thick"
    r"|volume|capacity|power|wattage|load|pressure|temperature|speed|number|no)\W*$",
    re.I,
)
"""What a bare number behind ``under`` counts instead of money."""

_YOUNG = re.compile(r"\b(?:kids?|child|children|boys?|girls?|baby|babies|toddlers?|ages?)\b", re.I)
_OLDEST_CHILD = 18


def prices(text: str) -> list[Price]:
    """The prices that a text names, none within another. ``text`` is in NFKC."""
    if not _may_name_price(text):
        return []
    found: list[Price] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            price = read(match, text)
            if price and all(price.end <= p.start or p.end <= price.start for p in found):
                found.append(price)
    return sorted(found, key=lambda price: price.start)


def _may_name_price(text: str) -> bool:
    """Whether the patterns are worth trying: most queries are done with here."""
    if not _DIGIT.search(text):
        return False
    told = not _TELLING_WORDS.isdisjoint(_LATIN.findall(text.lower()))
    return told or not _TELLING_MARKS.isdisjoint(text)


def _between(match: re.Match[str], text: str) -> Price | None:
    low, high = number_in(match["low_number"]), number_in(match["high_number"])
    currencies, named = _named(match, "low_", "high_")
    certain = named or bool(match["price"])
    bare = not certain and bool(match["between"]) and _stands_alone(match, text, high)
    if high < low or not (certain or bare or match["among"]):
        return None
    return Price(match.start(), match.end(), low, high, False, currencies, not certain)


def _prefixed(match: re.Match[str], text: str) -> Price | None:
    amount = number_in(match["number"])
    currencies, named = _named(match, "")
    certain = named or bool(match["price"])
    bare = not certain and bool(_BARE.fullmatch(match["at_most"] or match["below"] or ""))
    if not certain and not (bare and _stands_alone(match, text, amount)):
        return None
    if match["nearly"]:
        return _about(match, amount, currencies)
    low, high = (amount, math.inf) if match["at_least"] else (-math.inf, amount)
    half_open = match["below"] is not None
    return Price(match.start(), match.end(), low, high, half_open, currencies, not certain)


def _suffixed(match: re.Match[str], text: str) -> Price | None:
    amount = number_in(match["number"])
    currencies, named = _named(match, "")
    certain = named or bool(match["price"])
    said = match["and_less"] or match["and_more"] or match["or_so"]
    plain = said.isascii() or said in ("内", "起") or bool(match["or_so"])
    if not certain and (plain or not _stands_alone(match, text, amount)):
        return None
    if match["or_so"]:
        return _about(match, amount, currencies)
    low, high = (amount, math.inf) if match["and_more"] else (-math.inf, amount)
    return Price(match.start(), match.end(), low, high, False, currencies, not certain)


def _budget(match: re.Match[str], text: str) -> Price | None:
    currencies, _ = _named(match, "")
    amount = number_in(match["number"])
    return Price(match.start(), match.end(), -math.inf, amount, False, currencies)


_READERS = (
    (_BETWEEN, _between),
    (_PREFIXED, _prefixed),
    (_SUFFIXED, _suffixed),
    (_BUDGET, _budget),
)


def _about(match: re.Match[str], amount: float, currencies: frozenset[str]) -> Price:
    low, high = amount * (1 - ABOUT), amount * (1 + ABOUT)
    return Price(match.start(), match.end(), low, high, False, currencies, about=True)


def _named(match: re.Match[str], *sides: str) -> tuple[frozenset[str], bool]:
    """What currencies the amounts may be in, and whether any was named."""
    words = [w.lower() for side in sides for w in _currency_words(match, side)]
    codes = [_CODES[word] for word in words if _CODES[word]]
    return (frozenset.intersection(*codes) if codes else GENERIC), bool(words)


def _currency_words(match: re.Match[str], side: str) -> Iterator[str]:
    yield from (found for place in ("before", "after") if (found := match[side + place]))


def _stands_alone(match: re.Match[str], text: str, amount: float) -> bool:
    """Whether no unit can follow a bare number, and nothing else that it may count precedes."""
    before = text[: match.start()]
    if _MEASURED.search(before) or (amount <= _OLDEST_CHILD and _YOUNG.search(text)):
        return False
    return match[0].endswith("的") or bool(_GOES_ON.match(text, match.end()))
