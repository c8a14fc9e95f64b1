"""From pairs to a tuned encoder on disk: train, export, check, compare."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from mercato.core.errors import ChecksFailed
from mercato.core.progress import Step
from mercato.models.encoder_source import EncoderSource
from mercato.models.text_encoder import TextEncoder, open_source, write_encoder
from mercato.ranking.fusion import Calibration
from mercato.training.encoder.batches import Hard
from mercato.training.encoder.bert import Bert
from mercato.training.encoder.outcome import WEIGHTS, weighted_ndcg
from mercato.training.encoder.pairs import Pairs, Split, stopping_queries
from mercato.training.encoder.shortlists import LONGEST, NOTHING, Shortlist
from mercato.training.encoder.train import Material, Trainer, Tuning, encode

MOST_TOKENS = 48
"""Longer texts are cut while training: a title with its category has 20 to 30 tokens."""

LEAST_COSINE = 0.99
"""Between the int8 encoder and the float32 one, on average over some texts."""

_COMPARED = 200


@dataclass(frozen=True)
class Task:
    """What is to be tuned, and on what.

    source  : of the encoder as published, see `models.text_encoder.encoder_source`
    lists   : first stage of each query
    text    : catalogue row → what the encoder reads of it; of ``n_rows``
    """

    source: Path
    pairs: Pairs
    split: Split
    lists: Mapping[str, Shortlist]
    text: Callable[[int], str]
    n_rows: int
    calibration: Calibration


@dataclass(frozen=True)
class Tuned:
    """
    weight  : share of the meaning in the fused score that suits the encoder
    cosine  : mean of the int8 encoder's with the float32 one
    seconds : of training
    steps   : of training
    scores  : of the stopping queries, at each check
    """

    weight: float
    cosine: float
    seconds: float
    steps: int
    scores: tuple[float, ...]


def tune(
    task: Task,
    tuning: Tuning,
    folder: Path,
    *,
    limit: float,
    place: Path,
    step: Step,
    clock: Callable[[], float] = time.monotonic,
) -> Tuned:
    """Train on the split's training queries and write the encoder that did best into ``folder``.

    limit : seconds; place : file of the checkpoint, gone once the encoder is written

    Raises ChecksFailed where the int8 encoder is too far from the float32 one.
    """
    torch.manual_seed(tuning.seed)
    source = open_source(task.source)
    bert = Bert(source.weights, source.shape)
    reading = _Reading(source)
    train = task.pairs.some(task.split.train)
    material = Material(
        train,
        _hard(train, task.lists),
        [reading.query(query) for query in train.queries],
        lambda row: reading.text(task.text(row)),
    )
    stopping = _Stopping(task, reading)
    trainer = Trainer(
        bert, material, tuning, limit=limit, score=stopping.score, place=place, clock=clock
    )
    run = trainer.train(step)
    bert.load_state_dict(run.best)
    weights = {**source.weights, **bert.weights()}
    write_encoder(replace(source, weights=weights), folder)
    cosine = _same(bert, reading, TextEncoder.open(folder), task)
    if cosine < LEAST_COSINE:
        raise ChecksFailed(
            f"int8 vectors within a cosine of {LEAST_COSINE}",
            f"{cosine:.4f}",
            "Set encoder_minutes = 0 under [train] in shop.toml and report this.",
        )
    place.unlink(missing_ok=True)
    return Tuned(stopping.weight(bert), cosine, run.seconds, run.done, tuple(run.scores))


class _Reading:
    """Texts → tokens, with the model's prompts, each once."""

    def __init__(self, source: EncoderSource) -> None:
        self.prompts = source.prompts
        self.tokenizer = Tokenizer.from_str(source.tokenizer.to_str())
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self._known: dict[str, list[int]] = {}

    def query(self, query: str) -> list[int]:
        return self._tokens(self.prompts.query + query)

    def text(self, text: str) -> list[int]:
        return self._tokens(self.prompts.text + text)

    def _tokens(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = self.tokenizer.encode(text).ids
        return self._known[text]


def _hard(pairs: Pairs, lists: Mapping[str, Shortlist]) -> Hard:
    """Rows of each query's list that do not answer it."""
    rows = np.full((len(pairs.queries), LONGEST), -1, np.int64)
    for number, query in enumerate(pairs.queries):
        listed = lists.get(query, NOTHING).rows
        negative = listed[~np.isin(listed, pairs.row[pairs.of(number)])]
        rows[number, : len(negative)] = negative
    return Hard(rows)


class _Stopping:
    """How well validation queries' lists are put into order by an encoder that is being trained."""

    def __init__(self, task: Task, reading: _Reading) -> None:
        self.pairs = task.pairs.some(stopping_queries(task.split))
        self.lists = [task.lists.get(query, NOTHING) for query in self.pairs.queries]
        self.calibration = task.calibration
        found = [each.rows for each in self.lists]
        self.rows = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
        self.texts = [reading.text(task.text(row)) for row in self.rows.tolist()]
        self.queries = [reading.query(query) for query in self.pairs.queries]

    def score(self, bert: Bert) -> float:
        """nDCG@10 of the fused order at the weight that suits the encoder best."""
        return float(self._scores(bert).max())

    def weight(self, bert: Bert) -> float:
        return WEIGHTS[int(np.argmax(self._scores(bert)))]

    def _scores(self, bert: Bert) -> NDArray[np.float64]:
        """(len(WEIGHTS),)"""
        if not len(self.rows):
            return np.zeros(len(WEIGHTS))
        texts, queries = encode(bert, self.texts), encode(bert, self.queries)
        cosines = [
            texts[np.searchsorted(self.rows, each.rows)] @ query
            for each, query in zip(self.lists, queries, strict=True)
        ]
        return np.array([self._at(weight, cosines) for weight in WEIGHTS])

    def _at(self, weight: float, cosines: Sequence[NDArray[np.float32]]) -> float:
        calibration = replace(self.calibration, semantic_weight=weight)
        ranked = [
            each.rows[np.argsort(-each.fused(cosine, calibration), kind="stable")]
            for each, cosine in zip(self.lists, cosines, strict=True)
        ]
        return float(weighted_ndcg(ranked, self.pairs).mean())


def _same(bert: Bert, reading: _Reading, encoder: TextEncoder, task: Task) -> float:
    rows = np.linspace(0, task.n_rows - 1, _COMPARED).astype(int)
    some = [task.text(row) for row in rows.tolist()]
    exact = encode(bert, [reading.text(text) for text in some])
    return float((exact * encoder.encode(some)).sum(1).mean())
