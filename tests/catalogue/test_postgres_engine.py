"""Codes on a real PostgreSQL with pgvector, on one database and spread over several, as
docs/scale.md says."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import make_url

from bench.postgres_server import PostgresServer
from mercato.catalogue.codes import code_bits, codes_of
from mercato.catalogue.engine import EngineLook
from mercato.catalogue.postgres_engine import PostgresEngine
from mercato.catalogue.vectors import VectorIndex, write_vectors
from mercato.core.errors import BadInput, NotReady

DOCS = Path(__file__).parents[2] / "docs" / "scale.md"
DIMENSIONS = 60
N = 1_500


@pytest.fixture
def shards(postgres_server: PostgresServer) -> Iterator[list[str]]:
    """Names of two empty databases."""
    names = [f"shard_{uuid.uuid4().hex}" for _ in range(2)]
    for name in names:
        postgres_server.run(f"CREATE DATABASE {name}")
        postgres_server.run("CREATE EXTENSION vector", name)
    yield names
    for name in names:
        postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def whole(tmp_path: Path) -> VectorIndex:
    """1,500 texts around 50 topics, all compared."""
    random = np.random.default_rng(2)
    topics = random.standard_normal((50, DIMENSIONS))
    texts = topics[random.integers(50, size=N)] + 0.6 * random.standard_normal((N, DIMENSIONS))
    write_vectors(tmp_path, texts.astype(np.float32), np.arange(N, dtype=np.int32))
    return VectorIndex.open(tmp_path)


def fill(engine: PostgresEngine, name: str, index: VectorIndex) -> None:
    codes = codes_of(index.base.vectors, index.base.inverse_lengths)
    engine.fill(name, code_bits(DIMENSIONS), np.array_split(codes, 3))


def recall(found: VectorIndex, whole: VectorIndex) -> float:
    """Of the 20 nearest of 20 texts, with the cosines that they have without an engine."""
    shares = []
    for query in whole.of(np.arange(20)):
        (rows, cosines), (best, exact) = (each.nearest(query, 20, 0.1) for each in (found, whole))
        known = dict(zip(best.tolist(), exact.tolist(), strict=True))
        told = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        assert all(known[row] == told[row] for row in known.keys() & told.keys())
        shares.append(len(known.keys() & told.keys()) / len(known))
    return float(np.mean(shares))


def test_an_engine_names_the_nearest(postgres_url: str, whole: VectorIndex) -> None:
    engine = PostgresEngine(make_url(postgres_url))
    assert not engine.holds("a1")
    fill(engine, "a1", whole)
    assert engine.holds("a1")
    assert recall(replace(whole, look=EngineLook(engine, "a1")), whole) >= 0.98
    fill(engine, "b2", whole)
    engine.keep(["b2"])
    assert [engine.holds(name) for name in ("a1", "b2")] == [False, True]
    with pytest.raises(BadInput, match="letters and digits"):
        engine.holds("a; DROP TABLE x")
    engine.close()


def test_a_filling_that_was_cut_off_is_done_again(postgres_url: str, whole: VectorIndex) -> None:
    engine = PostgresEngine(make_url(postgres_url))

    def cut() -> Iterator[np.ndarray]:
        yield np.zeros((10, code_bits(DIMENSIONS) // 8), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.fill("a1", code_bits(DIMENSIONS), cut())
    assert not engine.holds("a1")
    fill(engine, "a1", whole)
    assert engine.holds("a1")
    assert len(engine.near("a1", np.zeros(16, np.uint8), N)) == N
    engine.close()


def test_an_engine_that_is_gone_finds_nothing_and_rests(
    postgres_url: str, whole: VectorIndex, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = make_url(postgres_url).set(port=1)
    engine = PostgresEngine(nowhere)
    with pytest.raises(NotReady, match="PostgreSQL of .vectors. engine"):
        engine.holds("a1")
    index = replace(whole, look=EngineLook(engine, "a1"))
    query = whole.of(np.array([5]))[0]
    for _ in range(3):
        assert len(index.nearest(query, 20, 0.1)[0]) == 0
    assert len([each for each in caplog.messages if "without the vector engine" in each]) == 1
    assert index.cosines_of(np.array([5]), index.cosines(query)) == pytest.approx([1], abs=0.01)


def test_a_table_is_spread_as_the_docs_say(
    postgres_url: str, postgres_server: PostgresServer, shards: list[str], whole: VectorIndex
) -> None:
    url = make_url(postgres_url)
    spread = re.search(r"```sql\n(.+?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert spread is not None
    sql = spread[1]
    for at, name in enumerate(shards):
        where = f"host '127.0.0.1', port '{postgres_server.port}', dbname '{name}'"
        sql = sql.replace(f"host '10.0.0.{11 + at}', dbname 'codes'", where)
    sql = sql.replace("FOR mercato", "FOR postgres").replace("user 'mercato'", "user 'postgres'")
    assert url.database is not None
    postgres_server.run(sql, url.database)

    engine = PostgresEngine(url, "SELECT spread('{table}')", "SELECT unspread('{table}')")
    fill(engine, "a1", whole)
    counts = [postgres_server.run(COUNT_SPREAD, name)[0][0] for name in shards]
    assert counts == [1, 1]
    rows = [postgres_server.run(f"SELECT count(*) FROM mercato_codes_a1_{i + 1}", name)[0][0]
            for i, name in enumerate(shards)]  # fmt: skip
    assert sum(rows) == N
    assert min(rows) > 0.4 * N
    assert recall(replace(whole, look=EngineLook(engine, "a1")), whole) >= 0.98
    engine.keep([])
    assert [postgres_server.run(COUNT_SPREAD, name)[0][0] for name in shards] == [0, 0]
    engine.close()


COUNT_SPREAD = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^mercato_codes_'"
