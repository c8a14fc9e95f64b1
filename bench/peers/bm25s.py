"""bm25s: Lucene's BM25 as sparse matrices (Lù 2024), over title and rest as one text."""

from typing import ClassVar

import bm25s
import numpy as np
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of


class Bm25s:
    uses_vectors: ClassVar[bool] = False

    def __init__(self, collected: Collected) -> None:
        self._ids = [product.id for product in collected.products]
        texts = [f"{each.title} {each.title} {each.rest}" for each in collected.products]
        self._split: dict[str, object] = {"stopwords": "en", "show_progress": False}
        if collected.is_chinese:
            self._split |= {"stopwords": [], "token_pattern": r"\w+"}
        self._index = bm25s.BM25(method="lucene")
        self._index.index(bm25s.tokenize(texts, **self._split), show_progress=False)

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        asked = bm25s.tokenize([" ".join(words_of(query))], **self._split)
        if not asked.vocab:
            return []
        rows, scores = self._index.retrieve(asked, k=k, show_progress=False)
        return [self._ids[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    def close(self) -> None:
        return
