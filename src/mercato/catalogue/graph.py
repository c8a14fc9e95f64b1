"""A graph over the codes of a release's texts, in a file that is mapped and never loaded.

Hierarchical navigable small worlds (Malkov & Yashunin, arXiv 1603.09320) as `usearch` makes them:
comparing a query takes about as long whether there are a million texts or ten.
"""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.codes import code_bits, code_of, codes_of
from mercato.catalogue.packed import open_array
from mercato.core.progress import Step

if TYPE_CHECKING:
    from usearch.index import Index

FEWEST = 400_000
"""Texts of a release from which on a graph is made: about where a scan by sign takes longer."""

MOST_SOUGHT = 2_048
"""Texts that a query looks for. With 1,024 .98 of the true 100 nearest of a million are among
them, with 4,096 twice the time is taken."""

LINKS = 16
"""Of a text to others on one level, twice as many on the lowest; usearch's default."""

EXPANSION = 128
"""Texts looked at to find the links of a new one. With 64 the graph is made in half the time, and
.985 of the 10 nearest are found for .993."""

_NAME = "texts.usearch"
_BATCH = 20_000


def write_graph(folder: Path, vectors: Path, step: Step) -> None:
    """Write the graph of texts whose vectors `write_vectors` wrote to another folder.

    Made on all cores. Which links a text has follows from those that
    came before it, so with several another build makes another file, and finds as much.
    ``step`` is advanced by texts.
    """
    quantised = open_array(vectors, "vectors").view(np.int8)
    lengths = open_array(vectors, "inverse_lengths").view(np.float32)
    graph = _empty(quantised.shape[1])
    for start in range(0, len(quantised), _BATCH):
        part = slice(start, start + _BATCH)
        codes = codes_of(quantised[part], lengths[part])
        graph.add(np.arange(start, start + len(codes)), codes, threads=0)
        step.advance(len(codes))
    folder.mkdir(parents=True, exist_ok=True)
    graph.save(str(folder / _NAME))


def _empty(dimensions: int) -> "Index":
    # Not where this module is imported: most shops have no graph.
    from usearch.index import Index

    return Index(
        ndim=code_bits(dimensions),
        metric="hamming",
        dtype="b1",
        connectivity=LINKS,
        expansion_add=EXPANSION,
        expansion_search=MOST_SOUGHT,
        # From numbers to texts is never asked; it would be memory that workers do not share.
        enable_key_lookups=False,
    )


class Graph:
    """A first look at the nearest by code; safe to share by threads."""

    def __init__(self, index: "Index") -> None:
        self._index = index
        self._asking = Lock()

    @classmethod
    def open(cls, folder: Path, dimensions: int) -> "Graph":
        """Map what `write_graph` wrote, of vectors of so many dimensions."""
        index = _empty(dimensions)
        index.view(str(folder / _NAME))
        return cls(index)

    def near(self, query: NDArray[np.int8]) -> NDArray[np.int64]:
        with self._asking:  # the library gives each call of one thread the same room to work in
            found = self._index.search(code_of(query), MOST_SOUGHT, threads=1)
        return np.sort(found.keys.astype(np.int64))
