"""Check digits of trade item numbers, as an expression."""

import ibis

_LENGTH = 14
_SHAPE = r"^(\d{8}|\d{12,14})$"


def is_gtin(texts: ibis.Value) -> ibis.Value:
    """Whether texts are GTIN-8, -12, -13 or -14 with a right check digit; null of null.

    From the left of the 14 digits, weights 3 and 1 in turn; the sum divides by 10 (GS1 General
    Specifications, §7.9.1).
    """
    padded = texts.lpad(_LENGTH, "0")
    digits = [padded.substr(at, 1).ascii_str() - ord("0") for at in range(_LENGTH)]
    total = sum((digit * (3 if at % 2 == 0 else 1) for at, digit in enumerate(digits)), 0)
    return texts.re_search(_SHAPE) & (total % 10 == 0)
