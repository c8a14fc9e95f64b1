"""SQLite FTS5: porter stemming, bm25() with the title twice, any of the words."""

import sqlite3
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of


class Sqlite:
    uses_vectors: ClassVar[bool] = False

    def __init__(self, collected: Collected) -> None:
        self._connection = sqlite3.connect(collected.folder / "fts.db")
        self._connection.execute(
            "CREATE VIRTUAL TABLE product USING "
            "fts5(id UNINDEXED, title, rest, tokenize = 'porter unicode61')"
        )
        rows = ((each.id, each.title, each.rest) for each in collected.products)
        self._connection.executemany("INSERT INTO product VALUES (?, ?, ?)", rows)
        self._connection.execute("INSERT INTO product(product) VALUES ('optimize')")
        self._connection.commit()

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        asked = " OR ".join(f'"{word}"' for word in words_of(query))
        if not asked:
            return []
        found = self._connection.execute(
            "SELECT id FROM product WHERE product MATCH ? ORDER BY bm25(product, 0, 2, 1) LIMIT ?",
            (asked, k),
        )
        return [row[0] for row in found]

    def close(self) -> None:
        self._connection.close()
