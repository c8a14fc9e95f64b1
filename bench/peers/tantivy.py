"""tantivy by itself: BM25 over two fields, English stemming, the title twice."""

from typing import ClassVar

import numpy as np
import tantivy
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of

_WRITER_BYTES = 200_000_000


class Tantivy:
    uses_vectors: ClassVar[bool] = False

    def __init__(self, collected: Collected) -> None:
        builder = tantivy.SchemaBuilder()
        tokenizer = "default" if collected.is_chinese else "en_stem"
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("title", tokenizer_name=tokenizer)
        builder.add_text_field("rest", tokenizer_name=tokenizer)
        self._index = tantivy.Index(builder.build())
        writer = self._index.writer(_WRITER_BYTES, 1)
        for product in collected.products:
            document = tantivy.Document(id=product.id, title=product.title, rest=product.rest)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        asked = self._index.parse_query(
            " ".join(words_of(query)).lower(), ["title", "rest"], field_boosts={"title": 2.0}
        )
        hits = self._searcher.search(asked, k).hits
        return [self._searcher.doc(address)["id"][0] for _, address in hits]

    def close(self) -> None:
        return
