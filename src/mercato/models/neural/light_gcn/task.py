"""What the engine is given: pairs of shoppers and items, their loss, and how good it is so far.
Needs torch."""

import hashlib
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.preference import Preferences
from mercato.models.shopper_transformer.losses import log_partition, sampled_softmax

_K = 20
_LEAST_ITEMS = 3
"""Of a shopper of whom one is kept from learning."""


class Pairs(NamedTuple):
    """Who met what, both (n,) int64, by shopper."""

    shopper: NDArray[np.int64]
    item: NDArray[np.int64]

    def some(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.shopper[rows], self.item[rows])


class _Passed(Function):
    """graph @ vectors; the gradient goes the same way back, since ``back`` is its transpose."""

    @staticmethod
    def forward(ctx: Any, graph: Tensor, back: Tensor, vectors: Tensor) -> Tensor:
        ctx.back = back
        return torch.sparse.mm(graph, vectors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, Tensor]:
        return None, None, torch.sparse.mm(ctx.back, gradient)


class LightGcnNetwork(nn.Module):
    """Vectors of shoppers and items, and the graph along which they are passed."""

    def __init__(self, settings: Passing, pairs: Pairs, n_shoppers: int, n_items: int) -> None:
        super().__init__()
        self.settings = settings
        own = n_shoppers if settings.own else 0
        self.shoppers = nn.Parameter(torch.randn(own, settings.width) * settings.spread)
        self.items = nn.Parameter(torch.randn(n_items, settings.width) * settings.spread)
        graph = scaled_graph(pairs, n_shoppers, n_items)
        self.register_buffer("to_shoppers", _sparse(graph), persistent=False)
        self.register_buffer("to_items", _sparse(sp.csr_matrix(graph.T)), persistent=False)

    def layers(self, noise: float = 0.0) -> list[tuple[Tensor, Tensor]]:
        """Of each layer from 0 the vectors of shoppers (n_shoppers, width) and items."""
        shoppers, items = self.shoppers, self.items
        if not len(shoppers):
            shoppers = items.new_zeros(self.to_shoppers.shape[0], items.shape[1])
        found = [(shoppers, items)]
        for _ in range(self.settings.layers):
            to_shoppers = _Passed.apply(self.to_shoppers, self.to_items, items)
            to_items = _Passed.apply(self.to_items, self.to_shoppers, shoppers)
            shoppers, items = _noisy(to_shoppers, noise), _noisy(to_items, noise)
            found.append((shoppers, items))
        return found

    def mean(self, layers: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        shoppers, items = zip(*layers, strict=True)
        return torch.stack(shoppers).mean(0), torch.stack(items).mean(0)


def scaled_graph(pairs: Pairs, n_shoppers: int, n_items: int) -> sp.csr_matrix:
    """(n_shoppers, n_items) 1 over the roots of what both have."""
    ones = np.ones(len(pairs.item), np.float32)
    graph = sp.csr_matrix((ones, (pairs.shopper, pairs.item)), (n_shoppers, n_items))
    roots = [np.sqrt(np.maximum(np.asarray(graph.sum(axis)).ravel(), 1)) for axis in (1, 0)]
    found = sp.diags(1 / roots[0]) @ graph @ sp.diags(1 / roots[1])
    return sp.csr_matrix(found, dtype=np.float32)


def _sparse(graph: sp.csr_matrix) -> Tensor:
    parts = graph.indptr.astype(np.int64), graph.indices.astype(np.int64), graph.data
    with warnings.catch_warnings():
        # torch calls compressed rows a beta; products with them are all that is asked for.
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            *(torch.from_numpy(each) for each in parts), graph.shape, check_invariants=False
        )


def _noisy(vectors: Tensor, length: float) -> Tensor:
    """With noise in the same orthant."""
    if not length:
        return vectors
    drawn = functional.normalize(torch.rand_like(vectors), dim=-1)
    return vectors + vectors.detach().sign() * drawn * length


class LightGcnTask:
    """A `neural.engine.Task`."""

    of_log: tuple[str, ...] = ("shoppers", "items")

    def __init__(
        self,
        found: Preferences,
        n_items: int,
        *,
        passing: Passing,
        loss: Loss,
        examples: Examples,
        held: int,
        seed: int,
    ) -> None:
        self.settings, self.data, self.seed = loss, examples, seed
        whole = Pairs(
            np.repeat(np.arange(len(found.offsets) - 1), np.diff(found.offsets)),
            found.item.astype(np.int64),
        )
        at = _held(found.offsets, held, seed)
        self.held, self.pairs = whole.some(at), whole.some(_all_but(len(whole.item), at))
        self.known = np.flatnonzero(np.bincount(self.pairs.item, minlength=n_items))
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.network = LightGcnNetwork(passing, self.pairs, len(found.offsets) - 1, n_items)
        read = hashlib.sha256(whole.item.tobytes() + found.offsets.tobytes())
        self.fingerprint = f"{passing} {loss} {examples} {held} {read.hexdigest()}"

    def batches(self, number: int) -> Sequence[Pairs]:
        order = np.random.default_rng([self.seed, number]).permutation(len(self.pairs.item))
        size = self.data.batch
        return [self.pairs.some(order[at : at + size]) for at in range(0, len(order), size)]

    def examples(self, batch: Pairs) -> int:
        return len(batch.item)

    def loss(self, batch: Pairs, random: np.random.Generator) -> Tensor:
        settings = self.settings
        layers = self.network.layers(settings.noise if settings.contrast else 0.0)
        shoppers, items = self.network.mean(layers)
        who, what = self._tensor(batch.shopper), self._tensor(batch.item)
        if settings.kind == "bpr":
            found = self._pairwise(shoppers[who], items, what, random)
        else:
            found = self._softmax(shoppers[who], items, what, random)
        begun = [self.network.items[what]]
        if len(self.network.shoppers):
            begun.append(self.network.shoppers[who])
        found = found + settings.ridge / 2 * sum(each.square().sum(1).mean() for each in begun)
        if not settings.contrast:
            return found
        for whole, first, nodes in (
            (shoppers, layers[1][0], torch.unique(who)),
            (items, layers[1][1], torch.unique(what)),
        ):
            found = found + settings.contrast * self._contrast(whole[nodes], first[nodes])
        return found

    def _pairwise(
        self, shoppers: Tensor, items: Tensor, what: Tensor, random: np.random.Generator
    ) -> Tensor:
        other = items[self._tensor(random.choice(self.known, len(what)))]
        above = (shoppers * (items[what] - other)).sum(1)
        return functional.softplus(-above).mean()

    def _softmax(
        self, shoppers: Tensor, items: Tensor, what: Tensor, random: np.random.Generator
    ) -> Tensor:
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
        return sampled_softmax(states, positive, others, correction, banned)

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
        return float(np.where(found, 1 / np.log2(rank + 2), 0.0).mean()) if len(rank) else 0.0

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.network.items.device)


def _held(offsets: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """One pair of each of at most ``most`` shoppers."""
    random = np.random.default_rng(seed)
    count = np.diff(offsets)
    fit = random.permutation(np.flatnonzero(count >= _LEAST_ITEMS))[:most]
    return np.sort(offsets[fit] + (random.random(len(fit)) * count[fit]).astype(np.int64))


def _all_but(n: int, left_out: NDArray[np.int64]) -> NDArray[np.bool_]:
    kept = np.ones(n, bool)
    kept[left_out] = False
    return kept
