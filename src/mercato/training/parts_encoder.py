"""The text encoder tuned on the shop's own pairs, where that makes its searches better."""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex
from mercato.core.progress import Step
from mercato.evaluation.metrics import Values
from mercato.models.text_encoder import TextEncoder
from mercato.ranking.fusion import Calibration
from mercato.search.search import SearchContext, SearchRequest, search
from mercato.training.encoder.outcome import K, Outcome, better, weighted_ndcg
from mercato.training.encoder.pairs import (
    Pairs,
    deciding_queries,
    split_queries,
)
from mercato.training.encoder.shortlists import shortlists
from mercato.training.workshop import Made, Workshop

EXTRA = "torch"

MOST_DECIDING = 400
"""Queries that decide; more would take longer than they tell. Assumed."""

TRAINING = "training.json"


@dataclass(frozen=True)
class Read:
    """An encoder and what was made with it.

    calibration : the file
    """

    encoder: Made
    vectors: Made
    calibration: Calibration


@dataclass(frozen=True)
class Texts:
    """What encoders read of a catalogue: different texts, and (n_rows,) which is each row's."""

    catalogue: Made
    distinct: Sequence[str]
    number: NDArray[np.int32]

    def of(self, row: int) -> str:
        return self.distinct[int(self.number[row])]


def make_tuned(
    workshop: Workshop, source: Path, read: Read, texts: Texts, pairs: Pairs, minutes: float
) -> Made | None:
    """The step that trains; its folder is an encoder's. None where torch is not installed.

    source : of the encoder as published, see `models.text_encoder.encoder_source`
    read   : the encoder as published
    pairs  : with enough queries, see `pairs_from.FEWEST_QUERIES`

    The step depends on the pairs and their texts, not on the rest of the catalogue: a new price or
    a new product trains nothing again.
    """
    if importlib.util.find_spec(EXTRA) is None:
        with workshop.progress.step("encoder tuning") as step:
            step.note("left out: it needs torch (pip install 'mercato[train]')")
        return None
    fingerprint = _fingerprint(pairs, texts)

    def work(folder: Path, step: Step) -> None:
        # Only here: a build without pairs is spared the import of torch.
        from mercato.training.encoder.train import Tuning
        from mercato.training.encoder.tune import Task, tune

        with workshop.progress.step("hard negatives", len(pairs.queries)) as asking:
            lists = shortlists(pairs.queries, _context(texts, read), asking)
        split = split_queries(pairs.queries)
        task = Task(source, pairs, split, lists, texts.of, len(texts.number), read.calibration)
        place = workshop.root / "checkpoints" / f"{fingerprint}.pt"
        tuned = tune(task, Tuning(), folder, limit=60 * minutes, place=place, step=step)
        (folder / TRAINING).write_text(json.dumps(asdict(tuned), indent=1))
        step.note(f"{len(split.train):,} queries, {tuned.steps:,} steps")

    of = {"encoder": read.encoder.fingerprint, "pairs": fingerprint, "minutes": minutes}
    return workshop.make("encoder-tuning", of, work, 1_000)


def make_comparison(
    workshop: Workshop, texts: Texts, before: Read, tuned: Made, vectors: Made, pairs: Pairs
) -> Made:
    """The step that asks validation queries with either encoder; its folder holds an Outcome."""
    trained = json.loads((tuned.folder / TRAINING).read_text())
    fitting = replace(before.calibration, semantic_weight=trained["weight"])
    after = Read(tuned, vectors, fitting)

    def work(folder: Path, step: Step) -> None:
        split = split_queries(pairs.queries)
        deciding = pairs.some(deciding_queries(split)[:MOST_DECIDING])
        values = [_asked(deciding, _context(texts, read), step) for read in (before, after)]
        outcome = Outcome(
            kept=better(values[1], values[0]),
            queries=len(split.train),
            pairs=len(pairs),
            source=pairs.source,
            before=float(values[0].mean()),
            after=float(values[1].mean()),
            deciding=len(deciding.queries),
            weight=trained["weight"],
            cosine=trained["cosine"],
            seconds=trained["seconds"],
        )
        outcome.save(folder)
        step.note(outcome.told())

    of = {"tuned": tuned.fingerprint, "before": before.encoder.fingerprint}
    return workshop.make("encoder-comparison", of, work)


def _fingerprint(pairs: Pairs, texts: Texts) -> str:
    checksum = hashlib.sha256()
    query = np.repeat(np.arange(len(pairs.queries)), np.diff(pairs.offsets))
    for number, row, weight in zip(query, pairs.row, pairs.weight, strict=True):
        checksum.update(f"{pairs.queries[number]}\n{texts.of(row)}\n{weight:.4f}\n".encode())
    return checksum.hexdigest()[:16]


def _context(texts: Texts, read: Read) -> SearchContext:
    """What a release with this encoder would search with, without a ranker."""
    base = open_base(texts.catalogue.folder, VectorIndex.open(read.vectors.folder))
    encoder = TextEncoder.open(read.encoder.folder)
    return SearchContext(Catalogue.over(base, 0), encoder.encode_query, read.calibration)


def _asked(pairs: Pairs, context: SearchContext, step: Step) -> Values:
    """(n_queries,) nDCG@10 of the first stage over the whole catalogue."""
    ranked = []
    for query in pairs.queries:
        ranked.append(search(SearchRequest(query, per_page=K, distinct=False), context).rows)
        step.advance()
    return weighted_ndcg(ranked, pairs)
