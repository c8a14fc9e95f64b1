"""Signs that nobody sees, and the one form of signs that can be written in two ways."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import over, printable_ascii, some

_INVISIBLE = (
    r"[\x{00}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}-\x{84}\x{86}-\x{9F}"
    r"\x{AD}\x{200B}\x{2060}\x{FEFF}\x{FFF9}-\x{FFFB}]"
)
"""Controls but tab and line ends, soft hyphen, zero-width space, word joiner, byte order mark,
interlinear marks. Joiners stay (Persian, Hindi, emoji need them), and so do direction marks."""


def control_characters(columns: Sequence[str]) -> Cleaning:
    return Cleaning(
        "control-characters",
        tuple(columns),
        "Control characters, zero-width spaces, byte order marks and soft hyphens are taken out.",
        over(columns, _visible),
    )


def _visible(texts: pa.StringArray) -> pa.StringArray:
    if printable_ascii(texts) or not some(texts, _INVISIBLE):
        return texts
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _INVISIBLE, ""))


def composed(columns: Sequence[str]) -> Cleaning:
    return Cleaning(
        "unicode-nfc",
        tuple(columns),
        "Letters with marks are written in one way: Unicode's normal form C (UAX #15).",
        over(columns, _composed),
    )


def _composed(texts: pa.StringArray) -> pa.StringArray:
    return texts if printable_ascii(texts) else pc.utf8_normalize(texts, form="NFC")
