"""What networks over fields have in common: how they learn, and what is served of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.core.progress import Step
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import UNKNOWN, Examples, Rows, check_examples, check_known
from mercato.models.ctr.formula import Operations, Value
from mercato.models.ctr.graph import GraphWriter, Run, runner
from mercato.models.neural.learning import torch_needed
from mercato.models.saving import Saved

GRAPH_FILE = "network.onnx"

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Learning:
    """How a network learns: Adam with decoupled weight decay (Loshchilov & Hutter 2019,
    https://arxiv.org/abs/1711.05101), until the log loss of the validation no longer falls.

    weight_decay : of tables of values; other weights have none
    dropout      : share that is left out
    least_rows   : a value with fewer rows is learned as unknown
    patience     : passes without a better one after which the training ends
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    batch_rows: int = 512
    passes: int = 30
    patience: int = 2
    dropout: float = 0.0
    least_rows: int = 2
    seed: int = 0


class Network(Protocol):
    """Hyperparameters of a network.

    targets : outcomes that it predicts, 1 clicks, 2 purchases too
    longest : entries of each list that it reads; 0: none
    """

    @property
    def learning(self) -> Learning: ...
    @property
    def targets(self) -> int: ...
    @property
    def longest(self) -> int: ...

    def weights(self, rows: Rows, random: np.random.Generator) -> Weights:
        """Where the learning starts; tables of values are named ``values…``, (n_values, d)."""

    def formula(self, operations: Operations, inputs: Mapping[str, Value]) -> Value:
        """(n, targets) log-odds. ``inputs`` are those of `inputs_of`."""


@dataclass(frozen=True)
class _About(Saved):
    """histories : fields of the lists that are read"""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    histories: tuple[str, ...]
    longest: int


@dataclass(frozen=True)
class FittedNetwork(FittedClicks):
    """graph : the network as ONNX"""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    histories: tuple[str, ...]
    longest: int
    graph: bytes

    @cached_property
    def _run(self) -> Run:
        return runner(self.graph)

    def outcomes(self, rows: Rows) -> NDArray[np.float32]:
        """(n, targets) log-odds of a click, and of a purchase where they were learned."""
        check_known(rows, self.names, self.sizes, self.histories)
        return self._run(inputs_of(rows, self.longest))

    def _score(self, rows: Rows) -> NDArray[np.float32]:
        return self.outcomes(rows)[:, -1]

    def save(self, folder: Path) -> None:
        _About(self.names, self.sizes, self.histories, self.longest).save(folder)
        (folder / GRAPH_FILE).write_bytes(self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        about = _About.load(folder)
        try:
            graph = (folder / GRAPH_FILE).read_bytes()
        except FileNotFoundError as error:
            raise NotReady("a network", str(error), "Fit and save it again.") from None
        names, sizes = tuple(about.names), tuple(about.sizes)
        return cls(names, sizes, tuple(about.histories), about.longest, graph)


def inputs_of(rows: Rows, longest: int) -> dict[str, NDArray[Any]]:
    """Name → array of what a formula reads.

    ``codes`` (n, n_fields) int64 in the numbering that all fields share; for each list of a field
    ``shown.FIELD`` (n, 1) int64, the row's own; ``history.FIELD`` (n, longest) int64; and
    ``held.FIELD`` (n, longest, 1) float32, 1 for an entry and 0 for padding.
    """
    found: dict[str, NDArray[Any]] = {"codes": rows.shared}
    for each in rows.histories if longest else ():
        padded = each.padded(longest)
        place = rows.place(each.field)
        found[f"shown.{each.field}"] = rows.shared[:, place : place + 1]
        found[f"history.{each.field}"] = padded + rows.starts[place]
        found[f"held.{each.field}"] = (padded != UNKNOWN)[:, :, None].astype(np.float32)
    return found


def fit_network(
    network: Network, train: Examples, validation: Examples, step: Step
) -> FittedNetwork:
    """Learn the weights and write the graph. Raises NotReady where torch is missing."""
    check_examples(train, validation)
    with torch_needed():
        from mercato.models.ctr.descent import learned
    weights = learned(network, train, validation, step)
    rows = train.rows.of(np.arange(1))
    inputs = inputs_of(rows, network.longest)
    writer = GraphWriter(weights)
    output = network.formula(writer, {name: name for name in inputs})
    lists = tuple(each.field for each in rows.histories if network.longest)
    graph = writer.written(output, inputs)
    return FittedNetwork(rows.names, rows.sizes, lists, network.longest, graph)


def dense(random: np.random.Generator, name: str, widths: tuple[int, ...]) -> Weights:
    """Layers ``name.0``… from each width to the next (He et al. 2015,
    https://arxiv.org/abs/1502.01852)."""
    found: Weights = {}
    for number, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        spread = np.sqrt(2 / inputs)
        drawn = random.normal(0, spread, (inputs, outputs)).astype(np.float32)
        found[f"{name}.{number}.weight"] = drawn
        found[f"{name}.{number}.bias"] = np.zeros(outputs, np.float32)
    return found


def table(random: np.random.Generator, rows: Rows, dimensions: int) -> NDArray[np.float32]:
    """(n_values, dimensions) small vectors of all values of all fields."""
    return random.normal(0, 0.01, (sum(rows.sizes), dimensions)).astype(np.float32)
