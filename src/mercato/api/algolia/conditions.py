"""One condition of a filter: ``price > 10``, ``price:10 TO 20``, ``brand:Acme``."""

import math
import re

from mercato.api.algolia.attributes import Attributes, negated
from mercato.catalogue.filters import Filter
from mercato.catalogue.values import number_of
from mercato.core.errors import BadInput

LONGEST_CONDITION = 1_000
"""Characters."""

OPERATORS = ("<=", ">=", "!=", "<", ">", "=")
EXAMPLE = 'Write it like brand:Acme, price >= 10 or price:10 TO 50; see Algolia\'s "filters".'

_RANGE = re.compile(r"(?P<low>\S+)\s+TO\s+(?P<high>\S+)")
_COMPARED = re.compile(r"(?P<name>[^<>=!:]+)(?P<operator><=|>=|!=|<|>|=|:)(?P<value>[^<>=!:]+)")


def compared(name: str, operator: str, value: str, attributes: Attributes) -> Filter:
    """``name operator value``; raises BadInput where the value is no number."""
    number = _number(name, value)
    if operator == "!=":
        return negated(attributes.numbers(name, number, number))
    low = {">=": number, ">": math.nextafter(number, math.inf), "=": number}
    high = {"<=": number, "<": math.nextafter(number, -math.inf), "=": number}
    return attributes.numbers(name, low.get(operator, -math.inf), high.get(operator, math.inf))


def between(name: str, low: str, high: str, attributes: Attributes) -> Filter:
    """``name:low TO high``, both ends included."""
    return attributes.numbers(name, _number(name, low), _number(name, high))


def numeric(text: str, attributes: Attributes) -> Filter:
    """One of ``numericFilters``."""
    match = _COMPARED.fullmatch(text.strip()) if len(text) <= LONGEST_CONDITION else None
    if match is None:
        raise BadInput("a comparison of numbers", repr(text[:LONGEST_CONDITION]), EXAMPLE)
    name, value = match["name"].strip(), match["value"].strip()
    if match["operator"] != ":":
        return compared(name, match["operator"], value, attributes)
    if (ends := _RANGE.fullmatch(value)) is not None:
        return between(name, ends["low"], ends["high"], attributes)
    return compared(name, "=", value, attributes)


def facet(text: str, attributes: Attributes) -> Filter:
    """One of ``facetFilters``: ``brand:Acme``, ``brand:-Acme`` (not), ``brand:\\-5`` (minus)."""
    name, mark, value = text.partition(":")
    if not (name.strip() and mark) or len(text) > LONGEST_CONDITION:
        found = repr(text[:LONGEST_CONDITION])
        raise BadInput("a facet filter as attribute:value", found, EXAMPLE)
    name, value = name.strip(), value.strip()
    without = value.startswith("-") or name.startswith("-")
    value = value.removeprefix("-") if value.startswith("-") else value.removeprefix("\\")
    wanted = attributes.term(name.removeprefix("-"), value)
    return negated(wanted) if without else wanted


def tag(text: str, attributes: Attributes) -> Filter:
    """One of ``tagFilters``: a value of the attribute ``_tags``."""
    wanted = attributes.term("_tags", text.strip().removeprefix("-"))
    return negated(wanted) if text.strip().startswith("-") else wanted


def _number(name: str, value: str) -> float:
    number = number_of(value.strip())
    if math.isnan(number):
        raise BadInput(f"a number for {name[:100]!r}", repr(value[:100]), EXAMPLE)
    return number
