"""Which engine looks up the nearest of a shop's texts, if any, and of which release."""

import importlib.util
import logging
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mercato.catalogue.engine import EngineLook, VectorEngine
from mercato.catalogue.vectors import VectorIndex
from mercato.core.errors import BadInput, NotReady
from mercato.core.settings import VectorSettings
from mercato.data.releases import Manifest

POSTGRES = "postgresql+psycopg"
VECTORS = "vectors"
NO_ENGINE = VectorSettings()

_log = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def vector_engine(settings: VectorSettings) -> VectorEngine | None:
    """The engine that the settings name, one for this process; None where they name none.

    Raises BadInput for a URL of something else, NotReady where its driver is not installed.
    """
    if not settings.engine:
        return None
    kind = settings.engine.partition(":")[0]  # all that is said of it: there may be a password
    try:
        url = make_url(settings.engine)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername != POSTGRES or not url.database:
        raise BadInput(
            "a PostgreSQL database in [vectors] engine",
            f"{kind!r}: …",
            f'Write engine = "{POSTGRES}://user:password@host/database" (docs/scale.md).',
        )
    if importlib.util.find_spec("psycopg") is None:
        raise NotReady("the driver of PostgreSQL", "no psycopg", "pip install 'mercato[postgres]'")
    # Imported late: most shops do without.
    from mercato.catalogue.postgres_engine import PostgresEngine

    return PostgresEngine(url, settings.setup, settings.cleanup)


def looked_up_by(settings: VectorSettings, index: VectorIndex, manifest: Manifest) -> VectorIndex:
    """The index with its first look by the engine, where there is one that holds its texts."""
    engine = vector_engine(settings)
    name = name_of(manifest)
    if engine is None or name is None:
        return index
    try:
        holds = engine.holds(name)
    except NotReady as error:
        _log.warning("the vector engine did not answer when a release was opened: %s", error)
        holds = True
    if not holds:
        _log.warning("the vector engine does not hold a release's texts: build it again")
        return index
    return replace(index, look=EngineLook(engine, name))


def name_of(manifest: Manifest) -> str | None:
    """Under which an engine holds a release's texts; None where it has no vectors."""
    step = manifest.steps.get(VECTORS)
    return None if step is None else str(step["fingerprint"])


def forget_others(settings: VectorSettings, kept: Collection[Manifest]) -> None:
    """Let the engine forget the texts of releases that are gone. Raises NotReady."""
    engine = vector_engine(settings)
    if engine is not None:
        engine.keep([name for each in kept if (name := name_of(each)) is not None])
