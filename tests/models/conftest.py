"""Models fitted on logs that a test writes down, and a small BERT with its definition."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent


@pytest.fixture(scope="session")
def fit_at() -> Callable[..., Any]:
    """``fit_at(model, log, day)``."""

    def fit(model: Any, log: Interactions, day: float) -> Any:
        with Silent().step("fit") as step:
            return model.fit(log, round(day * MICROSECONDS_PER_DAY), step)

    return fit


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"red green blue shoe shirt hat small large".split()]
HIDDEN, HEADS, LAYERS, WIDE = 32, 4, 2, 48


@pytest.fixture(scope="session")
def small_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights and first-token pooling, as a folder."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "1_Pooling").mkdir()
    random = np.random.default_rng(7)
    shapes = {
        "embeddings.word_embeddings": (len(WORDS), HIDDEN),
        "embeddings.position_embeddings": (128, HIDDEN),
        "embeddings.token_type_embeddings": (2, HIDDEN),
    }
    weights = {f"bert.{n}.weight": random.normal(size=s) for n, s in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        norms += [f"{name}attention.output.LayerNorm", f"{name}output.LayerNorm"]
        square = [f"attention.self.{part}" for part in ("query", "key", "value")]
        dense = {part: (HIDDEN, HIDDEN) for part in [*square, "attention.output.dense"]}
        dense |= {"intermediate.dense": (WIDE, HIDDEN), "output.dense": (HIDDEN, WIDE)}
        for part, shape in dense.items():
            weights[f"bert.{name}{part}.weight"] = random.normal(size=shape) / math.sqrt(shape[1])
            weights[f"bert.{name}{part}.bias"] = random.normal(size=shape[0]) / 10
    for norm in norms:
        weights[f"bert.{norm}.weight"] = 1 + random.normal(size=HIDDEN) / 10
        weights[f"bert.{norm}.bias"] = random.normal(size=HIDDEN) / 10
    save_file({n: w.astype(np.float32) for n, w in weights.items()}, folder / "model.safetensors")
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "config.json",
        model_type="bert",
        hidden_act="gelu",
        hidden_size=HIDDEN,
        num_attention_heads=HEADS,
        num_hidden_layers=LAYERS,
        layer_norm_eps=1e-12,
    )
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    _write_json(folder / "1_Pooling" / "config.json", word_embedding_dimension=HIDDEN, **pooling)
    return folder


def _write_json(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content))


@pytest.fixture(scope="session")
def bert_by_definition() -> Callable[..., np.ndarray]:
    """``bert_by_definition(weights, ids, pooling="cls")``."""
    return _bert_by_definition


def _bert_by_definition(
    weights: dict[str, np.ndarray], ids: list[int], pooling: str = "cls"
) -> np.ndarray:
    """Devlin et al. (2019), in float64, one head and one token at a time."""

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"bert.{name}.weight"].T.astype(float) + weights[f"bert.{name}.bias"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12)
        return x * weights[f"bert.{name}.weight"] + weights[f"bert.{name}.bias"]

    table = "bert.embeddings.{}_embeddings.weight"
    x = weights[table.format("word")][ids].astype(float)
    x = x + weights[table.format("position")][: len(ids)] + weights[table.format("token_type")][0]
    x = norm(x, "embeddings.LayerNorm")
    size = HIDDEN // HEADS
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        q, k, v = (dense(x, f"{name}attention.self.{part}") for part in ("query", "key", "value"))
        mixed = np.zeros_like(x)
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            for token in range(len(ids)):
                power = np.exp(k[:, part] @ q[token, part] / math.sqrt(size))
                mixed[token, part] = power @ v[:, part] / power.sum()
        mixed = dense(mixed, f"{name}attention.output.dense")
        x = norm(mixed + x, f"{name}attention.output.LayerNorm")
        wide = dense(x, f"{name}intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(dense(wide, f"{name}output.dense") + x, f"{name}output.LayerNorm")
    pooled = x[0] if pooling == "cls" else x.mean(0)
    return pooled / np.linalg.norm(pooled)
