"""Runs what `graph` wrote. Neither torch nor onnx is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.models.saving import Saved
from mercato.models.shopper_transformer.events import N_DISTANCES, distance_bucket, time_bucket

_FILE = "network.onnx"


class Past(NamedTuple):
    """What is kept of the events that were read.

    kept : of each layer, (p, kept) float32
    ts   : (p,) int64 microseconds
    """

    kept: tuple[NDArray[np.float32], ...]
    ts: NDArray[np.int64]


@dataclass(frozen=True)
class Network(Saved):
    """
    graph   : see `graph.written`
    layers, kept : how many arrays are kept of an event, and how wide
    longest : events that are read at most
    timed   : the time between events is read
    """

    graph: bytes
    layers: int
    kept: int
    longest: int
    timed: bool

    def save(self, folder: Path) -> None:
        _About(self.layers, self.kept, self.longest, self.timed).save(folder)
        (folder / _FILE).write_bytes(self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        about = _About.load(folder)
        try:
            graph = (folder / _FILE).read_bytes()
        except FileNotFoundError as error:
            raise NotReady(
                f"a network in {folder}", str(error), "Build a release with: mercato build"
            ) from None
        return cls(graph, about.layers, about.kept, about.longest, about.timed)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(self.graph, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _buckets(self) -> NDArray[np.int64]:
        """(2 * longest - 1,) bucket of each distance from longest - 1 down to 0, then those that
        come later."""
        back = distance_bucket(np.arange(self.longest)[::-1], self.longest)
        return np.concatenate([back, np.full(self.longest - 1, N_DISTANCES)])

    @cached_property
    def nothing(self) -> Past:
        kept = np.zeros((0, self.kept), np.float32)
        return Past((kept,) * self.layers, np.zeros(0, np.int64))

    def read(
        self, events: NDArray[np.float32], ts: NDArray[np.int64], past: Past
    ) -> tuple[NDArray[np.float32], Past]:
        """(width,) the state behind some events more, and what is kept of all of them.

        events : (t, width), with those before ``longest`` at most; ts : (t,) microseconds
        """
        inputs = self._inputs(events, ts, past)
        state, *new = self._session.run(None, inputs)
        kept = tuple(np.concatenate([old, each]) for old, each in zip(past.kept, new, strict=True))
        return state[0], Past(kept, np.concatenate([past.ts, ts]))

    def state(self, events: NDArray[np.float32], ts: NDArray[np.int64]) -> NDArray[np.float32]:
        """(width,) behind a whole history, of which nothing is kept."""
        found = self._session.run(["state"], self._inputs(events, ts, self.nothing))
        return np.asarray(found[0][0])

    def _inputs(
        self, events: NDArray[np.float32], ts: NDArray[np.int64], past: Past
    ) -> Mapping[str, NDArray[Any]]:
        p, t = len(past.ts), len(ts)
        first = self.longest - 1 - p
        rows = [self._buckets[first - row : first - row + p + t] for row in range(t)]
        given: dict[str, NDArray[Any]] = {
            "events": events,
            "distance": np.stack(rows),
        }
        if self.timed:
            all_ts = np.concatenate([past.ts, ts])
            given["time"] = time_bucket(ts[:, None] - all_ts)
        return given | {f"past.{layer}": each for layer, each in enumerate(past.kept)}


@dataclass(frozen=True)
class _About(Saved):
    layers: int
    kept: int
    longest: int
    timed: bool
