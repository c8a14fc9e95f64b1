"""A small BERT with random weights; these tests need the extra ``train``."""

import importlib.util
import math

import numpy as np
import pytest

from mercato.models.bert_graph import BertShape

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]

HIDDEN, HEADS, LAYERS, WIDE = 32, 4, 2, 48


@pytest.fixture(scope="session")
def random_bert():
    """``random_bert(n_words, pooling)`` → weights by the names of a checkpoint, and the shape."""

    def make(n_words: int = 60, pooling: str = "mean"):
        random = np.random.default_rng(7)

        def normal(*size: int) -> np.ndarray:
            return random.normal(size=size).astype(np.float32)

        weights = {
            "embeddings.word_embeddings.weight": normal(n_words, HIDDEN),
            "embeddings.position_embeddings.weight": normal(32, HIDDEN) / 4,
            "embeddings.token_type_embeddings.weight": normal(2, HIDDEN) / 4,
        }
        norms = ["embeddings.LayerNorm"]
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}."
            norms += [f"{name}attention.output.LayerNorm", f"{name}output.LayerNorm"]
            square = ["attention.self.query", "attention.self.key", "attention.self.value"]
            sizes = {part: (HIDDEN, HIDDEN) for part in [*square, "attention.output.dense"]}
            sizes |= {"intermediate.dense": (WIDE, HIDDEN), "output.dense": (HIDDEN, WIDE)}
            for part, size in sizes.items():
                weights[f"{name}{part}.weight"] = normal(*size) / math.sqrt(size[1])
                weights[f"{name}{part}.bias"] = normal(size[0]) / 10
        for norm in norms:
            weights[f"{norm}.weight"] = 1 + normal(HIDDEN) / 10
            weights[f"{norm}.bias"] = normal(HIDDEN) / 10
        return weights, BertShape(LAYERS, HEADS, HIDDEN, 1e-12, pooling)

    return make
