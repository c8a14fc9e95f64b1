"""Runs an exported encoder. Neither torch nor onnx is loaded."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.models.saving import Saved

VECTORS, ITEM, STATES = "vectors", "item", "states"
"""Inputs (1, t, width) and (1, t), and the output (1, number, width) of a graph."""

_FILE = "network.onnx"


@dataclass(frozen=True)
class EncoderGraph(Saved):
    """
    graph : ONNX, from a shopper's items to states
    """

    graph: bytes

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_bytes(self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            return cls((folder / _FILE).read_bytes())
        except FileNotFoundError as error:
            raise NotReady(
                f"a network in {folder}", str(error), "Build a release with: mercato build"
            ) from None

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self.graph, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _inputs(self) -> frozenset[str]:
        return frozenset(each.name for each in self._session.get_inputs())

    def states(self, vectors: NDArray[np.float32], item: NDArray[np.int64]) -> NDArray[np.float32]:
        """(number, width) behind a history; vectors: (t, width), item: (t,)"""
        given = {VECTORS: vectors[None], ITEM: item[None]}
        # Of an encoder that does not ask which items are the same, the graph has no such input.
        found = self._session.run(None, {n: v for n, v in given.items() if n in self._inputs})
        return np.asarray(found[0][0], np.float32)
