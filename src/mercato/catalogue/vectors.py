"""Text vectors as int8, searched exactly as long as that is fast.

Each vector is scaled by its own largest component, which keeps the most of a short range; a
cosine does not depend on the scale, so the bytes alone say everything. All products of 54,667 x
384 with one query take 1 ms (measured, one core), and then every item has its exact cosine. Above
MOST_EXACT texts a `first_look` names those that may be near, by scanning their signs or, of more
texts still, by a graph or an engine; only these can match by meaning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numkong
import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.cosines import Cosines
from mercato.catalogue.distinct import distinct
from mercato.catalogue.first_look import FirstLook
from mercato.catalogue.growing import Growing
from mercato.catalogue.packed import open_array, save_array
from mercato.catalogue.signs import (
    SignScan,
    distances,
    estimated_cosine,
    open_signs,
    save_signs,
)
from mercato.core.errors import BadInput

NO_TEXT = -1
"""In ``text_of_row``: the row has no vector."""

MOST_EXACT = 100_000
"""Texts of a release that are all compared with each query: about where the first look by sign
begins to pay."""

MOST_ROWS_EXACT = 2_048
"""Of so many rows the exact cosine is told whatever the index looked at; of more it is estimated
where it was not looked at."""

_CHUNK = 1 << 14


def quantise(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """(n, d) floats of any length as (n, d) int8 of about the same directions."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    scale = 127 / np.where(largest > 0, largest, 1)
    return np.rint(vectors * scale).astype(np.int8)


def write_vectors(
    folder: Path,
    vectors: NDArray[np.float32],
    text_of_row: NDArray[np.int32],
    *,
    most_exact: int = MOST_EXACT,
) -> None:
    """Write the vectors of a release's texts.

    vectors     : (n_texts, d) float32
    text_of_row : (n_rows,) int32, the text of each base row; several rows may share one
    most_exact  : more texts are looked at by sign first

    Raises BadInput where a row names a text that is not there.
    """
    starts = range(0, len(vectors), _CHUNK)
    parts = (quantise(vectors[start : start + _CHUNK]) for start in starts)
    write_quantised(folder, parts, vectors.shape, text_of_row, most_exact=most_exact)


def write_quantised(
    folder: Path,
    parts: Iterable[NDArray[np.int8]],
    shape: tuple[int, ...],
    text_of_row: NDArray[np.int32],
    *,
    most_exact: int = MOST_EXACT,
) -> None:
    """As `write_vectors`, of vectors that come in parts, (n_texts, d) int8 together: no more than
    one part is in memory."""
    n_texts = shape[0]
    if len(text_of_row) and not -1 <= text_of_row.min() <= text_of_row.max() < n_texts:
        raise BadInput(
            f"texts from -1 to {n_texts - 1}",
            f"{text_of_row.min()} to {text_of_row.max()}",
            "Give a vector for each text.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    quantised: NDArray[np.int8] = np.lib.format.open_memmap(
        folder / "vectors.npy", "w+", np.int8, (n_texts, shape[1])
    )
    start = 0
    for part in parts:
        quantised[start : start + len(part)] = part
        start += len(part)
    if n_texts > most_exact:
        save_signs(folder, quantised)
    rows_by_text = np.argsort(text_of_row, kind="stable").astype(np.int32)
    starts = np.searchsorted(text_of_row[rows_by_text], np.arange(n_texts + 1))
    save_array(folder, "inverse_lengths", inverse_lengths(quantised))
    save_array(folder, "text_of_row", text_of_row.astype(np.int32))
    save_array(folder, "rows_by_text", rows_by_text)
    save_array(folder, "text_starts", starts.astype(np.int32))


@dataclass(frozen=True)
class Vectors:
    """n quantised vectors.

    vectors         : (n, d) int8
    inverse_lengths : (n,) float32, 0 for a vector of zeros
    """

    vectors: NDArray[np.int8]
    inverse_lengths: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.vectors)

    def some(self, which: NDArray[np.integer]) -> "Vectors":
        return Vectors(self.vectors[which], self.inverse_lengths[which])

    def products(self, query: NDArray[np.int8]) -> NDArray[np.float32]:
        """(n,) inner products of unit vectors with a query (1, d)."""
        if len(self) == 0:
            return np.zeros(0, np.float32)
        products = numkong.cdist(query, self.vectors, metric="inner", out_dtype="float32")
        return np.asarray(products, np.float32).ravel() * self.inverse_lengths


@dataclass(frozen=True)
class VectorIndex:
    """The vectors of a release and those of later rows.

    base         : of n_texts texts
    late         : (m, d) int8, of later texts, n_texts and on
    late_lengths : (m,) float32, their inverse lengths
    texts        : (n_rows,) int32, the text of each row, NO_TEXT where it has no vector
    rows_by_text : (n_base,) int32, the release's rows by text, then row
    text_starts  : (n_texts + 1,) int32, where each text's rows start in it
    signs        : of the release's texts; None where they are few
    look         : at which of them are compared with a query; None: all are
    """

    base: Vectors
    late: Growing[np.int8]
    late_lengths: Growing[np.float32]
    texts: Growing[np.int32]
    rows_by_text: NDArray[np.int32]
    text_starts: NDArray[np.int32]
    signs: NDArray[np.uint8] | None = None
    look: FirstLook | None = None

    @classmethod
    def open(cls, folder: Path) -> "VectorIndex":
        """What `write_vectors` wrote; of many texts all signs are scanned with each query."""
        vectors = open_array(folder, "vectors").view(np.int8)
        lengths = open_array(folder, "inverse_lengths").view(np.float32)
        return cls(
            Vectors(vectors, lengths),
            Growing.of(np.zeros((0, vectors.shape[1]), np.int8)),
            Growing.of(np.zeros(0, np.float32)),
            Growing.of(open_array(folder, "text_of_row").view(np.int32)),
            open_array(folder, "rows_by_text").view(np.int32),
            open_array(folder, "text_starts").view(np.int32),
            signs := open_signs(folder),
            None if signs is None else SignScan(signs),
        )

    @property
    def dimensions(self) -> int:
        return int(self.base.vectors.shape[1])

    @property
    def tail(self) -> Vectors:
        """Of later texts."""
        return Vectors(self.late.array, self.late_lengths.array)

    @property
    def text_of_row(self) -> NDArray[np.int32]:
        """(n_rows,) NO_TEXT where a row has no vector."""
        return self.texts.array

    @property
    def n_texts(self) -> int:
        return len(self.base) + len(self.tail)

    def grown(
        self, vectors: Sequence[bytes], text_of_row: Sequence[int], patched: Mapping[int, int]
    ) -> "VectorIndex":
        """With more texts, numbered on from the last, and the text of each of more rows.

        patched : row → its text from now on, of rows that are here
        """
        new = np.frombuffer(b"".join(vectors), np.int8).reshape(-1, self.dimensions)
        texts = self.texts
        if patched:
            changed = texts.array.copy()
            changed[list(patched)] = list(patched.values())
            texts = Growing.of(changed)
        return replace(
            self,
            late=self.late.extended(new),
            late_lengths=self.late_lengths.extended(inverse_lengths(new)),
            texts=texts.extended(np.array(text_of_row, np.int32)),
        )

    def compacted(self, kept: NDArray[np.integer]) -> "VectorIndex":
        """With only some rows, ascending, and the later texts that these have."""
        texts, n_base = self.texts.array[kept], len(self.base)
        used = distinct(texts[texts >= n_base])
        late = texts >= n_base
        texts[late] = np.searchsorted(used, texts[late]) + n_base
        return replace(
            self,
            late=Growing.of(self.late.array[used - n_base]),
            late_lengths=Growing.of(self.late_lengths.array[used - n_base]),
            texts=Growing.of(texts),
        )

    def of(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """(k, d) unit vectors of rows; zeros for a row without one."""
        found = self.of_rows(rows)
        return found.vectors * found.inverse_lengths[:, None]

    def of_rows(self, rows: NDArray[np.integer]) -> Vectors:
        """As they are kept; zeros and a length of 0 for a row without one."""
        text, n_texts = self.text_of_row[rows], len(self.base)
        early = (text >= 0) & (text < n_texts)
        if early.all():
            return self.base.some(text)
        vectors = np.zeros((len(rows), self.dimensions), np.int8)
        lengths = np.zeros(len(rows), np.float32)
        late = text >= n_texts
        for mine, part, first in ((early, self.base, 0), (late, self.tail, n_texts)):
            some = part.some(text[mine] - first)
            vectors[mine], lengths[mine] = some.vectors, some.inverse_lengths
        return Vectors(vectors, lengths)

    def cosines(self, query_vector: NDArray[np.float32]) -> Cosines:
        """Of every text with the query (d,), or of those that the first look names and of later
        ones."""
        if query_vector.shape != (self.dimensions,):
            raise BadInput(
                f"a vector of {self.dimensions} numbers",
                f"shape {query_vector.shape}",
                "Ask with the encoder that the release was built with.",
            )
        query = quantise(query_vector.reshape(1, -1))
        length = np.float32(np.linalg.norm(query.astype(np.float32)) or 1.0)
        late = self.tail.products(query)
        if self.look is None:
            values = np.concatenate([self.base.products(query), late])
            return Cosines(query, length, np.divide(values, length, dtype=np.float32))
        near = self.look.near(query)
        values = np.concatenate([self.base.some(near).products(query), late])
        texts = np.concatenate([near, np.arange(len(self.base), self.n_texts)])
        values = np.divide(values, length, dtype=np.float32)
        return Cosines(query, length, values, texts)

    def cosines_of(self, rows: NDArray[np.integer], cosines: Cosines) -> NDArray[np.float32]:
        """(k,) the cosine of each row; 0 for a row without a vector.

        Where the index did not look at all texts, those of more than MOST_ROWS_EXACT rows are
        estimates, except of rows that it looked at.
        """
        text = self.text_of_row[rows]
        found = np.zeros(len(rows), np.float32)
        having = np.flatnonzero(text >= 0)
        if len(having):
            found[having] = self._cosines_of_texts(text[having], cosines)
        return found

    def _cosines_of_texts(self, texts: NDArray[np.int32], cosines: Cosines) -> NDArray[np.float32]:
        known = cosines.texts
        if known is None:
            return cosines.of(texts)
        n_base = len(self.base)
        if len(texts) <= MOST_ROWS_EXACT or self.signs is None:
            early = texts < n_base
            found = np.empty(len(texts), np.float32)
            found[early] = self.base.some(texts[early]).products(cosines.query) / cosines.length
            found[~early] = cosines.of(texts[~early])
            return found
        signs = self.signs[np.minimum(texts, n_base - 1)]
        found = estimated_cosine(distances(cosines.query, signs), self.dimensions)
        at = np.minimum(np.searchsorted(known, texts), len(known) - 1)
        return np.where(known[at] == texts, cosines.values[at], found)

    def nearest(
        self,
        query_vector: NDArray[np.float32],
        most: int,
        threshold: float,
        alive: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """At most ``most`` rows whose cosine with the query reaches ``threshold``.

        Ordered by cosine, falling, then by row; of rows that are ``alive`` (n_rows,) if given.
        """
        return self.nearest_of(self.cosines(query_vector), most, threshold, alive)

    def nearest_of(
        self,
        cosines: Cosines,
        most: int,
        threshold: float,
        alive: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As ``nearest``, from the cosines of all texts."""
        texts = cosines.reaching(threshold)
        rows = self._rows_of(_largest(texts, cosines.of(texts), most), alive)
        if len(rows) < most < len(texts):
            rows = self._rows_of(texts, alive)
        values = cosines.of(self.text_of_row[rows])
        order = np.lexsort((rows, -values))[:most]
        return rows[order], values[order]

    def _rows_of(
        self, texts: NDArray[np.int64], alive: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """The living rows of texts."""
        early = texts[texts < len(self.base)]
        counts = self.text_starts[early + 1] - self.text_starts[early]
        ends = np.cumsum(counts)
        within = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
        rows = self.rows_by_text[np.repeat(self.text_starts[early], counts) + within]
        asked = np.zeros(self.n_texts + 1, bool)  # the last one is for NO_TEXT
        asked[texts] = True
        n_base = len(self.rows_by_text)
        late = np.flatnonzero(asked[self.text_of_row[n_base:]]) + n_base
        found = np.concatenate([rows.astype(np.int64), late])
        return found if alive is None else found[alive[found]]


def _largest(texts: NDArray[np.int64], values: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    """The ``most`` texts with the largest values (k,), and those equal to the last of them."""
    if len(texts) <= most:
        return texts
    least = np.partition(values, -most)[-most]
    return np.asarray(texts[values >= least], np.int64)


def inverse_lengths(vectors: NDArray[np.int8]) -> NDArray[np.float32]:
    """(n,) of vectors (n, d), 0 for a vector of zeros."""
    found = np.zeros(len(vectors), np.float32)
    for start in range(0, len(vectors), _CHUNK):
        part = vectors[start : start + _CHUNK].astype(np.float32)
        found[start : start + _CHUNK] = np.linalg.norm(part, axis=1)
    return np.divide(1, found, out=np.zeros_like(found), where=found > 0)
