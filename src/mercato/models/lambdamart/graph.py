"""Trees as an ONNX graph, and what runs it. Measured for 200 rows: 100 trees of 8 leaves take .36
ms in onnxruntime and .80 as bit masks in numpy (QuickScorer); 200 trees .82 and 1.75."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mercato.models.lambdamart.trees import LEAF, Trees

GRAPH_FILE = "trees.onnx"

Score = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(k, n_features) → (k,)"""


def write_graph(trees: Trees, path: Path) -> None:
    path.write_bytes(graph_of(trees))


def graph_of(trees: Trees) -> bytes:
    """The model ``features (k, n_features) → score (k, 1)``, float32 both."""
    # Serving runs graphs and never writes one: it is spared the import of onnx.
    from onnx import TensorProto, helper

    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="NONE",
        **_attributes(trees),
    )
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("features", float32, [None, trees.n_features])],
        [helper.make_tensor_value_info("score", float32, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return bytes(model.SerializeToString(deterministic=True))


def _attributes(trees: Trees) -> dict[str, Any]:
    n = len(trees.feature)
    tree = np.searchsorted(trees.roots, np.arange(n), side="right") - 1
    number = np.arange(n) - trees.roots[tree]  # of a node within its tree
    leaf = trees.feature == LEAF
    first = np.where(leaf, 0, trees.roots[tree])
    return {
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": number.tolist(),
        "nodes_featureids": np.where(leaf, 0, trees.feature).tolist(),
        "nodes_values": trees.threshold.tolist(),
        "nodes_modes": ["LEAF" if each else "BRANCH_LEQ" for each in leaf.tolist()],
        "nodes_truenodeids": np.where(leaf, 0, trees.left - first).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, trees.right - first).tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": number[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": trees.value[leaf].tolist(),
    }


def open_graph(graph: Path | bytes) -> Score:
    """Run what `write_graph` wrote or `graph_of` gave; may be used from several threads at once."""
    model = graph if isinstance(graph, bytes) else str(graph)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def score(features: NDArray[np.float32]) -> NDArray[np.float32]:
        (found,) = session.run(["score"], {"features": features})
        return np.asarray(found, np.float32)[:, 0]

    return score
