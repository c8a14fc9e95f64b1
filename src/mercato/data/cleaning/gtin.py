"""Numbers of trade items (GTIN), as they are printed or as spreadsheets spoil them."""

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import over

_EXPONENT = r"^\d(?:[.,]\d+)?[eE]\+?\d{1,2}$"
_GROUPED = r"^[0-9][0-9 \x{A0}-]*$"
_DECIMALS = r"^(\d{8,14})\.0+$"


def bare_gtin() -> Cleaning:
    return Cleaning(
        "gtin-digits",
        (c.GTIN,),
        "Spaces and hyphens between digits go, and so does `.0` behind them; `5.01235E+12`, whose "
        "last digits a spreadsheet has lost, is missing. Check digits are looked at in item_flags.",
        over((c.GTIN,), _bare),
    )


def _bare(texts: pa.StringArray) -> pa.StringArray:
    if not pc.any(pc.match_substring_regex(texts, r"[^0-9]")).as_py():
        return texts
    lost = pc.match_substring_regex(texts, _EXPONENT)
    kept = pc.if_else(lost, pa.scalar(None, pa.string()), texts)
    grouped = pc.match_substring_regex(kept, _GROUPED)
    digits = pc.if_else(grouped, pc.replace_substring_regex(kept, r"[^0-9]", ""), kept)
    return pc.replace_substring_regex(digits, _DECIMALS, r"\1")
