"""A fitted network in int8, kept only where it proposes the same."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer

LEAST_SHARED = 0.95
"""Of the best ten, on average over some shoppers, before the smaller network may stand in."""

_ASKED = 300
_K = 10


def smaller(
    fitted: FittedShopperTransformer, log: Interactions, step: Step
) -> FittedShopperTransformer:
    """The same with weights and items' vectors in int8, activations by each history's range
    (onnxruntime's dynamic quantisation), where it is as good; else what was given."""
    network = replace(fitted.network, graph=_quantised(fitted.network.graph))
    found = replace(fitted, network=network, tables=fitted.tables.in_int8())
    shared = _shared(fitted, found, log)
    kept = shared >= LEAST_SHARED
    step.note(f"int8 shares {shared:.1%} of the best {_K}{'' if kept else ', so it is left out'}")
    return found if kept else fitted


def _quantised(graph: bytes) -> bytes:
    # Loads onnx, which only fitting needs.
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="mercato-int8-") as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        before.write_bytes(graph)
        # 7 of 8 bits: processors without VNNI would saturate, see `models.bert_graph`.
        quantize_dynamic(before, after, weight_type=QuantType.QInt8, reduce_range=True)
        return after.read_bytes()


def _shared(
    exact: FittedShopperTransformer, rough: FittedShopperTransformer, log: Interactions
) -> float:
    """The share of the best items that both propose; 1 where nobody is to be asked."""
    with_events = np.flatnonzero(np.diff(log.offsets))
    some = with_events[np.unique(np.linspace(0, len(with_events) - 1, _ASKED).astype(int))]
    shares = []
    for shopper in some.tolist() if len(with_events) else []:
        one = log.of(shopper)
        best, found = exact.candidates(one, _K).items, rough.candidates(one, _K).items
        if len(best):
            shares.append(float(np.isin(best, found).mean()))
    return float(np.mean(shares)) if shares else 1.0
