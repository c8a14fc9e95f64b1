"""The loop: batches, AdamW, warm-up and decay, early stopping, checkpoints, a limit of time."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mercato.core.progress import Step
from mercato.training.encoder.batches import Batch, Hard, batches
from mercato.training.encoder.bert import Bert
from mercato.training.encoder.loss import ranking_loss
from mercato.training.encoder.pairs import Pairs

Tokens = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Tuning:
    """How an encoder is tuned."""

    batch_queries: int = 64
    """Queries a batch; all their texts are each other's negatives. Twice as many take 2.7 GB of
    memory instead of 1.6, with MiniLM."""
    learning_rate: float = 5e-5
    """The highest."""
    hard_negatives: int = 0
    """Of each query, texts of its first stage that nobody called an answer. On Home Depot they did
    harm: what stands on top and was not judged is often an answer too (docs/LOG.md)."""
    weight_decay: float = 0.01
    warm_up: float = 0.1
    """Share of the training in which the learning rate rises; it falls to 0 in the rest."""
    passes: int = 16
    """Passes over the queries at most, each with one answer a query."""
    checks: int = 8
    """Times that the validation queries are asked, and the state is saved."""
    patience: int = 3
    """Checks without a better one after which the training ends."""
    seed: int = 0


@dataclass(frozen=True)
class Material:
    """What is learned from.

    queries : tokens of each query of ``pairs``
    texts   : tokens of the text of a catalogue row
    """

    pairs: Pairs
    hard: Hard
    queries: Tokens
    texts: Callable[[int], Sequence[int]]


@dataclass
class Run:
    """A training under way.

    done    : steps made
    seconds : spent so far, over all resumptions
    scores  : of the validation queries, one a check; the first is the untrained encoder's
    best    : weights with the best score
    """

    done: int = 0
    seconds: float = 0.0
    scores: list[float] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def since_best(self) -> int:
        return len(self.scores) - 1 - int(np.argmax(self.scores))


class Trainer:
    """Trains a Bert; what it did lies in ``place`` and is taken up again from there.

    limit : seconds that the training may take, checks included
    score : a Bert → how good it is on the validation queries, higher is better
    """

    def __init__(
        self,
        bert: Bert,
        material: Material,
        tuning: Tuning,
        *,
        limit: float,
        score: Callable[[Bert], float],
        place: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bert, self.material, self.tuning = bert, material, tuning
        self.limit, self.score, self.place, self.clock = limit, score, place, clock
        parameters = [each for each in bert.parameters() if each.requires_grad]
        self.optimiser = torch.optim.AdamW(
            parameters, tuning.learning_rate, weight_decay=tuning.weight_decay, fused=True
        )
        a_pass = math.ceil(len(material.pairs.queries) / tuning.batch_queries)
        self.most_steps = a_pass * tuning.passes
        self.run = Run()

    def train(self, step: Step) -> Run:
        """Learn until the passes are done, the time is up, or it gets no better.

        ``step`` advances by thousandths of the whole.
        """
        self._resume()
        began, told = self.clock() - self.run.seconds, 0
        if not self.run.scores:
            self._check()
        for batch in self._batches():
            self.run.seconds = self.clock() - began
            share = self._share()
            step.advance(round(1_000 * share) - told)
            told = round(1_000 * share)
            if share * self.tuning.checks >= len(self.run.scores):
                self._check()
                step.note(self._note())
            if share >= 1 or self.run.since_best >= self.tuning.patience:
                break
            self._step(batch, share)
        else:
            self._check()
        return self.run

    def _share(self) -> float:
        """How much of the training is done, 0 to 1, by steps or by time."""
        return min(1.0, max(self.run.done / self.most_steps, self.run.seconds / self.limit))

    def _step(self, batch: Batch, share: float) -> None:
        self.bert.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.tuning.learning_rate * warmed_up(share, self.tuning.warm_up)
        queries = self.bert([self.material.queries[number] for number in batch.query.tolist()])
        texts = self.bert([self.material.texts(row) for row in batch.row.tolist()])
        ranking_loss(queries, texts, batch).backward()
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.run.done += 1

    def _batches(self) -> Iterator[Batch]:
        """All batches behind those that were done before; each pass has its own seed."""
        material, size = self.material, self.tuning.batch_queries
        skip = self.run.done
        for number in range(self.tuning.passes):
            random = np.random.default_rng([self.tuning.seed, number])
            for batch in batches(
                material.pairs, material.hard, size, self.tuning.hard_negatives, random
            ):
                if skip > 0:
                    skip -= 1
                else:
                    yield batch

    def _check(self) -> None:
        self.bert.eval()
        with torch.no_grad():
            self.run.scores.append(self.score(self.bert))
        if self.run.since_best == 0:
            state = self.bert.state_dict()
            self.run.best = {name: value.clone() for name, value in state.items()}
        self._save()

    def _note(self) -> str:
        first, best = self.run.scores[0], max(self.run.scores)
        return f"validation {first:.3f} → {best:.3f}"

    def _save(self) -> None:
        self.place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.place.with_suffix(".unfinished")
        state: dict[str, Any] = {
            "bert": self.bert.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "run": vars(self.run),
        }
        torch.save(state, unfinished)
        unfinished.replace(self.place)

    def _resume(self) -> None:
        if not self.place.is_file():
            return
        state: Mapping[str, Any] = torch.load(self.place, weights_only=True)
        self.bert.load_state_dict(state["bert"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.run = Run(**state["run"])


def warmed_up(share: float, warm_up: float) -> float:
    """The learning rate over its highest: up from 0 in ``warm_up``, then down to 0, straight."""
    return min(share / warm_up if warm_up else 1.0, (1 - share) / (1 - warm_up))


def encode(bert: Bert, texts: Tokens, size: int = 64) -> NDArray[np.float32]:
    """(n, d) unit vectors of texts, those of about one length together."""
    order = np.argsort([len(text) for text in texts], kind="stable")
    vectors = np.empty((len(texts), bert.shape.hidden_size), np.float32)
    with torch.no_grad():
        for start in range(0, len(order), size):
            part = order[start : start + size]
            vectors[part] = bert([texts[at] for at in part.tolist()]).numpy()
    return vectors
