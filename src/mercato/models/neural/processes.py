"""The processes of one training, as torchrun starts them. Needs torch.

Each holds the whole network, but for rows of large tables where it is told so, learns from its own
shoppers, and takes the same steps as the others: gradients are summed before each. Gloo carries
what lies in memory, NCCL what lies on GPUs.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed
from torch.autograd import Function


class _Summed(Function):
    """What each process's loss says of the sum, is said of what each added."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        found = values.clone()
        distributed.all_reduce(found)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        found = gradient.clone()
        distributed.all_reduce(found)
        return found


@dataclass(frozen=True)
class Processes:
    """This one and the others; every method but ``share`` is to be called by all of them at the
    same point."""

    number: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether it is the one that writes and tells."""
        return self.number == 0

    def share(self, n: int) -> range:
        """Which of ``n`` things in a row are this one's."""
        return range(n * self.number // self.count, n * (self.number + 1) // self.count)

    def sum(self, values: Tensor) -> Tensor:
        """Put the sum over all processes into ``values``."""
        if self.count > 1:
            distributed.all_reduce(values)
        return values

    def counted(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The sum over all processes."""
        found: NDArray[np.int64] = self.sum(torch.from_numpy(values.copy())).numpy()
        return found

    def mean(self, values: NDArray[np.floating]) -> float:
        """Of the values of all processes; 0 of none."""
        own = torch.tensor([float(values.sum()), float(len(values))], dtype=torch.float64)
        total, count = self.sum(own).tolist()
        return total / count if count else 0.0

    def summed(self, values: Tensor) -> Tensor:
        """The sum over all processes, through which gradients go back to each of them."""
        if self.count == 1:
            return values
        found: Tensor = _Summed.apply(values)
        return found

    def stacked(self, rows: Tensor) -> Tensor:
        """(all, …) the rows of all processes behind each other; they may have different numbers."""
        if self.count == 1:
            return rows
        lengths = np.zeros(self.count, np.int64)
        lengths[self.number] = len(rows)
        lengths = self.counted(lengths)
        padded = rows.new_zeros((int(lengths.max()), *rows.shape[1:]))
        padded[: len(rows)] = rows
        found = [torch.empty_like(padded) for _ in range(self.count)]
        distributed.all_gather(found, padded)
        return torch.cat([each[:n] for each, n in zip(found, lengths.tolist(), strict=True)])

    def union(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The different values of all processes, rising."""
        if self.count == 1:
            return np.unique(values)
        return np.unique(self.stacked(torch.from_numpy(np.unique(values))).numpy())

    def sum_gradients(self, parameters: Sequence[Tensor], beside: Tensor) -> Tensor:
        """Sum the gradients of each, in place, and a vector that travels with them.

        A gradient that one process lacks, having had no example, counts as 0.
        """
        if self.count == 1:
            return beside
        for each in parameters:
            if each.grad is None:
                each.grad = torch.zeros_like(each)
        flat = torch.cat([each.grad.reshape(-1) for each in parameters] + [beside.float()])
        sizes = [each.numel() for each in parameters] + [len(beside)]
        *sums, found = self.sum(flat).split(sizes)
        for each, own in zip(parameters, sums, strict=True):
            each.grad = own.view_as(each)
        return found

    def wait(self) -> None:
        """Until all have come here."""
        if self.count > 1:
            distributed.barrier()


def processes() -> Processes:
    """Those that this process has joined; it alone where it has not, see `joined`."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return Processes()
    return Processes(distributed.get_rank(), distributed.get_world_size())


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the processes that torchrun started, for a while; alone where it did not."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield Processes()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        distributed.init_process_group("cpu:gloo,cuda:nccl")
    else:
        distributed.init_process_group("gloo")
    try:
        yield processes()
    finally:
        distributed.destroy_process_group()
