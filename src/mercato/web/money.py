"""Amounts of money as a reader of each language expects them."""

_DIGITS = {"BHD": 3, "CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}
"""Digits after the point where they are not two (ISO 4217)."""

_SYMBOLS = {
    "en": {
        "AUD": "A$",
        "BRL": "R$",
        "CAD": "CA$",
        "CNY": "CN¥",
        "EUR": "€",
        "GBP": "£",
        "HKD": "HK$",
        "INR": "₹",
        "JPY": "¥",
        "KRW": "₩",
        "MXN": "MX$",
        "NZD": "NZ$",
        "TWD": "NT$",
        "USD": "$",
        "VND": "₫",
    },
    "zh": {
        "AUD": "AU$",
        "BRL": "R$",
        "CAD": "CA$",
        "CNY": "¥",
        "EUR": "€",
        "GBP": "£",
        "HKD": "HK$",
        "INR": "₹",
        "JPY": "JP¥",
        "KRW": "￦",
        "MXN": "MX$",
        "NZD": "NZ$",
        "TWD": "NT$",
        "USD": "US$",
        "VND": "₫",
    },
}
"""Language → currency → sign before the amount (Unicode CLDR 46, ``en`` and ``zh``)."""


def money(amount: float, currency: str, language: str, *, whole: bool = False) -> str:
    """``amount`` in the major unit of ``currency`` (ISO 4217).

    A currency without a sign of its own stands as its code, a no-break space before the amount.
    ``whole`` leaves the digits after the point out where they are all zero: bounds of ranges.
    """
    sign = _SYMBOLS[language].get(currency, f"{currency}\N{NO-BREAK SPACE}")
    digits = _DIGITS.get(currency, 2)
    if whole and round(amount, digits) == int(amount):
        digits = 0
    minus = "-" if round(amount, digits) < 0 else ""
    return f"{minus}{sign}{abs(amount):,.{digits}f}"
