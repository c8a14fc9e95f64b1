"""White space: one kind of it, and no more than is needed."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import over, printable_ascii, some

_ODD = r"\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
"""Unicode's further spaces; in a feed they come from typesetting."""

_IN_A_LINE = rf"[ \t\r\n\x{{2028}}\x{{2029}}{_ODD}]+"
_AT_LINE_ENDS = r" *(?:\r\n|[\r\n\x{2028}]) *"


def single_spaces(columns: Sequence[str]) -> Cleaning:
    return Cleaning(
        "spaces",
        tuple(columns),
        "Runs of spaces, tabs, line ends and no-break spaces are one space.",
        over(columns, _in_a_line),
    )


def _in_a_line(texts: pa.StringArray) -> pa.StringArray:
    odd = not printable_ascii(texts) and some(texts, rf"[\t\r\n\x{{2028}}\x{{2029}}{_ODD}]")
    if not odd and not pc.any(pc.match_substring(texts, "  ")).as_py():
        return texts
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _IN_A_LINE, " "))


def tidy_lines(columns: Sequence[str]) -> Cleaning:
    return Cleaning(
        "lines",
        tuple(columns),
        "Within lines as above; line ends are one sign, and at most one line is empty.",
        over(columns, _tidy),
    )


def _tidy(texts: pa.StringArray) -> pa.StringArray:
    if printable_ascii(texts) and not pc.any(pc.match_substring(texts, "  ")).as_py():
        return texts
    runs = pc.replace_substring_regex(texts, rf"[ \t{_ODD}]+", " ")
    lines = pc.replace_substring_regex(runs, _AT_LINE_ENDS, "\n")
    lines = pc.replace_substring_regex(lines, r"\x{2029}|\n{3,}", "\n\n")
    return pc.utf8_trim_whitespace(lines)
