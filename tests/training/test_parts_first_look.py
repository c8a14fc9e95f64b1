"""Many texts have a graph in their release, or lie in an engine; searches ask either."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import make_url

from mercato.catalogue.engine import EngineLook
from mercato.catalogue.graph import Graph
from mercato.catalogue.postgres_engine import PostgresEngine
from mercato.catalogue.vectors import VectorIndex
from mercato.core.errors import BadInput
from mercato.core.progress import Silent
from mercato.core.settings import VectorSettings, load_settings, settings_text
from mercato.data.releases import ReleaseStore
from mercato.shop.live import open_release
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.vector_engine import NO_ENGINE, looked_up_by, name_of, vector_engine
from mercato.training.build import build
from mercato.training.parts import Parts
from mercato.training.parts_first_look import GRAPH, with_first_look
from mercato.training.workshop import DONE, Workshop


def test_a_release_with_a_graph_is_searched_by_it(tour: Path) -> None:
    store = ReleaseStore(tour / "releases")
    folder = store.folder(store.require_current())
    workshop = Workshop(tour / "build", Silent())
    vectors = next(each for each in (tour / "build").glob("vectors-*") if (each / DONE).exists())
    parts = Parts({"vectors": vectors}, {}, 0, 0, 0, {})
    assert (
        GRAPH not in with_first_look(workshop, parts, NO_ENGINE).folders
    )  # so few texts are all compared
    made = with_first_look(workshop, parts, NO_ENGINE, fewest=1).folders[GRAPH]
    assert with_first_look(workshop, parts, NO_ENGINE, fewest=1).folders[GRAPH] == made
    assert [each.reused for each in workshop.made] == [False, True]

    (folder / GRAPH).symlink_to(made)
    index = open_release(folder, 1).catalogue.vectors
    assert index is not None
    assert isinstance(index.look, Graph)
    whole = VectorIndex.open(folder / "vectors")
    query = whole.of(np.array([3]))[0]
    found, expected = index.nearest(query, 20, 0.2), whole.nearest(query, 20, 0.2)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


def hits(folder: Path) -> list[tuple[str, float]]:
    shop = Shop.open(folder)
    try:
        return [(hit.id, hit.score) for hit in search(shop, SearchCall(q="something warm")).hits]
    finally:
        shop.close()


def test_a_build_fills_the_engine_that_searches_then_ask(
    tour: Path, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = hits(tour)
    settings = load_settings(tour / "shop.toml")
    asked = VectorSettings(engine=postgres_url)
    (tour / "shop.toml").write_text(settings_text(replace(settings, vectors=asked)))
    assert hits(tour) == before
    assert "build it again" in caplog.text  # the release is from before there was an engine
    built = build(tour, progress=Silent())
    name = name_of(built.manifest)
    assert name is not None
    engine = PostgresEngine(make_url(postgres_url))
    assert engine.holds(name)
    engine.close()
    assert hits(tour) == before
    index = VectorIndex.open(tour / "releases" / str(built.number) / "vectors")
    assert isinstance(looked_up_by(asked, index, built.manifest).look, EngineLook)
    opened = vector_engine(asked)
    assert opened is not None
    opened.close()


@pytest.mark.parametrize("url", ["sqlite:///codes.db", "postgresql+psycopg://me:secret@host", "x"])
def test_an_engine_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="a PostgreSQL database in .vectors. engine") as refused:
        vector_engine(VectorSettings(engine=url))
    assert "secret" not in str(refused.value)
