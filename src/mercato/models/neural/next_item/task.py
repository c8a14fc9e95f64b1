"""What the engine is given: batches of histories, their loss, and how good it is so far. Needs
torch."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.neural.dropout import Dropout
from mercato.models.neural.next_item.batches import (
    Padded,
    Runs,
    by_length,
    runs_before,
    whole_runs,
)
from mercato.models.neural.next_item.encoding import History
from mercato.models.neural.next_item.item_vectors import item_vectors
from mercato.models.neural.next_item.masked import MaskedEncoder
from mercato.models.neural.next_item.settings import Drawn, Encoder, Examples, Items, Sizes
from mercato.models.neural.shards import RowsHeld
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.drawing import Drawing
from mercato.models.shopper_transformer.held import Learned
from mercato.models.shopper_transformer.losses import sampled_softmax
from mercato.models.shopper_transformer.targets import next_items

_ENCODERS = {
    "Recurrent": ("recurrent", "RecurrentEncoder"),
    "Masked": ("masked", "MaskedEncoder"),
    "SessionGraph": ("session_graph", "SessionGraphEncoder"),
    "Pooled": ("pooled", "PooledEncoder"),
    "Interests": ("interests", "InterestsEncoder"),
}
"""By the settings' class: the file and the class of its encoder."""

_ASKED_AT_ONCE = 256
_K = 10


def encoder_of(settings: Encoder, sizes: Sizes) -> nn.Module:
    file, name = _ENCODERS[type(settings).__name__]
    module = import_module(f"mercato.models.neural.next_item.{file}")
    found: nn.Module = getattr(module, name)(settings, sizes)
    return found


class NextItem(nn.Module):
    """Items' vectors, and the encoder that reads them."""

    def __init__(self, items: nn.Module, encoder: nn.Module, sizes: Sizes) -> None:
        super().__init__()
        self.items, self.encoder = items, encoder
        self.norm = nn.LayerNorm(sizes.width)
        self.drop = Dropout(sizes.dropout)
        self.cosine = sizes.cosine

    def read(self, vectors: Tensor, item: Tensor, kept: Tensor) -> History:
        """Of vectors (rows, longest, width)."""
        return History(self.drop(self.norm(vectors)), item, kept)

    def head(self, state: Tensor) -> Tensor:
        """What is multiplied with items' vectors."""
        return functional.normalize(state, dim=-1) / self.cosine if self.cosine else state

    def forward(self, vectors: Tensor, item: Tensor, kept: Tensor) -> Tensor:
        """(rows, number, width) behind the newest event of each row."""
        found: Tensor = self.head(self.encoder.answer(self.read(vectors, item, kept)))
        return found


@dataclass(frozen=True)
class Batch:
    """runs : of events; target: (rows, longest) or (rows,) int64, -1 where none is learned"""

    rows: Padded
    target: NDArray[np.int64]


class NextItemTask:
    """A `neural.engine.Task`."""

    of_log: tuple[str, ...] = ("items.own.", "items.codes.")

    def __init__(
        self,
        learned: Learned,
        content: ItemContent,
        *,
        encoder: Encoder,
        sizes: Sizes,
        items: Items,
        drawn: Drawn,
        examples: Examples,
        seed: int,
    ) -> None:
        self.rows: Mapping[str, RowsHeld] = {}
        self.learned, self.sizes, self.seed = learned, sizes, seed
        self.drawn, self.examples_of = drawn, examples
        self.counts = learned.counts(len(content))
        self.known = np.flatnonzero(self.counts)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            vectors = item_vectors(sizes, items, learned.log, self.counts > 0, content)
            self.network = NextItem(vectors, encoder_of(encoder, sizes), sizes)
        self.every = bool(self.network.encoder.every)
        self.masked = isinstance(self.network.encoder, MaskedEncoder)
        self.drawing = Drawing(self.counts, drawn.popularity)
        self.log = learned.log
        read = hashlib.sha256()
        log = learned.log
        for each in (log.offsets, log.item, log.ts, content.vectors, content.codes):
            read.update(np.ascontiguousarray(each).tobytes())
        self.fingerprint = f"{encoder} {sizes} {items} {drawn} {examples} {read.hexdigest()}"

    def batches(self, number: int) -> Sequence[Batch]:
        random = np.random.default_rng([self.seed, number])
        if self.learned.log.tied:
            self.log = self.learned.log.shuffled(random)
        runs, target = self._runs(random)
        size = self.examples_of.batch
        # Where one event a run is learned, a batch has as many runs as else events.
        mean = float(runs.length.mean()) if len(runs.length) else 1.0
        events = size if self.every else round(size * mean)
        found = []
        for rows in by_length(runs.length, events, random):
            padded = runs.some(rows).padded()
            own = np.where(padded.kept, target[padded.at], -1) if self.every else target[rows]
            found.append(Batch(padded, own))
        return found

    def _runs(self, random: np.random.Generator) -> tuple[Runs, NDArray[np.int64]]:
        """Runs, and what is to be learned: behind each event of the log, or behind each run."""
        log, longest = self.log, self.sizes.longest
        if self.masked:
            return whole_runs(log.offsets, longest, random, behind=0), log.item
        following = next_items(log, again=self.examples_of.again)
        if self.every:
            return whole_runs(log.offsets, longest, random), following
        asked = np.flatnonzero(following >= 0)
        return runs_before(log.offsets, asked, longest), following[asked]

    def examples(self, batch: Batch) -> int:
        return int((batch.target >= 0).sum())

    def loss(self, batch: Batch, random: np.random.Generator) -> Tensor:
        log, kept = self.log, self._tensor(batch.rows.kept)
        asked = self._tensor(batch.target) >= 0
        drawn = self.drawing.draw(self.drawn.negatives, random, log_q=True)
        read = log.item[batch.rows.at[batch.rows.kept]]
        items = np.unique(np.concatenate([read, batch.target[batch.target >= 0], drawn.item]))
        vectors = self.network.items(self._tensor(items))
        local = np.minimum(np.searchsorted(items, log.item[batch.rows.at]), len(items) - 1)
        item = self._tensor(local)
        history = self.network.read(functional.embedding(item, vectors), item, kept)
        answer = self._tensor(np.searchsorted(items, np.maximum(batch.target, 0)))
        states, answer = self._states(history, asked, answer, vectors)
        if len(states) == 0:
            return states.sum()
        among = np.full(len(items), -1, np.int64)
        place = np.searchsorted(items, drawn.item)
        among[place] = np.arange(len(place))
        return sampled_softmax(
            states,
            functional.embedding(answer, vectors),
            functional.embedding(self._tensor(place), vectors),
            self._tensor(drawn.correction),
            self._tensor(among)[answer],
        )

    def _states(
        self, history: History, asked: Tensor, answer: Tensor, vectors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(n, width) states that learn, and (n,) the next item of each."""
        encoder, head = self.network.encoder, self.network.head
        if isinstance(encoder, MaskedEncoder):
            hidden = encoder.draw(history.kept)
            return head(encoder.read(history, hidden)[hidden]), answer[hidden]
        states = head(encoder.states(history))
        if self.every:
            return states[asked], answer[asked]
        states, answer = states[asked], answer[asked]  # (n, number, width)
        with torch.no_grad():
            next_to = (states @ functional.embedding(answer, vectors)[:, :, None])[..., 0].argmax(1)
        return states[torch.arange(len(states), device=states.device), next_to], answer

    def worth(self) -> float:
        """NDCG@10 of what was held, among all items that were learned from."""
        gains: list[NDArray[np.float64]] = []
        vectors = self.network.items(self._tensor(self.known))
        for start in range(0, len(self.learned.held), _ASKED_AT_ONCE):
            gains.append(self._gains(self.learned.held[start : start + _ASKED_AT_ONCE], vectors))
        return float(np.concatenate(gains).mean()) if gains else 0.0

    def _gains(self, held: NDArray[np.int64], vectors: Tensor) -> NDArray[np.float64]:
        whole = self.learned.whole
        runs = runs_before(whole.offsets, held[:, 0], self.sizes.longest)
        rows = runs.padded()
        item = whole.item[rows.at]
        read = self.network.items(self._tensor(item.ravel())).view(*item.shape, -1)
        states = self.network(read, self._tensor(item), self._tensor(rows.kept))
        scores = (states @ vectors.T).amax(1).cpu().numpy()  # (len(held), known items)
        answer = whole.item[held[:, 1]]
        at = np.minimum(np.searchsorted(self.known, answer), len(self.known) - 1)
        own = scores[np.arange(len(held)), at].copy()
        if not self.examples_of.again:
            for row, met in enumerate(_met(whole.offsets, held[:, 0])):
                scores[row, np.searchsorted(self.known, whole.item[met])] = -np.inf
        rank = (scores > own[:, None]).sum(1)
        return np.where((rank < _K) & (self.known[at] == answer), 1 / np.log2(rank + 2), 0.0)

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(
            next(self.network.parameters()).device, non_blocking=True
        )


def _met(offsets: NDArray[np.int64], asked: NDArray[np.int64]) -> list[slice]:
    """The events of each shopper up to the one that is asked behind."""
    shopper = np.searchsorted(offsets, asked, side="right") - 1
    begin = offsets[shopper].tolist()
    return [slice(start, at + 1) for start, at in zip(begin, asked.tolist(), strict=True)]
