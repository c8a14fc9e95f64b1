"""Codes in a query: numbers of trade items, ids, numbers of models and parts.

A query that is one code finds the products that have it first, whatever else it finds. Check
digits as in the GS1 General Specifications, §7.9.1, and ISO 2108 for books.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mercato.catalogue.analysis import LONGEST_TOKEN, Word
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import Alternative, Sought
from mercato.core import columns as c
from mercato.core.units import UNIT_OF
from mercato.ranking.understood import Step, Understood

STEP = "code"

CODE_FIELDS = (
    *(c.GTIN, "ean", "upc", "isbn", "mpn", "sku", "model", "model_number", "part_number"),
    *("manufacturer_part_number", "item_number"),
)
"""Fields that hold one product's number."""

GTIN_LENGTHS = (8, 12, 13, 14)

FEWEST_SIGNS = 5
"""Of a code that is told by its form alone: ``mp3`` and ``4k`` are words."""

MOST_PRODUCTS = 20
"""Assumed: a word on more products is no code of one."""

MOST_COMPLETIONS = 8
BEGUN = 0.5
"""What a longer code counts beside its beginning."""

_BETWEEN = re.compile(r"[\s\-_./]+")
_MOST_JOINED = 4
_CODE = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]+")
_UNITS = "|".join(map(re.escape, sorted(filter(str.isalpha, UNIT_OF), key=len, reverse=True)))
_AMOUNT = re.compile(rf"[0-9]+(?:{_UNITS}|x[0-9]+)")


def read_codes(understood: Understood, catalogue: Catalogue) -> Understood:
    """With the rows that the query names by a code, and with codes joined or completed."""
    if not any(sign.isdigit() for sign in understood.text):
        return understood
    rows = _rows_named(understood.text.strip(), catalogue)
    if rows:
        made = ", ".join(catalogue.ids(np.array(rows[:3])))
        step = Step(STEP, understood.text.strip(), made)
        steps = (*understood.steps, step)
        return replace(understood, exact=rows, by_meaning=False, steps=steps)
    return _completed(_joined(understood, catalogue), catalogue)


def is_gtin(digits: str) -> bool:
    """Whether a text is a GTIN-8, -12, -13 or -14 with a right check digit."""
    if len(digits) not in GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return False
    padded = digits.zfill(14)
    return sum(int(each) * (1 if at % 2 else 3) for at, each in enumerate(padded)) % 10 == 0


def gtin_spellings(code: str) -> Iterator[str]:
    """The ways in which feeds write a trade item's number: every length that holds it. Nothing
    where it is none."""
    if re.fullmatch(r"[0-9]{9}[0-9xX]", code) and _is_isbn(code):
        code = _isbn_13(code)
    shortest = code.lstrip("0")
    if not shortest.isdigit() or not is_gtin(shortest.zfill(14)):
        return
    yield from dict.fromkeys((code, shortest, *map(shortest.zfill, GTIN_LENGTHS)))


def _is_isbn(code: str) -> bool:
    values = [10 if sign in "xX" else int(sign) for sign in code]
    return sum((10 - at) * value for at, value in enumerate(values)) % 11 == 0


def _isbn_13(code: str) -> str:
    body = "978" + code[:9]
    total = sum(int(each) * (3 if at % 2 else 1) for at, each in enumerate(body))
    return body + str(-total % 10)


def _rows_named(typed: str, catalogue: Catalogue) -> tuple[int, ...]:
    """Living rows, ascending, of the products that have the whole query as their number."""
    code = _BETWEEN.sub("", typed)
    if len(code) > LONGEST_TOKEN or not code.isascii() or not code.isalnum():
        return ()
    rows = set(_rows_with_number(typed, code, catalogue))
    if len(code) >= FEWEST_SIGNS:
        row = catalogue.row(typed)
        rows |= set() if row is None else {row}
        rows = rows or _rows_with_word(code.lower(), catalogue)
    return tuple(sorted(rows))


def _rows_with_number(typed: str, code: str, catalogue: Catalogue) -> Iterator[int]:
    spellings = dict.fromkeys((typed, code, *gtin_spellings(code)))
    if len(code) < FEWEST_SIGNS:
        return
    for name in CODE_FIELDS:
        if name not in catalogue.columns:
            continue
        column = catalogue.columns[name]
        for value in {column.code(each) for each in spellings} - {None}:
            for rows in column.rows_of(value):  # type: ignore[arg-type]
                yield from rows[catalogue.alive[rows]].tolist()


def _rows_with_word(code: str, catalogue: Catalogue) -> set[int]:
    """Rows of the few products that hold a code as one word."""
    if not _is_code(code):
        return set()
    rows = catalogue.text.rows_with(Word(code))
    rows = rows[catalogue.alive[rows]]
    return set(rows.tolist()) if len(rows) <= MOST_PRODUCTS else set()


def _is_code(word: str) -> bool:
    """Whether a word has the form of a model's or part's number."""
    return len(word) >= FEWEST_SIGNS and bool(_CODE.fullmatch(word)) and not _AMOUNT.fullmatch(word)


def _joined(understood: Understood, catalogue: Catalogue) -> Understood:
    """With ``dcd771c2`` as an alternative of ``dcd 771 c2``."""
    plain = [_plain(each) for each in understood.sought]
    spans = [
        (at, at + n, code)
        for n in range(min(_MOST_JOINED, len(plain)), 1, -1)
        for at in range(len(plain) - n + 1)
        if _is_code(code := "".join(plain[at : at + n])) and all(plain[at : at + n])
    ]
    known = catalogue.text.numbers([code for _, _, code in spans]) >= 0 if spans else ()
    for (start, stop, code), held in zip(spans, known, strict=True):
        if held:
            typed = tuple(each.words[0] for each in understood.sought[start:stop])
            other = Alternative((Word(code),), 1.0, "joined")
            sought = (
                *understood.sought[:start],
                Sought(typed, (other,)),
                *understood.sought[stop:],
            )
            step = Step(STEP, " ".join(plain[start:stop]), code)
            return replace(understood, sought=sought, steps=(*understood.steps, step))
    return understood


def _plain(sought: Sought) -> str:
    """The one word of letters and digits that a stretch is; empty where it is anything else."""
    if len(sought.words) != 1 or sought.alternatives:
        return ""
    whole = sought.words[0].whole
    return whole if whole.isascii() and whole.isalnum() else ""


def _completed(understood: Understood, catalogue: Catalogue) -> Understood:
    """With the codes that begin as an unknown one, as its alternatives."""
    codes = [_plain(each) for each in understood.sought]
    begun = [at for at, code in enumerate(codes) if _is_code(code)]
    if not begun:
        return understood
    known = catalogue.text.numbers([codes[at] for at in begun]) >= 0
    sought, steps = list(understood.sought), []
    for at in (at for at, held in zip(begun, known, strict=True) if not held):
        longer = _starting(codes[at], catalogue)
        if longer:
            others = tuple(Alternative((Word(each),), BEGUN, "prefix") for each in longer)
            sought[at] = Sought(understood.sought[at].words, others)
            steps.append(Step(STEP, codes[at], ", ".join(longer), BEGUN))
    if not steps:
        return understood
    return replace(understood, sought=tuple(sought), steps=(*understood.steps, *steps))


def _starting(code: str, catalogue: Catalogue) -> Sequence[str]:
    """Words of the release that go on from a code; none where they are too many."""
    vocabulary = catalogue.text.base.vocabulary
    ends = np.array([code.encode(), code.encode() + b"\xff"], "S")
    start, stop = np.searchsorted(vocabulary, ends).tolist()
    found = [word.decode() for word in vocabulary[start : min(stop, start + 64)].tolist()]
    return found if len(found) <= MOST_COMPLETIONS else ()
