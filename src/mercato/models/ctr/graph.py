"""A network's formula as an ONNX graph, and what runs it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Run = Callable[[Mapping[str, NDArray[Any]]], NDArray[np.float32]]
"""Inputs by name → (n, n_outputs)"""

_BLOCK = 8_192
"""Rows that are scored at once."""


class GraphWriter:
    """The `Operations` as nodes; values are names of nodes' outputs."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def pick(self, table: str, at: str) -> str:
        return self._node("Gather", self.weight(table), at)

    def linear(self, value: str, name: str) -> str:
        product = self._node("MatMul", value, self.weight(f"{name}.weight"))
        return self._node("Add", product, self.weight(f"{name}.bias"))

    def add(self, left: str, right: str) -> str:
        return self._node("Add", left, right)

    def subtract(self, left: str, right: str) -> str:
        return self._node("Sub", left, right)

    def multiply(self, left: str, right: str) -> str:
        return self._node("Mul", left, right)

    def relu(self, value: str) -> str:
        return self._node("Relu", value)

    def exp(self, value: str) -> str:
        return self._node("Exp", value)

    def log(self, value: str) -> str:
        return self._node("Log", value)

    def negative(self, value: str) -> str:
        return self._node("Neg", value)

    def total(self, value: str, axis: int) -> str:
        axes = self._constant(f"axis{axis}", np.array([axis], np.int64))
        return self._node("ReduceSum", value, axes, keepdims=1)

    def flat(self, value: str) -> str:
        return self._node("Flatten", value, axis=1)

    def join(self, values: list[str]) -> str:
        return self._node("Concat", *values, axis=-1)

    def drop(self, value: str) -> str:
        return value

    def written(self, output: str, inputs: Mapping[str, NDArray[Any]]) -> bytes:
        """The model with one output, for inputs like these but for the number of rows."""
        from onnx import TensorProto, helper

        given = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(each.dtype), ["n", *each.shape[1:]]
            )
            for name, each in inputs.items()
        ]
        told = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "clicks", given, told, list(self.constants.values()))
        opsets = [helper.make_opsetid("", 21)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        return bytes(model.SerializeToString(deterministic=True))

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        # Serving runs graphs and never writes one: it is spared the import of onnx.
        from onnx import helper

        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name


def runner(graph: bytes) -> Run:
    """Run what `GraphWriter` wrote; may be used from several threads at once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    wanted = {each.name for each in session.get_inputs()}

    def run(inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        given = {name: values for name, values in inputs.items() if name in wanted}
        n = len(next(iter(given.values())))
        blocks = [
            session.run(None, {name: each[start : start + _BLOCK] for name, each in given.items()})
            for start in range(0, max(n, 1), _BLOCK)
        ]
        return np.concatenate([np.asarray(block[0], np.float32) for block in blocks])

    return run
