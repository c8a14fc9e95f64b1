"""Prices, sales, stock and ratings: what has a fixed form in a query, read before its words are.

What is read leaves the words: nothing is sought under ``under $50``. A shop whose products have
no such field keeps the words.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from mercato.catalogue.analysis import STOP_WORDS, words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import And, Filter, Not, Or, Range, Term
from mercato.catalogue.query import as_sought
from mercato.core import columns as c
from mercato.ranking.understood import Meant, Step, Understood
from mercato.search.understanding.money import Price, prices
from mercato.search.understanding.reading import Reading

ENOUGH = 0.5
"""Assumed: share of products that must have a field for a filter on it; with fewer, those that
have it are only preferred."""

LOW_PRICES = 1 / 3
"""Assumed: ``cheap`` is the cheapest third."""

GOOD_RATINGS = 3 / 4
"""Assumed: ``top rated`` are the products from this quantile on."""

RATING_FIELDS = ("rating", "average_rating", "rating_value", "review_rating", "stars", "评分")
"""Attributes that may hold what shoppers think, 0 to 5."""

_CHEAP = re.compile(
    r"\b(?:cheap(?:est)?|inexpensive|affordable|budget|low[ -](?:priced?|cost))\b"
    "|(?:便宜|平价|实惠|廉价)的?",
    re.I,
)
_ON_SALE = re.compile(
    r"\b(?:(?:on|in) (?:sale|clearance|offer|discount)|(?:at|with) (?:a )?discount|discounted"
    r"|reduced price)\b|(?:正在)?(?:打折|特价|降价|折扣|促销)的?",
    re.I,
)
_MAYBE_ON_SALE = re.compile(
    r"^(?:discount|sale|deals?)\b|(?<!for )\b(?:discount|sale|deals?)$|优惠的?", re.I
)
_IN_STOCK = re.compile(
    r"\b(?:in[ -]stock|available (?:now|today|immediately))\b|(?:有现货|现货|有货)的?", re.I
)
_RATED = re.compile(
    r"\b(?:rated |at least )?(?P<stars>[1-5](?:\.\d)?)(?: ?\+ ?stars?| stars? (?:and|or) "
    r"(?:up|more|above|better|higher)| stars?\+)(?!\w)|(?P<xing>[1-5])星(?:及)?以上的?",
    re.I,
)
_WELL_RATED = re.compile(r"\b(?:top|best|highly|well)[ -]rated\b|(?:好评|评分高|高评分)的?", re.I)


@dataclass(frozen=True)
class Stretch:
    """Words from ``start`` to ``end`` of a text, and what they mean."""

    start: int
    end: int
    name: str
    meant: Meant


def read_patterns(understood: Understood, catalogue: Catalogue, reading: Reading) -> Understood:
    """With the filters and preferences that the text names, and without their words."""
    if reading.prices == "off":
        return understood
    text = understood.text
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    found = _apart([*_prices(text, catalogue, reading), *_phrases(text, catalogue)])
    if not found:
        return understood
    rest = _without(text, found)
    sought = tuple(word for word in words(rest) if word.whole not in STOP_WORDS)
    hard = reading.prices == "filter"
    meant = tuple(replace(each.meant, hard=each.meant.hard and hard) for each in found)
    steps = tuple(
        Step(each.name, each.meant.text, str(each.meant.filter), each.meant.confidence)
        for each in found
    )
    return replace(
        understood,
        text=rest if sought else "",
        sought=as_sought(sought),
        meant=understood.meant + meant,
        steps=understood.steps + steps,
    )


def share_with(catalogue: Catalogue, field: str) -> float:
    """About which share of the products has a field."""
    column = catalogue.columns[field]
    n_pairs = len(column.base.pairs.rows) + len(column.tail.rows)
    return min(1.0, n_pairs / max(catalogue.n_rows, 1))


def price_filter(low: float, high: float, half_open: bool, catalogue: Catalogue) -> Filter:
    """Products whose price now, which is the sale price where there is one, lies in a range."""
    price = Range(c.PRICE, low, high, half_open)
    if not share_with(catalogue, c.SALE_PRICE):
        return price
    sale = Range(c.SALE_PRICE, low, high, half_open)
    if low == -math.inf:
        return Or((price, sale))
    return Or((And((price, Not(Range(c.SALE_PRICE, high=low, half_open=True)))), sale))


def low_price(catalogue: Catalogue) -> float | None:
    """The price up to which a product is cheap; None where there are no prices."""
    return _quantile(catalogue, c.PRICE, LOW_PRICES)


def _quantile(catalogue: Catalogue, field: str, share: float) -> float | None:
    def find() -> float | None:
        column = catalogue.columns[field]
        codes = np.concatenate([column.base.pairs.codes, column.tail.codes])
        numbers = column.numbers[codes]
        numbers = numbers[~np.isnan(numbers)]
        return float(np.quantile(numbers, share)) if len(numbers) else None

    return catalogue.memo.get(("quantile", field, share), find, frozenset({field}))


def _prices(text: str, catalogue: Catalogue, reading: Reading) -> Iterator[Stretch]:
    found = prices(text)
    share = share_with(catalogue, c.PRICE) if found else 0.0
    for price in found if share else ():
        rate = _rate(price, reading)
        wanted = price_filter(
            price.low * (rate or 1.0), price.high * (rate or 1.0), price.half_open, catalogue
        )
        if price.bare and not catalogue.mask(wanted).any():
            continue
        hard = rate is not None and share >= ENOUGH and not price.about
        confidence = 0.9 if price.bare or price.about or rate is None else 1.0
        said = text[price.start : price.end].strip()
        yield Stretch(price.start, price.end, "price", Meant(wanted, said, confidence, hard))


def _rate(price: Price, reading: Reading) -> float | None:
    """What one unit of the price is worth in the shop's currency; None where nobody knows."""
    if not price.currencies or reading.currency in price.currencies:
        return 1.0
    return next((reading.rates[code] for code in price.currencies & set(reading.rates)), None)


def _phrases(text: str, catalogue: Catalogue) -> Iterator[Stretch]:
    for name, pattern, read in _PHRASES:
        match = pattern.search(text)
        meant = match and read(match, catalogue)
        if match and meant:
            yield Stretch(match.start(), match.end(), name, meant)


def _cheap(match: re.Match[str], catalogue: Catalogue) -> Meant | None:
    highest = low_price(catalogue)
    # A brand may be called so.
    if highest is None or catalogue.columns[c.BRAND].code(match[0]) is not None:
        return None
    return Meant(Range(c.PRICE, high=highest), match[0], 0.6, hard=False)


def _on_sale(match: re.Match[str], catalogue: Catalogue, *, sure: bool = True) -> Meant | None:
    if not share_with(catalogue, c.SALE_PRICE):
        return None
    return Meant(Range(c.SALE_PRICE, 0.0), match[0], 1.0 if sure else 0.6, hard=sure)


def _maybe_on_sale(match: re.Match[str], catalogue: Catalogue) -> Meant | None:
    return _on_sale(match, catalogue, sure=False)


def _in_stock(match: re.Match[str], catalogue: Catalogue) -> Meant | None:
    share = share_with(catalogue, c.AVAILABILITY)
    if not share:
        return None
    wanted = Term(c.AVAILABILITY, c.Availability.IN_STOCK.value)
    return Meant(wanted, match[0], 1.0, hard=share >= ENOUGH)


def _rated(match: re.Match[str], catalogue: Catalogue) -> Meant | None:
    field = _rating_field(catalogue)
    if field is None:
        return None
    least = float(match["stars"] or match["xing"])
    return Meant(Range(field, least), match[0], 1.0, hard=share_with(catalogue, field) >= ENOUGH)


def _well_rated(match: re.Match[str], catalogue: Catalogue) -> Meant | None:
    field = _rating_field(catalogue)
    least = field and _quantile(catalogue, field, GOOD_RATINGS)
    return Meant(Range(field, least), match[0], 0.6, hard=False) if field and least else None


def _rating_field(catalogue: Catalogue) -> str | None:
    return next((name for name in RATING_FIELDS if name in catalogue.columns), None)


_Read = Callable[[re.Match[str], Catalogue], Meant | None]
_PHRASES: tuple[tuple[str, re.Pattern[str], _Read], ...] = (
    ("sale", _ON_SALE, _on_sale),
    ("sale", _MAYBE_ON_SALE, _maybe_on_sale),
    ("stock", _IN_STOCK, _in_stock),
    ("rating", _RATED, _rated),
    ("rating", _WELL_RATED, _well_rated),
    ("cheap", _CHEAP, _cheap),
)


def _apart(found: list[Stretch]) -> list[Stretch]:
    """Those that do not overlap an earlier one, as they stand in the text."""
    kept: list[Stretch] = []
    for each in found:
        if all(each.end <= k.start or k.end <= each.start for k in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


def _without(text: str, found: list[Stretch]) -> str:
    ends = [0, *(each.end for each in found)]
    starts = [*(each.start for each in found), len(text)]
    parts = (text[a:b] for a, b in zip(ends, starts, strict=True))
    return " ".join(" ".join(parts).split())
