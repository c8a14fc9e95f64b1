"""DuckDB's full text extension, where it is on the machine: it has to be downloaded."""

from typing import ClassVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of


def is_there() -> bool:
    try:
        duckdb.connect().execute("LOAD fts")
    except duckdb.Error:
        return False
    return True


class Duck:
    uses_vectors: ClassVar[bool] = False

    def __init__(self, collected: Collected) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("LOAD fts")
        self._connection.execute("CREATE TABLE product (id VARCHAR, title VARCHAR, rest VARCHAR)")
        rows = [(each.id, each.title, each.rest) for each in collected.products]
        self._connection.executemany("INSERT INTO product VALUES (?, ?, ?)", rows)
        self._connection.execute("PRAGMA create_fts_index('product', 'id', 'title', 'rest')")

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        found = self._connection.execute(
            "SELECT id FROM (SELECT id, fts_main_product.match_bm25(id, ?) AS score FROM product) "
            "WHERE score IS NOT NULL ORDER BY score DESC, id LIMIT ?",
            [" ".join(words_of(query)), k],
        )
        return [row[0] for row in found.fetchall()]

    def close(self) -> None:
        self._connection.close()
