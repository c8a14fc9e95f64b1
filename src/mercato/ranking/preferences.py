"""How far items have what a query's words prefer: what is meant, but is no filter."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter, Or, Term
from mercato.ranking.understood import Meant, Understood


def preferred(
    rows: NDArray[np.integer], understood: Understood, catalogue: Catalogue
) -> NDArray[np.float32]:
    """(k,) 0 and more: the confidences of what each row has, of the same words the greatest.

    rows : (k,) ascending
    """
    of_words: dict[str, list[Meant]] = {}
    for each in understood.meant:
        if not each.hard:
            of_words.setdefault(each.text, []).append(each)
    total = np.zeros(len(rows), np.float32)
    for same in of_words.values():
        best = np.zeros(len(rows), np.float32)
        for each in same:
            has = _having(each.filter, rows, catalogue)
            np.maximum(best, has * np.float32(each.confidence), out=best)
        total += best
    return total


def _having(wanted: Filter, rows: NDArray[np.integer], catalogue: Catalogue) -> NDArray[np.bool_]:
    """(k,) which rows a filter lets through. Values of one field are looked up in the rows alone:
    a mask looks through the whole catalogue."""
    terms = wanted.parts if isinstance(wanted, Or) else (wanted,)
    values = [each.value for each in terms if isinstance(each, Term)]
    fields = {each.field for each in terms if isinstance(each, Term)}
    if len(values) < len(terms) or len(fields) > 1:
        return np.asarray(catalogue.mask(wanted)[rows], bool)
    column = catalogue.columns[fields.pop()]
    codes = [code for value in values if (code := column.code(value)) is not None]
    pairs = column.of_rows(rows)
    having = np.zeros(len(rows), bool)
    having[np.searchsorted(rows, pairs.rows[np.isin(pairs.codes, codes)])] = True
    return having
