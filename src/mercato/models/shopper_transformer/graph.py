"""The network as an ONNX graph: events, and what is kept of those before them → a state.

One graph reads a whole history and goes on with one event more. Keys and values of the events
before are inputs, and those of the new ones outputs, so that a new event costs one step. It has no
batch: shoppers are scored as they come, and there is no padding to compute.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mercato.models.shopper_transformer.events import N_DISTANCES
from mercato.models.shopper_transformer.settings import Shape

Weights = Mapping[str, NDArray[np.float32]]

NEVER = np.float32(-1e9)

_EPSILON = 1e-5
"""torch's of a LayerNorm."""


def written(weights: Weights, shape: Shape, *, timed: bool) -> bytes:
    """The graph of a network with these weights.

    Inputs: ``events`` (t, width), sums of the vectors of what is known of t new events;
    ``distance`` (t, p + t) int64 bucket of the events between each new one and every one, itself
    included, N_DISTANCES where it is later; ``time`` (the same) where it is read; ``past.LAYER``
    (p, kept). Outputs: ``state`` (1, width) of the last event, ``new.LAYER`` (t, kept).
    """
    graph = _Graph(weights, shape, timed=timed)
    graph.begin()
    for layer in range(shape.layers):
        graph.layer(layer)
    graph.end()
    width, kept = shape.width, graph.kept
    given: dict[str, list[str | int]] = {"events": ["t", width], "distance": ["t", "s"]}
    given |= {"time": ["t", "s"]} if timed else {}
    given |= {f"past.{layer}": ["p", kept] for layer in range(shape.layers)}
    told: dict[str, list[str | int]] = {"state": [1, width]}
    told |= {f"new.{layer}": ["t", kept] for layer in range(shape.layers)}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "shopper",
            [_declared(*each) for each in given.items()],
            [_declared(*each) for each in told.items()],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    return bytes(model.SerializeToString(deterministic=True))


def _declared(name: str, sides: list[str | int]) -> onnx.ValueInfoProto:
    codes = name in ("distance", "time")
    kind = TensorProto.INT64 if codes else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, sides)


def kept_width(shape: Shape) -> int:
    """What is kept of an event in a layer: its key, its value, and its state where a mean of states
    is taken."""
    return (3 if shape.mean and shape.block == "attention" else 2) * shape.width


class _Graph:
    """``state`` names the newest states, (t, width)."""

    def __init__(self, weights: Weights, shape: Shape, *, timed: bool) -> None:
        self.weights, self.shape, self.timed = weights, shape, timed
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.kept = kept_width(shape)
        self.state = "events"

    def begin(self) -> None:
        self.state = self.normed(self.state, "norm")

    def layer(self, layer: int) -> None:
        kinds = {"attention": self.attention_block, "pointwise": self.pointwise_block}
        kinds[self.shape.block](layer)

    def end(self) -> None:
        last = self.op("Slice", self.state, self.whole([-1]), self.whole([2**31]), self.whole([0]))
        found = self.normed(last, "norm_out")
        if self.shape.cosine:
            unit = self.op("LpNormalization", found, axis=-1, p=2)
            found = self.op("Mul", unit, self.number(1 / self.shape.cosine))
        self.op("Identity", found, to="state")

    def attention_block(self, layer: int) -> None:
        name = f"blocks.{layer}"
        if self.shape.norm == "pre":
            state = self.op(
                "Add", self.state, self.attended(layer, self.normed(self.state, f"{name}.norm"))
            )
            inner = self.widened(name, self.normed(state, f"{name}.norm_inner"))
            self.state = self.op("Add", state, inner)
            return
        state = self.op("Add", self.state, self.attended(layer, self.state))
        state = self.normed(state, f"{name}.norm")
        state = self.op("Add", state, self.widened(name, state))
        self.state = self.normed(state, f"{name}.norm_inner")

    def attended(self, layer: int, state: str) -> str:
        name, width, mean = f"blocks.{layer}", self.shape.width, self.shape.mean
        query, new = self.parts(self.linear(state, f"{name}.qkv"), (width, 2 * width))
        if mean:
            new = self.op("Concat", new, state, axis=1)
        key, value, *states = self.parts(
            self.lengthened(layer, new), (width,) * (self.kept // width)
        )
        scores = self.op(
            "Mul", self.op("MatMul", self.heads(query), self.heads(key, turned=True)), self.scale()
        )
        scores = self.op("Add", scores, self.between(f"{name}.position", timed=self.timed))
        share = self.op("Softmax", scores, axis=-1)
        found = self.linear(self.joined(self.op("MatMul", share, self.heads(value))), f"{name}.out")
        if not mean:
            return found
        share = self.op("Softmax", self.between(f"{name}.mean", timed=False), axis=-1)
        alone = self.joined(self.op("MatMul", share, self.heads(states[0])))
        return self.op(
            "Add",
            self.op("Mul", found, self.number(1 - mean)),
            self.op("Mul", alone, self.number(mean)),
        )

    def widened(self, name: str, state: str) -> str:
        wide = self.op("Gelu", self.linear(state, f"{name}.widen"))
        return self.linear(wide, f"{name}.narrow")

    def pointwise_block(self, layer: int) -> None:
        name, width = f"blocks.{layer}", self.shape.width
        told = self.silu(self.linear(self.normed(self.state, f"{name}.norm"), f"{name}.uvqk"))
        gate, value, query, key = self.parts(told, (width,) * 4)
        new = self.op("Concat", key, value, axis=1)
        key, value = self.parts(self.lengthened(layer, new), (width, width))
        scores = self.op(
            "Mul", self.op("MatMul", self.heads(query), self.heads(key, turned=True)), self.scale()
        )
        share = self.silu(
            self.op("Add", scores, self.between(f"{name}.position", timed=self.timed))
        )
        found = self.joined(self.op("MatMul", share, self.heads(value)))
        gated = self.op("Mul", gate, self.normed(found, f"{name}.norm_inner"))
        self.state = self.op("Add", self.state, self.linear(gated, f"{name}.out"))

    def lengthened(self, layer: int, new: str) -> str:
        """(p + t, kept) what is kept of the events before, and of the new ones."""
        self.op("Identity", new, to=f"new.{layer}")
        return self.op("Concat", f"past.{layer}", new, axis=0)

    def between(self, name: str, *, timed: bool) -> str:
        """(heads, t, p + t)."""
        heads = self.shape.heads
        near = self.weights.get(f"{name}.distance", np.zeros((N_DISTANCES, heads), np.float32))
        near = np.concatenate([near, np.full((1, heads), NEVER)])
        found = self.op("Gather", self.constant(f"{name}.distance", near), "distance")
        late = self.weights.get(f"{name}.time")
        if timed and late is not None:
            table = self.constant(f"{name}.time", late)
            found = self.op("Add", found, self.op("Gather", table, "time"))
        return self.op("Transpose", found, perm=[2, 0, 1])

    def heads(self, state: str, *, turned: bool = False) -> str:
        """(n, width) → (heads, n, width / heads), or with the last two the other way round."""
        heads = self.shape.heads
        split = self.op("Reshape", state, self.whole([0, heads, self.shape.width // heads]))
        return self.op("Transpose", split, perm=[1, 2, 0] if turned else [1, 0, 2])

    def joined(self, state: str) -> str:
        back = self.op("Transpose", state, perm=[1, 0, 2])
        return self.op("Reshape", back, self.whole([0, self.shape.width]))

    def parts(self, value: str, widths: tuple[int, ...]) -> list[str]:
        names = [f"part{len(self.nodes)}.{number}" for number in range(len(widths))]
        inputs = [value, self.whole(list(widths))]
        self.nodes.append(helper.make_node("Split", inputs, names, names[0], axis=1))
        return names

    def linear(self, value: str, name: str) -> str:
        weight = self.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.op("Gemm", value, weight, bias, transB=1)

    def normed(self, value: str, name: str) -> str:
        affine = [
            self.constant(each, self.weights[each]) for each in (f"{name}.weight", f"{name}.bias")
        ]
        return self.op("LayerNormalization", value, *affine, axis=-1, epsilon=_EPSILON)

    def silu(self, value: str) -> str:
        return self.op("Mul", value, self.op("Sigmoid", value))

    def scale(self) -> str:
        return self.number((self.shape.width // self.shape.heads) ** -0.5)

    def number(self, value: float) -> str:
        return self.constant(f"number.{value}", np.float32(value))

    def whole(self, values: list[int]) -> str:
        return self.constant(f"whole.{values}", np.array(values, np.int64))

    def constant(self, name: str, values: Any) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def op(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        name = to or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name
