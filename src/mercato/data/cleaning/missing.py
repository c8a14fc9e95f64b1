"""Words that programs write where a value is missing."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.casts import is_text
from mercato.data.cleaning.step import Cleaning

WORDS = (
    *("null", "NULL", "Null", "none", "None", "NONE", "nan", "NaN", "undefined"),
    *("n/a", "N/A", "#N/A", "<NA>", "<null>", "(null)", "(none)", "(not set)", "\\N"),
    *("-", "--", "—", "–"),
)
"""Spelled exactly so: NAN is a brand, Nil a name. ``(not set)`` and ``(none)`` are Google
Analytics', ``\\N`` is what MySQL dumps, ``<NA>`` what R and pandas write."""

_WORDS = pa.array(WORDS, pa.string())


def missing_words(columns: Sequence[str]) -> Cleaning:
    shown = ", ".join(f"`{word}`" for word in ("null", "N/A", "(not set)", "-"))
    return Cleaning(
        "missing-words",
        tuple(columns),
        f"A cell that says {shown} or the like is empty.",
        written=_without_words,
    )


def _without_words(cells: pa.Array) -> pa.Array:
    if not is_text(cells.type):
        return cells
    found = pc.is_in(cells.cast(pa.string()), value_set=_WORDS)
    return pc.if_else(found, pa.scalar(None, cells.type), cells) if found.true_count else cells
