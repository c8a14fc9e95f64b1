"""Shoppers in shards, and large tables by rows, so that several processes learn together. Needs
torch.

What a batch holds, depends on the shards and not on the processes that share them: one process and
several come to the same (as the canonical nodes of MosaicML's Streaming,
https://docs.mosaicml.com/projects/streaming/en/stable/dataset_configuration/shuffling.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.models.base import check_form, check_log
from mercato.models.neural.processes import Processes

_BLOCK = 65_536
"""Rows of a large table that begin from one seed, whichever process has them."""


@dataclass(frozen=True)
class Shard:
    """Some shoppers in a row.

    number : of the shard, among those of all processes
    first  : number of its first shopper
    log    : their events alone; of a log that is memory-mapped, no other's are read
    """

    number: int
    first: int
    log: Interactions


def own_shards(log: Interactions, shards: int, as_of: int, members: Processes) -> list[Shard]:
    """This process's of so many shards, each of about as many events.

    Raises BadInput where there are fewer shards than processes, or a log does not fit together.
    """
    if shards < members.count:
        raise BadInput(
            f"{members.count} shards or more, one a process", f"{shards}", "Raise learning.shards."
        )
    check_form(log)
    wanted = log.offsets[-1] * np.arange(1, shards) / shards
    cuts = [0, *np.searchsorted(log.offsets, wanted).tolist(), log.n_users]
    found = []
    for number in members.share(shards):
        part = log.between(cuts[number], cuts[number + 1])
        check_log(part, as_of)
        found.append(Shard(number, cuts[number], part))
    return found


def batches_of(examples: int, size: int) -> int:
    """How many batches a pass has: the same number in each shard, whose parts make one batch."""
    return max(1, round(examples / size)) if examples else 0


def evenly(order: NDArray[Any], number: int) -> list[NDArray[Any]]:
    """A shard's part of each of ``number`` batches."""
    return np.array_split(order, number) if number else []


@dataclass(frozen=True)
class RowsHeld:
    """Which rows of a table a process holds, of how many: ``first`` up to ``last``."""

    first: int
    last: int
    total: int

    @classmethod
    def all_of(cls, total: int) -> "RowsHeld":
        return cls(0, total, total)

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def some(self) -> bool:
        """Whether other processes hold others."""
        return len(self) < self.total

    def begun(self, width: int, spread: float, seed: int) -> Tensor:
        """(held, width) normal numbers, the same for a row wherever it is held."""
        found = []
        for block in range(self.first // _BLOCK, -(-self.last // _BLOCK)):
            random = torch.Generator().manual_seed(_seed(seed, block))
            rows = torch.randn(_BLOCK, width, generator=random)
            begin = block * _BLOCK
            found.append(rows[max(self.first - begin, 0) : self.last - begin])
        return torch.cat(found) * spread if found else torch.zeros(0, width)


def _seed(seed: int, block: int) -> int:
    return int(np.random.SeedSequence([seed, block]).generate_state(1, np.uint64)[0] >> 1)


def fingerprint_of(parts: Sequence[bytes], members: Processes) -> str:
    """Of the digests of all processes' shards, whoever has which."""
    own = np.array([int.from_bytes(each[:7], "big") for each in parts], np.int64).sum()
    return f"{int(members.counted(np.array([own], np.int64))[0]):016x}"
