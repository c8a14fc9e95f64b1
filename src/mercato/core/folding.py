"""Text as it is compared: the same for what is indexed, asked and counted."""

import re
import unicodedata

_ACCENTS = re.compile("(?<=[a-zα-ω])[\u0300-\u036f]+")
_OTHER_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "ё": "е"}
)
"""Letters with a stroke or a ligature, and what those type who lack the key."""


def fold(text: str) -> str:
    """NFKC, no case, no accents on Latin and Greek letters: ``й`` and ``が`` are letters of
    their own."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))
    return plain.translate(_OTHER_LETTERS)


def spaced(text: str) -> str:
    """In single spaces, without any at the ends."""
    return " ".join(text.split())
