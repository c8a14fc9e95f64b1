"""What the engine is given to learn: batches of events, their loss, and how good it is so far.

Needs torch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.drawing import Drawing
from mercato.models.shopper_transformer.events import Read, window_start
from mercato.models.shopper_transformer.losses import (
    calibrated_log_loss,
    full_softmax,
    gbce_beta,
    sampled_softmax,
)
from mercato.models.shopper_transformer.network import Batch, ShopperNetwork
from mercato.models.shopper_transformer.packing import Pieces, Rows, packed, pieces_of
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape
from mercato.models.shopper_transformer.targets import items_ahead, next_items

_ASKED_AT_ONCE = 256
"""Shoppers whose scores of all items are held."""

_K = 10

_LEAST_EVENTS = 3
"""Of a shopper whose last event is kept from learning."""


@dataclass(frozen=True)
class Learned:
    """What comes of reading a log for learning.

    log     : without what is held
    held    : (h, 2) int64, events of shoppers' last known and of what came next, in ``whole``
    whole   : with it
    counts  : (n_items,) events of each item that were learned from
    """

    log: Read
    held: NDArray[np.int64]
    whole: Read
    counts: NDArray[np.int64]


def held_out(whole: Read, n_items: int, most: int, seed: int) -> Learned:
    """Keep the last event of at most ``most`` shoppers, a tenth of them at most, from learning."""
    lengths = np.diff(whole.offsets)
    last = whole.offsets[1:] - 1
    fit = np.flatnonzero(lengths >= _LEAST_EVENTS)
    fit = fit[whole.wish[last[fit]]]
    most = min(most, len(lengths) // 10)
    chosen = np.sort(np.random.default_rng(seed).permutation(fit)[:most])
    kept = np.ones(len(whole.item), bool)
    kept[last[chosen]] = False
    log = whole.where(kept)
    held = np.stack([last[chosen] - 1, last[chosen]], 1).astype(np.int64)
    return Learned(log, held, whole, np.bincount(log.item, minlength=n_items))


class Descent:
    """A `neural.engine.Task`."""

    of_log: tuple[str, ...] = ("items.own.", "items.codes.")

    def __init__(
        self,
        learned: Learned,
        content: ItemContent,
        *,
        shape: Shape,
        inputs: Inputs,
        loss: Loss,
        examples: Examples,
        seed: int,
    ) -> None:
        self.learned, self.shape, self.inputs = learned, shape, inputs
        self.settings, self.data, self.seed = loss, examples, seed
        self.known = np.flatnonzero(learned.counts)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.network = ShopperNetwork(shape, inputs, learned.counts > 0, content)
        self.drawing = Drawing(learned.counts, loss.popularity)
        self.log, self.tied = learned.log, learned.log.tied
        self.next = next_items(self.log, again=examples.again)
        log = learned.log
        read = hashlib.sha256()
        for each in (log.offsets, log.item, log.kind, log.ts, content.vectors, content.codes):
            read.update(np.ascontiguousarray(each).tobytes())
        self.fingerprint = f"{shape} {inputs} {loss} {examples} {read.hexdigest()}"

    def batches(self, number: int) -> Sequence[Rows]:
        random = np.random.default_rng([self.seed, number])
        longest = self.shape.longest
        if self.tied:
            self.log = self.learned.log.shuffled(random)
        if self.data.ahead:
            days = self.data.ahead * MICROSECONDS_PER_DAY
            self.next = items_ahead(self.log, round(days), random, again=self.data.again)
        elif self.tied:
            self.next = next_items(self.log, again=self.data.again)
        pieces = pieces_of(self.log.offsets, longest, random)
        order = random.permutation(len(pieces.length))
        pieces = Pieces(pieces.start[order], pieces.length[order])
        rows = packed(pieces, longest, shared=self.data.packed)
        size = max(1, round(self.data.batch * len(rows.at) / max(int(pieces.length.sum()), 1)))
        return [rows.some(slice(at, at + size)) for at in range(0, len(rows.at), size)]

    def examples(self, batch: Rows) -> int:
        return int((self._target(batch) >= 0).sum())

    def loss(self, batch: Rows, random: np.random.Generator) -> Tensor:
        target = self._target(batch)
        asked = target >= 0
        log = self.log
        drawn = self.drawing.draw(self.settings.negatives, random, log_q=self.settings.log_q)
        full = self.settings.kind == "softmax"
        items = (
            self.known
            if full
            else np.unique(np.concatenate([log.item[batch.at.ravel()], target[asked], drawn.item]))
        )
        inputs = self._batch(batch, log, items)
        vectors = self.network.items(inputs.items)
        states = self.network(inputs, vectors)[self._tensor(asked)]
        answer = self._tensor(np.searchsorted(items, target[asked]))
        if len(states) == 0:
            return states.sum()
        found = self._ranked(states, vectors, answer, items, drawn.item, drawn.correction)
        if self.network.actions is None or not self.settings.actions:
            return found
        kind = self._tensor(log.kind[batch.at[asked] + 1])
        told = self.network.actions(states, functional.embedding(answer, vectors))
        return found + self.settings.actions * functional.cross_entropy(told, kind)

    def _ranked(
        self,
        states: Tensor,
        vectors: Tensor,
        answer: Tensor,
        items: NDArray[np.int64],
        drawn: NDArray[np.int64],
        correction: NDArray[np.float32],
    ) -> Tensor:
        settings = self.settings
        if settings.kind == "softmax":
            return full_softmax(states, vectors, answer, settings.smoothing)
        place = self._tensor(np.searchsorted(items, drawn))
        # Where among those drawn each next item stands.
        among = np.full(len(items), -1, np.int64)
        among[np.searchsorted(items, drawn)] = np.arange(len(drawn))
        banned = self._tensor(among)[answer]
        positive = functional.embedding(answer, vectors)
        others = functional.embedding(place, vectors)
        if settings.kind == "sampled":
            return sampled_softmax(states, positive, others, self._tensor(correction), banned)
        beta = gbce_beta(settings.negatives, len(self.known), settings.calibration)
        return calibrated_log_loss(states, positive, others, banned, beta)

    def worth(self) -> float:
        """NDCG@10 of what was held, among all items that were learned from."""
        gains = []
        for start in range(0, len(self.learned.held), _ASKED_AT_ONCE):
            part = self.learned.held[start : start + _ASKED_AT_ONCE]
            gains.append(self._gains(part))
        return float(np.concatenate(gains).mean()) if gains else 0.0

    def _gains(self, held: NDArray[np.int64]) -> NDArray[np.float64]:
        whole = self.learned.whole
        shopper = np.searchsorted(whole.offsets, held[:, 0], side="right") - 1
        begin = whole.offsets[shopper]
        n = held[:, 0] - begin + 1
        skipped = np.array([window_start(int(each), self.shape.longest) for each in n])
        rows = packed(Pieces(begin + skipped, n - skipped), self.shape.longest, shared=False)
        inputs = self._batch(rows, whole, self.known)
        vectors = self.network.items(inputs.items)
        last = self._tensor(n - skipped - 1)
        states = self.network(inputs, vectors)[torch.arange(len(held)), last]
        scores = (states @ vectors.T).cpu().numpy()  # (len(held), known items)
        answer = whole.item[held[:, 1]]
        at = np.minimum(np.searchsorted(self.known, answer), len(self.known) - 1)
        own = scores[np.arange(len(held)), at].copy()
        if not self.data.again:
            for row, (start, count) in enumerate(zip(begin, n, strict=True)):
                met = np.searchsorted(self.known, whole.item[start : start + count])
                scores[row, met] = -np.inf
        rank = (scores > own[:, None]).sum(1)
        found = (rank < _K) & (self.known[at] == answer)
        return np.where(found, 1 / np.log2(rank + 2), 0.0)

    def _target(self, batch: Rows) -> NDArray[np.int64]:
        """(rows, longest) the item that comes next; -1: none is learned."""
        return np.where(batch.piece > 0, self.next[batch.at], -1)

    def _batch(self, rows: Rows, log: Read, items: NDArray[np.int64]) -> Batch:
        local = np.searchsorted(items, log.item[rows.at])
        return Batch(
            items=self._tensor(items),
            item=self._tensor(np.minimum(local, max(len(items) - 1, 0))),
            kind=self._tensor(log.kind[rows.at]),
            gap=self._tensor(log.gap[rows.at]),
            ts=self._tensor(log.ts[rows.at]),
            piece=self._tensor(rows.piece),
            place=self._tensor(rows.place),
        )

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(
            next(self.network.parameters()).device, non_blocking=True
        )
