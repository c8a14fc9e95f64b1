"""What steps over text columns share."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.checks import Rows
from mercato.data.cleaning.step import Apply, CleaningContext, Outcome

Change = Callable[[pa.StringArray], pa.StringArray]
"""(n,) texts → (n,) texts; the very same array where nothing changes."""


def over(columns: Sequence[str], change: Change) -> Apply:
    """A step that changes each of the ``columns`` by itself; what becomes empty is missing."""

    def apply(rows: Rows, context: CleaningContext) -> Outcome | None:
        changed = {}
        for name in columns:
            before = rows.typed[name]
            if before.null_count == len(before):
                continue
            after = change(before)
            if after is not before:
                changed[name] = _filled(after)
        return Outcome(changed) if changed else None

    return apply


def _filled(texts: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def printable_ascii(texts: pa.StringArray) -> bool:
    """Whether every byte of every text is a printable sign of ASCII: as fast as memory is read."""
    data = texts.buffers()[2]
    if data is None:
        return True
    offsets = np.frombuffer(texts.buffers()[1], np.int32)
    first, last = offsets[texts.offset], offsets[texts.offset + len(texts)]
    letters = np.frombuffer(data, np.uint8)[first:last]
    return not letters.size or bool(letters.min() >= 0x20 and letters.max() < 0x7F)


def some(texts: pa.StringArray, pattern: str) -> bool:
    """Whether the regular expression (RE2) is found in any text."""
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def by_distinct(
    texts: pa.StringArray, concerned: pa.BooleanArray, change: Callable[[str], str]
) -> pa.StringArray:
    """Each distinct text among the ``concerned`` rows, changed by Python once."""
    if not pc.any(concerned).as_py():
        return texts
    distinct = texts.filter(concerned).dictionary_encode()
    found = [change(text) for text in distinct.dictionary.to_pylist()]
    mask = pc.fill_null(concerned, False)
    return pc.replace_with_mask(texts, mask, pa.array(found, pa.string()).take(distinct.indices))
