"""LanceDB's hybrid search: its own full text index, its vector index, reciprocal rank fusion."""

import os
from typing import ClassVar

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of

os.environ.setdefault("RUST_LOG", "error")  # else it warns of each search that names its columns


class Lance:
    uses_vectors: ClassVar[bool] = True

    def __init__(self, collected: Collected) -> None:
        dimensions = collected.vectors.shape[1]
        products = collected.products
        table = pa.table(
            {
                "id": [each.id for each in products],
                "text": [f"{each.title} {each.title} {each.rest}" for each in products],
                "vector": pa.FixedSizeListArray.from_arrays(
                    pa.array(collected.vectors.ravel(), pa.float32()), dimensions
                ),
            }
        )
        self._table = lancedb.connect(collected.folder / "lance").create_table("product", table)
        stem = not collected.is_chinese
        self._table.create_fts_index("text", stem=stem, remove_stop_words=stem)
        self._table.create_index(metric="cosine", index_type="IVF_HNSW_SQ")

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        words = " ".join(words_of(query))
        asked = self._table.search(query_type="hybrid").vector(vector).text(words)
        found = asked.limit(k).select(["id"]).to_arrow()
        return [str(each) for each in found["id"].to_pylist()]

    def close(self) -> None:
        return
