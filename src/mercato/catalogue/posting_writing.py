"""Write the text index of a release: for each token the rows that hold it, its score and its
fields there; and each title as a row of tokens."""

import json
from array import array
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue import bm25
from mercato.catalogue.analysis import tokens
from mercato.catalogue.distinct import starts_of_runs
from mercato.catalogue.packed import save_array
from mercato.catalogue.texts import searched_texts
from mercato.catalogue.titles import TITLE_FIELD, skipped_tokens, title_tokens

N_FIELDS = len(bm25.TEXT_FIELDS)

_tokens = lru_cache(maxsize=1 << 14)(tokens)
"""Brands, categories and titles come again and again."""


class PostingWriter:
    """Takes items in the order of their rows."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._tokens = array("i")
        self._lengths = array("i")

    def add(self, item: Mapping[str, Any]) -> None:
        number = self._number
        for text in searched_texts(item):
            found = _tokens(text) if text else ()
            self._tokens.extend([number.setdefault(token, len(number)) for token in found])
            self._lengths.append(len(found))

    def write(self, folder: Path) -> None:
        """Write vocabulary (sorted by bytes), postings and titles (CSR each), and lengths."""
        lengths = np.array(self._lengths, np.int64).reshape(-1, N_FIELDS)
        mean_lengths = _mean_lengths(lengths)
        vocabulary = np.array([token.encode() for token in self._number], "S")
        order = np.argsort(vocabulary, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        token = rank[np.array(self._tokens, np.int64)] if len(order) else np.zeros(0, np.int64)
        place = np.repeat(np.arange(lengths.size), lengths.ravel())  # row * N_FIELDS + field
        vocabulary = vocabulary[order]
        save_array(folder, "vocabulary", vocabulary)
        for name, values in _postings(token, place, lengths, mean_lengths, len(order)).items():
            save_array(folder, f"posting_{name}", values)
        row, field = np.divmod(place, N_FIELDS)
        kept = (field == TITLE_FIELD) & ~skipped_tokens(vocabulary)[token]
        for name, values in title_tokens(row[kept], token[kept], len(lengths)).items():
            save_array(folder, name, values)
        meta = {"n_items": len(lengths), "mean_lengths": mean_lengths.tolist()}
        (folder / "text.json").write_text(json.dumps(meta))


def _mean_lengths(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_fields,) tokens, over the items that have the field; 1 where none has."""
    having = np.maximum((lengths > 0).sum(0), 1)
    return np.asarray(np.maximum(lengths.sum(0) / having, 1.0), np.float64)


def _postings(
    token: NDArray[np.int64],
    place: NDArray[np.int64],
    lengths: NDArray[np.int64],
    mean_lengths: NDArray[np.float64],
    n_tokens: int,
) -> dict[str, NDArray[np.generic]]:
    """Offsets, rows, impacts and fields, see `postings.BaseText`."""
    key, count = np.unique(token * lengths.size + place, return_counts=True)
    token, place = np.divmod(key, max(lengths.size, 1))
    row, field = np.divmod(place, N_FIELDS)
    frequency = bm25.weighted_frequency(count, field, lengths[row, field], mean_lengths)
    fields = (1 << field).astype(np.uint8)
    first = np.flatnonzero(starts_of_runs(key // N_FIELDS))
    if len(first):
        frequency = np.add.reduceat(frequency, first)
        fields = np.bitwise_or.reduceat(fields, first)
    token, row = token[first], row[first]
    offsets = np.searchsorted(token, np.arange(n_tokens + 1))
    idf = bm25.rarity(len(lengths), np.diff(offsets))
    impacts = idf[token] * bm25.saturate(frequency)
    return {
        "offsets": offsets,
        "rows": row.astype(np.int32),
        "impacts": impacts.astype(np.float32),
        "fields": fields,
    }
