"""BERT weights → an ONNX graph from the tokens of one text to its unit vector.

The graph is written operator by operator, with the fused operators of onnxruntime
(https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md), so that neither torch
nor transformers is needed. It takes one text at a time: there is no padding and no mask, and the
dynamic int8 scales of a text cannot depend on its neighbours in a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WEIGHT_LEVELS = 63
"""Weights take 7 of the 8 bits: with all 8, processors without VNNI saturate the 16-bit sums of
u8 × s8 products, and two machines would give one text two vectors (onnxruntime's ``reduce_range``).
"""

EMBEDDING_LEVELS = 127

FUSED = "com.microsoft"


@dataclass(frozen=True)
class BertShape:
    """What the graph must know beyond the weights; the names are those of ``config.json``."""

    num_hidden_layers: int
    num_attention_heads: int
    hidden_size: int
    layer_norm_eps: float
    pooling: Literal["mean", "cls"]

    @property
    def outlier_layers(self) -> tuple[str, ...]:
        """Layers in whose inputs one channel holds some twenty times the usual size.

        Measured on MiniLM: one channel of the first token's. Without smoothing it takes most of
        the int8 range from the others.
        """
        kinds = ("intermediate.dense", "output.dense")
        return tuple(
            f"encoder.layer.{i}.{kind}" for i in range(self.num_hidden_layers) for kind in kinds
        )


def bert_graph(
    weights: Mapping[str, NDArray[Any]],
    shape: BertShape,
    smoothing: Mapping[str, NDArray[np.float32]] | None = None,
    *,
    observed: bool = False,
) -> onnx.ModelProto:
    """The model ``input_ids (1, length) int64 → embedding (1, hidden_size) float32``, of length 1.

    weights   : as in a BERT checkpoint, without the prefix ``bert.``
    smoothing : by layer, (inputs,) divisors of the layer's input channels (SmoothQuant, Xiao et
                al. 2023, with 1 for all but the outliers). None: the graph computes in float32;
                else in int8, weights per output channel, activations per text
    observed  : return the inputs of ``shape.outlier_layers`` too, under the layers' names
    """
    graph = _Graph(weights, shape, smoothing)
    graph.embed()
    for layer in range(shape.num_hidden_layers):
        graph.layer(f"encoder.layer.{layer}.")
    graph.pool()
    float32 = TensorProto.FLOAT
    outputs = [helper.make_tensor_value_info("embedding", float32, [1, shape.hidden_size])]
    if observed:
        layers = shape.outlier_layers
        outputs += [helper.make_tensor_value_info(name, float32, None) for name in layers]
    built = helper.make_graph(
        graph.nodes,
        "bert",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
        outputs,
        graph.constants,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(built, opset_imports=opsets, ir_version=10)


class _Graph:
    """Nodes and constants of a graph being written; ``state`` names the newest hidden state."""

    def __init__(
        self,
        weights: Mapping[str, NDArray[Any]],
        shape: BertShape,
        smoothing: Mapping[str, NDArray[np.float32]] | None,
    ) -> None:
        self.weights, self.shape, self.smoothing = weights, shape, smoothing
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.state = ""

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def op(self, kind: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, list(outputs), outputs[0], **attributes))
        return outputs[0]

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def normed(self, value: str, other: str, name: str, out: str) -> str:
        """The layer norm ``name`` of the sum of two states.

        Not the fused SkipLayerNormalization: that one takes 47 µs for (20, 384), this 7.
        """
        total = self.op("Add", [value, other], f"{out}.sum")
        affine = [self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        epsilon = self.shape.layer_norm_eps
        return self.op("LayerNormalization", [total, *affine], out, axis=-1, epsilon=epsilon)

    def embed(self) -> None:
        table = self.weights["embeddings.word_embeddings.weight"]  # (vocabulary, hidden)
        place = (
            self.weights["embeddings.position_embeddings.weight"]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        if self.smoothing is None:
            words = self.op("Gather", [self.constant("table", table), "input_ids"], "words")
        else:
            scale = np.abs(table).max(1, keepdims=True) / EMBEDDING_LEVELS
            codes = self.constant("table", np.round(table / scale).astype(np.int8))
            words = self.op("Gather", [codes, "input_ids"], "words.codes")
            words = self.op("Cast", [words], "words.float", to=TensorProto.FLOAT)
            scales = self.op("Gather", [self.constant("table.scale", scale), "input_ids"], "scales")
            words = self.op("Mul", [words, scales], "words")
        length = self.op("Shape", ["input_ids"], "length", start=1, end=2)
        zero = self.constant("zero", np.array([0]))
        rows = self.op("Slice", [self.constant("place", place[None]), zero, length, "one"], "rows")
        self.constant("one", np.array([1]))
        self.state = self.normed(words, rows, "embeddings.LayerNorm", "embedded")

    def dense(self, value: str, name: str) -> str:
        """(1, length, outputs) the layer ``name`` of the input."""
        weight = self.weights[f"{name}.weight"].T  # (inputs, outputs)
        bias = self.weight(f"{name}.bias")
        if self.smoothing is None:
            self.op("Identity", [value], name)
            product = self.op("MatMul", [name, self.constant(f"{name}.w", weight)], f"{name}.p")
            return self.op("Add", [product, bias], f"{name}.out")
        if name in self.smoothing:
            divisor = self.smoothing[name]
            weight = weight * divisor[:, None]
            value = self.op("Div", [value, self.constant(f"{name}.d", divisor)], f"{name}.smooth")
        inputs = [value, *self.quantised(name, weight), bias]
        return self.op("DynamicQuantizeMatMul", inputs, f"{name}.out", domain=FUSED)

    def quantised(self, name: str, weight: NDArray[np.float32]) -> list[str]:
        """Codes, scales and zero points of a weight (inputs, outputs), by output channel."""
        scale = np.abs(weight).max(0) / WEIGHT_LEVELS  # (outputs,)
        return [
            self.constant(f"{name}.w", np.round(weight / scale).astype(np.int8)),
            self.constant(f"{name}.s", scale.astype(np.float32)),
            self.constant(f"{name}.z", np.zeros(len(scale), np.int8)),
        ]

    def attention(self, name: str) -> str:
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        joined = np.concatenate([self.weights[f"{part}.weight"] for part in parts]).T
        biases = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        bias = self.constant(f"{name}.b", biases)
        out, heads = f"{name}.out", self.shape.num_attention_heads
        if self.smoothing is None:
            inputs = [self.state, self.constant(f"{name}.w", joined), bias]
            return self.op("Attention", inputs, out, domain=FUSED, num_heads=heads)
        codes, scale, zero = self.quantised(name, joined)
        value = [f"{name}.q", f"{name}.qs", f"{name}.qz"]
        self.op("DynamicQuantizeLinear", [self.state], *value)
        inputs = [value[0], codes, bias, value[1], scale, "", value[2], zero]
        return self.op("QAttention", inputs, out, domain=FUSED, num_heads=heads)

    def layer(self, name: str) -> None:
        mixed = self.dense(self.attention(f"{name}attention.self"), f"{name}attention.output.dense")
        norm = f"{name}attention.output.LayerNorm"
        state = self.normed(mixed, self.state, norm, f"{name}attended")
        wide = self.op("Gelu", [self.dense(state, f"{name}intermediate.dense")], f"{name}wide")
        narrow = self.dense(wide, f"{name}output.dense")
        self.state = self.normed(narrow, state, f"{name}output.LayerNorm", f"{name}state")

    def pool(self) -> None:
        if self.shape.pooling == "mean":
            pooled = self.op("ReduceMean", [self.state, "one"], "pooled", keepdims=0)
        else:
            pooled = self.op("Gather", [self.state, "first"], "pooled", axis=1)
            self.constant("first", np.array(0))
        self.op("LpNormalization", [pooled], "embedding", axis=1, p=2)
