"""What the engine is given to learn: batches of events, their loss, and how good it is so far.

Needs torch.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mercato.core.history import MICROSECONDS_PER_DAY
from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld, batches_of, evenly, fingerprint_of
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.drawing import Drawing
from mercato.models.shopper_transformer.events import Read, joined_events, window_start
from mercato.models.shopper_transformer.held import Learned, joined_learned
from mercato.models.shopper_transformer.losses import (
    calibrated_log_loss,
    full_softmax,
    gbce_beta,
    sampled_softmax,
)
from mercato.models.shopper_transformer.network import Batch, ItemVectors, ShopperNetwork
from mercato.models.shopper_transformer.packing import (
    Pieces,
    Rows,
    joined_rows,
    packed,
    pieces_of,
)
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape
from mercato.models.shopper_transformer.spread import SpreadItemVectors
from mercato.models.shopper_transformer.targets import items_ahead, next_acts, next_items

_ASKED_AT_ONCE = 256
"""Shoppers whose scores of all items are held."""

_TOLD_AT_ONCE = 65_536
"""Items of whose content a checksum is taken at once."""

_K = 10

_OWN = "items.own.weight"


class Pass(NamedTuple):
    """What one pass reads of a shard: its events, the item that comes next behind each, the kind of
    what is next done with an item, rows."""

    log: Read
    next: NDArray[np.int64]
    done: NDArray[np.int64]
    rows: Rows


class Descent:
    """A `neural.engine.Task`.

    shards : of this process
    spread : items' vectors are held in rows by the processes
    """

    of_log: tuple[str, ...] = ("items.own.", "items.codes.")

    def __init__(
        self,
        shards: Sequence[Learned],
        content: ItemContent,
        *,
        shape: Shape,
        inputs: Inputs,
        loss: Loss,
        examples: Examples,
        members: Processes,
        spread: bool,
        seed: int,
    ) -> None:
        self.shape, self.members = shape, members
        self.settings, self.data, self.seed, self.spread = loss, examples, seed, spread
        self.learned, logs = joined_learned(shards)
        self.logs = {each.number: log for each, log in zip(shards, logs, strict=True)}
        self.tied = any(log.tied for log in logs)
        n = len(content)
        self.counts = members.counted(np.bincount(self.learned.log.items, minlength=n))
        self.known = np.flatnonzero(self.counts)
        learned_from = np.array([sum(each.examples for each in shards)])
        self.number = batches_of(int(members.counted(learned_from)[0]), examples.batch)
        mine = members.share(n)
        held = RowsHeld(mine.start, mine.stop, n)
        self.rows: Mapping[str, RowsHeld] = {_OWN: held} if spread and inputs.ids else {}
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            known = self.counts > 0
            items = (
                SpreadItemVectors(shape, inputs, known, content, held, members, seed)
                if spread
                else ItemVectors(shape, inputs, known, content)
            )
            self.network = ShopperNetwork(shape, inputs, items)
        self.drawing = Drawing(self.counts, loss.popularity)
        self.log = self.learned.log
        self.next = next_items(self.log, again=examples.again)
        self.done = _done_next(self.log)
        read = [_digest(each.log) for each in shards] + _told(content, mine)
        self.fingerprint = f"{shape} {inputs} {loss} {examples} {fingerprint_of(read, members)}"

    def batches(self, number: int) -> Sequence[Rows]:
        begun = [self._begun(shard, log, number) for shard, log in self.logs.items()]
        if self.tied:
            self.log = joined_events([each.log for each in begun])
        self.next = np.concatenate([each.next for each in begun])
        self.done = np.concatenate([each.done for each in begun])
        starts = np.cumsum([0, *(len(each.log.item) for each in begun)]).tolist()
        parts = [
            [each.rows.some(rows).later(start) for rows in self._cut(each.rows)]
            for each, start in zip(begun, starts, strict=False)
        ]
        return [joined_rows(batch) for batch in zip(*parts, strict=True)]

    def _begun(self, shard: int, log: Read, number: int) -> Pass:
        random = np.random.default_rng([self.seed, number, shard])
        longest, again = self.shape.longest, self.data.again
        if log.tied:
            log = log.shuffled(random)
        if self.data.ahead:
            days = self.data.ahead * MICROSECONDS_PER_DAY
            following = items_ahead(log, round(days), random, again=again)
        else:
            following = next_items(log, again=again)
        pieces = pieces_of(log.offsets, longest, random)
        order = random.permutation(len(pieces.length))
        pieces = Pieces(pieces.start[order], pieces.length[order])
        rows = packed(pieces, longest, shared=self.data.packed)
        return Pass(log, following, _done_next(log), rows)

    def _cut(self, rows: Rows) -> Sequence[NDArray[np.int64]]:
        return evenly(np.arange(len(rows.at)), self.number)

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
            else np.concatenate([_with_items(log, batch.at), target[asked], drawn.item])
        )
        if not full:
            # What is spread is asked for by all processes together.
            items = self.members.union(items) if self.spread else np.unique(items)
        inputs = self._batch(batch, log, items)
        vectors = self.network.items(inputs.items)
        states = self.network(inputs, vectors)[self._tensor(asked)]
        answer = self._tensor(np.searchsorted(items, target[asked]))
        if len(states) == 0:
            return states.sum()
        found = self._ranked(states, vectors, answer, items, drawn.item, drawn.correction)
        if self.network.actions is None or not self.settings.actions:
            return found
        kind = self._tensor(self.done[batch.at[asked]])
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
        vectors = self.network.items(self._tensor(self.known))
        gains = [np.zeros(0)]
        for start in range(0, len(self.learned.held), _ASKED_AT_ONCE):
            gains.append(self._gains(self.learned.held[start : start + _ASKED_AT_ONCE], vectors))
        return self.members.mean(np.concatenate(gains))

    def _gains(self, held: NDArray[np.int64], vectors: Tensor) -> NDArray[np.float64]:
        whole = self.learned.whole
        shopper = np.searchsorted(whole.offsets, held[:, 0], side="right") - 1
        begin = whole.offsets[shopper]
        n = held[:, 0] - begin + 1
        skipped = np.array([window_start(int(each), self.shape.longest) for each in n])
        rows = packed(Pieces(begin + skipped, n - skipped), self.shape.longest, shared=False)
        inputs = self._batch(rows, whole, self.known)
        last = self._tensor(n - skipped - 1)
        states = self.network(inputs, vectors)[torch.arange(len(held)), last]
        scores = (states @ vectors.T).cpu().numpy()  # (len(held), known items)
        answer = whole.item[held[:, 1]]
        at = np.minimum(np.searchsorted(self.known, answer), len(self.known) - 1)
        own = scores[np.arange(len(held)), at].copy()
        if not self.data.again:
            for row, (start, count) in enumerate(zip(begin, n, strict=True)):
                met = np.searchsorted(self.known, _with_items(whole, slice(start, start + count)))
                scores[row, met] = -np.inf
        rank = (scores > own[:, None]).sum(1)
        found = (rank < _K) & (self.known[at] == answer)
        return np.where(found, 1 / np.log2(rank + 2), 0.0)

    def _target(self, batch: Rows) -> NDArray[np.int64]:
        """(rows, longest) the item that comes next; -1: none is learned."""
        return np.where(batch.piece > 0, self.next[batch.at], -1)

    def _batch(self, rows: Rows, log: Read, items: NDArray[np.int64]) -> Batch:
        local = np.searchsorted(items, log.item[rows.at])
        search = log.search[rows.at]
        found = np.unique(search[search >= 0])
        # What lies where no search is, is never looked at.
        asked = np.where(search >= 0, np.searchsorted(found, search), -1)
        told = len(found) > 0
        return Batch(
            items=self._tensor(items),
            item=self._tensor(np.minimum(local, max(len(items) - 1, 0))),
            channel=self._tensor(log.channel[rows.at]) if self.network.inputs.channel else None,
            search=self._tensor(asked) if told else None,
            texts=self._tensor(log.texts[found]) if told else None,
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


def _done_next(log: Read) -> NDArray[np.int64]:
    """(n,) the kind of what is next done with an item behind each event; 0 where nothing is."""
    acts = next_acts(log)
    return np.where(acts >= 0, log.kind[acts], 0)


def _with_items(log: Read, at: NDArray[np.int64] | slice) -> NDArray[np.int64]:
    """The items of those of some events that have one."""
    items = log.item[at].ravel()
    return items[items >= 0]


def _digest(log: Read) -> bytes:
    read = hashlib.sha256()
    asked = np.unique(log.search[log.search >= 0])
    done = (log.offsets, log.item, log.kind, log.ts, log.channel, log.search, log.texts[asked])
    for each in done:
        read.update(np.ascontiguousarray(each).tobytes())
    return read.digest()


def _told(content: ItemContent, mine: range) -> list[bytes]:
    """Digests of what is told of the blocks of items that begin in ``mine``."""
    found = []
    for block in range(0, len(content), _TOLD_AT_ONCE):
        if block in mine:
            part = slice(block, block + _TOLD_AT_ONCE)
            told = content.vectors[part].tobytes() + content.codes[part].tobytes()
            found.append(hashlib.sha256(block.to_bytes(8, "big") + told).digest())
    return found
