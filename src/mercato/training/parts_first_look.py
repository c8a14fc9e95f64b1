"""What finds the nearest of very many texts: a graph in the release, or an engine beside it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.codes import code_bits, codes_of
from mercato.catalogue.engine import VectorEngine
from mercato.catalogue.graph import FEWEST, write_graph
from mercato.catalogue.vectors import VectorIndex, Vectors
from mercato.core.progress import Step
from mercato.core.settings import VectorSettings
from mercato.shop.vector_engine import VECTORS, vector_engine
from mercato.training.parts import Parts
from mercato.training.workshop import Workshop

GRAPH = "graph"

_BATCH = 20_000


def with_first_look(
    workshop: Workshop, parts: Parts, settings: VectorSettings, fewest: int = FEWEST
) -> Parts:
    """The parts and what names the texts that are compared: the shop's engine, which is filled
    here, or a graph, which is one more part of a release of so many texts.

    Only for what is served: a build that measures itself scans the signs instead. Raises NotReady
    where the engine does not answer.
    """
    folder = parts.folders.get(VECTORS)
    if folder is None:
        return parts
    engine, vectors = vector_engine(settings), VectorIndex.open(folder).base
    if engine is not None:
        _fill(workshop, engine, folder.name.removeprefix(f"{VECTORS}-"), vectors)
        return parts
    if len(vectors) < fewest:
        return parts

    def work(made: Path, step: Step) -> None:
        write_graph(made, folder, step)
        step.note(f"{len(vectors):,} texts")

    made = workshop.make(GRAPH, {VECTORS: folder.name}, work, len(vectors))
    return replace(parts, folders={**parts.folders, GRAPH: made.folder})


def _fill(workshop: Workshop, engine: VectorEngine, name: str, vectors: Vectors) -> None:
    with workshop.progress.step("vector engine", len(vectors)) as step:
        if engine.holds(name):
            step.note("unchanged")
            return
        engine.fill(name, code_bits(vectors.vectors.shape[1]), _parts(vectors, step))
        step.note(f"{len(vectors):,} texts")


def _parts(vectors: Vectors, step: Step) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(vectors), _BATCH):
        part = slice(start, start + _BATCH)
        codes = codes_of(vectors.vectors[part], vectors.inverse_lengths[part])
        yield codes
        step.advance(len(codes))
