"""What the engine is given: pairs of shoppers and items, their loss, and how good it is so far.
Needs torch."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mercato.core.errors import BadInput
from mercato.models.neural.light_gcn.network import LightGcnNetwork, Pairs
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld, batches_of, evenly, fingerprint_of
from mercato.models.preference import Preferences
from mercato.models.shopper_transformer.losses import log_partition, sampled_softmax

_K = 20
_LEAST_ITEMS = 3
"""Of a shopper of whom one is kept from learning."""


class ShardPairs(NamedTuple):
    """What a shard of shoppers learns from, and what is held of them. Shoppers are numbered over
    all shards of a process.

    number : of the shard
    """

    number: int
    pairs: Pairs
    held: Pairs

    @classmethod
    def of(cls, number: int, before: int, found: Preferences, most: int, seed: int) -> Self:
        """most : shoppers of whom an item is held; before : shoppers of this process's other
        shards"""
        count = np.diff(found.offsets)
        shopper = before + np.repeat(np.arange(len(count)), count)
        whole = Pairs(shopper, found.item.astype(np.int64))
        at = _held(found.offsets, most, seed, number)
        return cls(number, whole.some(_all_but(len(whole.item), at)), whole.some(at))


class LightGcnTask:
    """A `neural.engine.Task`.

    shards : of this process, ``held`` its shoppers among those of all
    """

    of_log: tuple[str, ...] = ("shoppers", "items")

    def __init__(
        self,
        shards: Sequence[ShardPairs],
        held: RowsHeld,
        n_items: int,
        *,
        passing: Passing,
        loss: Loss,
        examples: Examples,
        members: Processes,
        seed: int,
    ) -> None:
        if loss.contrast and members.count > 1:
            raise BadInput(
                "a contrastive loss, of all nodes of a batch, in one process",
                f"{members.count} processes",
                "Set contrast to 0, or learn in one process.",
            )
        self.settings, self.data, self.seed, self.members = loss, examples, seed, members
        self.shards = shards
        self.held = joined_pairs([each.held for each in shards])
        self.pairs = joined_pairs([each.pairs for each in shards])
        self.met = members.counted(np.bincount(self.pairs.item, minlength=n_items))
        self.known = np.flatnonzero(self.met)
        self.number = batches_of(int(self.met.sum()), examples.batch)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.network = LightGcnNetwork(passing, self.pairs, held, self.met, members, seed)
        self.rows: Mapping[str, RowsHeld] = {"shoppers": held} if passing.own else {}
        read = [hashlib.sha256(_bytes(each)).digest() for each in shards]
        self.fingerprint = f"{passing} {loss} {examples} {fingerprint_of(read, members)}"

    def batches(self, number: int) -> Sequence[Sequence[Pairs]]:
        """Of each batch what each shard has in it."""
        parts = []
        for shard in self.shards:
            random = np.random.default_rng([self.seed, number, shard.number])
            order = random.permutation(len(shard.pairs.item))
            parts.append([shard.pairs.some(rows) for rows in evenly(order, self.number)])
        return list(zip(*parts, strict=True))

    def examples(self, batch: Sequence[Pairs]) -> int:
        return sum(len(each.item) for each in batch)

    def loss(self, batch: Sequence[Pairs], random: np.random.Generator) -> Tensor:
        settings, pairs = self.settings, joined_pairs(batch)
        layers = self.network.layers(settings.noise if settings.contrast else 0.0)
        shoppers, items = self.network.mean(layers)
        who, what = self._tensor(pairs.shopper), self._tensor(pairs.item)
        if settings.kind == "bpr":
            drawn = self._drawn(batch, random)
            found = self._pairwise(shoppers[who], items[what], items[drawn])
        else:
            found = self._softmax(shoppers[who], items, what, random)
        begun = [self.network.items[what]]
        if len(self.network.shoppers):
            begun.append(self.network.shoppers[who])
        found = found + settings.ridge / 2 * sum(each.square().sum() for each in begun)
        found = found / max(len(pairs.item), 1)
        if not settings.contrast:
            return found
        for whole, first, nodes in (
            (shoppers, layers[1][0], torch.unique(who)),
            (items, layers[1][1], torch.unique(what)),
        ):
            found = found + settings.contrast * self._contrast(whole[nodes], first[nodes])
        return found

    def _drawn(self, batch: Sequence[Pairs], random: np.random.Generator) -> Tensor:
        """An item beside each pair; each shard's are drawn alike, whoever has it."""
        base = int(random.integers(2**63))
        draws = [
            np.random.default_rng([base, shard.number]).choice(self.known, len(part.item))
            for shard, part in zip(self.shards, batch, strict=True)
        ]
        return self._tensor(np.concatenate(draws))

    def _pairwise(self, shoppers: Tensor, met: Tensor, other: Tensor) -> Tensor:
        """The sum over pairs."""
        return functional.softplus((shoppers * (other - met)).sum(1)).sum()

    def _softmax(
        self, shoppers: Tensor, items: Tensor, what: Tensor, random: np.random.Generator
    ) -> Tensor:
        """The sum over pairs."""
        most = min(self.settings.negatives, len(self.known))
        drawn = np.sort(random.choice(self.known, most, replace=False))
        place = np.full(len(items), -1, np.int64)
        place[drawn] = np.arange(most)
        states = functional.normalize(shoppers) / self.settings.temperature
        others = functional.normalize(items[self._tensor(drawn)])
        positive = functional.normalize(items[what])
        # What was not drawn stands for as many as it is short of.
        correction = others.new_full((most,), float(np.log(len(self.known) / most)))
        banned = self._tensor(place)[what]
        if not len(states):
            # Both take part in the gradient, which all processes pass back together.
            return states.sum() + positive.sum()
        mean = sampled_softmax(states, positive, others, correction, banned)
        return mean * len(states)

    def _contrast(self, last: Tensor, first: Tensor) -> Tensor:
        """InfoNCE between two views of the same nodes."""
        states = functional.normalize(last) / self.settings.apart
        others = functional.normalize(first)
        return (log_partition(states, others) - (states * others).sum()) / len(states)

    def worth(self) -> float:
        """NDCG@20 of what was held, among all items that were learned from, the shopper's left
        out."""
        shoppers, items = self.network.mean(self.network.layers())
        states = shoppers[self._tensor(self.held.shopper)]
        known = items[self._tensor(self.known)]
        if self.settings.kind == "softmax":
            known = functional.normalize(known)
        scores = (states @ known.T).cpu().numpy()
        place = np.full(len(items), -1, np.int64)
        place[self.known] = np.arange(len(self.known))
        row = np.full(len(self.network.to_shoppers), -1, np.int64)
        row[self.held.shopper] = np.arange(len(self.held.shopper))
        met = row[self.pairs.shopper] >= 0
        scores[row[self.pairs.shopper[met]], place[self.pairs.item[met]]] = -np.inf
        own = scores[np.arange(len(scores)), np.maximum(place[self.held.item], 0)]
        rank = (scores > own[:, None]).sum(1)
        found = (rank < _K) & (place[self.held.item] >= 0)
        return self.members.mean(np.where(found, 1 / np.log2(rank + 2), 0.0))

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.network.items.device)


def joined_pairs(parts: Sequence[Pairs]) -> Pairs:
    none = np.zeros(0, np.int64)
    return Pairs(*(np.concatenate([none, *each]) for each in zip(*parts, strict=True)))


def _bytes(shard: ShardPairs) -> bytes:
    # Steps from shopper to shopper, whose numbers are the process's own.
    columns = [
        each for part in (shard.pairs, shard.held) for each in (np.diff(part.shopper), part.item)
    ]
    return b"".join(each.tobytes() for each in columns)


def _held(offsets: NDArray[np.int64], most: int, seed: int, shard: int) -> NDArray[np.int64]:
    """One pair of each of at most ``most`` shoppers."""
    random = np.random.default_rng([seed, shard])
    count = np.diff(offsets)
    fit = random.permutation(np.flatnonzero(count >= _LEAST_ITEMS))[:most]
    return np.sort(offsets[fit] + (random.random(len(fit)) * count[fit]).astype(np.int64))


def _all_but(n: int, left_out: NDArray[np.int64]) -> NDArray[np.bool_]:
    kept = np.ones(n, bool)
    kept[left_out] = False
    return kept
