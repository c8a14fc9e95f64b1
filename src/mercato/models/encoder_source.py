"""Text encoders as they are published: weights, shape, tokenizer and prompts of a model.

A folder as sentence-transformers' ``save()`` writes it, with a BERT, RoBERTa or XLM-RoBERTa
(https://sbert.net/docs/sentence_transformer/usage/custom_models.html).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from mercato.core.errors import BadInput

if TYPE_CHECKING:
    from mercato.models.bert_graph import BertShape

WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"

_PREFIX = {"bert": "bert.", "roberta": "roberta.", "xlm-roberta": "roberta."}
"""``model_type`` → what the names of its weights may begin with."""

_QUERY_PROMPTS = ("query",)
_TEXT_PROMPTS = ("passage", "document", "corpus")
"""Names of prompts in ``config_sentence_transformers.json``; the first that is there counts."""

_MODULES = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True)
class Prompts:
    """What is written before a query, and before a product's text, as the model was trained."""

    query: str = ""
    text: str = ""


@dataclass(frozen=True)
class EncoderSource:
    """weights : as in a BERT checkpoint, without prefix; positions from that of the first token"""

    weights: dict[str, NDArray[np.float32]]
    shape: "BertShape"
    tokenizer: Tokenizer
    prompts: Prompts


def open_folder(folder: Path) -> EncoderSource:
    """Read a sentence-transformers folder.

    Raises BadInput where a file is missing or the model is of another kind.
    """
    config = read_json(folder / "config.json")
    _check_modules(folder)
    shape = bert_shape(folder)
    tokenizer_file = folder / TOKENIZER_FILE
    read_json(tokenizer_file)
    return EncoderSource(
        _weights(folder / WEIGHTS_FILE, config),
        shape,
        Tokenizer.from_file(str(tokenizer_file)),
        _prompts(folder / "config_sentence_transformers.json"),
    )


def bert_shape(folder: Path) -> "BertShape":
    """The shape of the model in a folder. Raises BadInput where it is of another kind."""
    from mercato.models.bert_graph import BertShape

    config = read_json(folder / "config.json")
    kind, activation = config.get("model_type"), config.get("hidden_act")
    if kind not in _PREFIX or activation != "gelu":
        raise BadInput(
            f"a model of {', '.join(_PREFIX)} with gelu in {folder}",
            f"model_type {kind!r}, hidden_act {activation!r}",
            "Name a folder with such an encoder.",
        )
    return BertShape(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["hidden_size"],
        config["layer_norm_eps"],
        _pooling(folder),
    )


def read_json(path: Path) -> dict[str, Any]:
    """Raises BadInput where the file is missing."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            f"a sentence-transformers model with {path.name} in {path.parent}",
            "no such file",
            "Name a folder as sentence-transformers' save() writes it.",
        ) from None
    return found


def _check_modules(folder: Path) -> None:
    """A layer behind the pooling would be left out unnoticed."""
    if not (folder / "modules.json").is_file():
        return
    modules: Any = read_json(folder / "modules.json")
    kinds = [str(each.get("type", "")).rpartition(".")[2] for each in modules]
    if further := [kind for kind in kinds if kind not in _MODULES]:
        raise BadInput(
            f"no modules but {', '.join(_MODULES)} in {folder}",
            ", ".join(further),
            "Name a folder with a model without further layers.",
        )


def _pooling(folder: Path) -> Literal["mean", "cls"]:
    pooling = read_json(folder / "1_Pooling" / "config.json")
    kinds: dict[str, Literal["mean", "cls"]] = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
    }
    on = [key for key, value in pooling.items() if key.startswith("pooling_mode") and value is True]
    if len(on) != 1 or on[0] not in kinds:
        raise BadInput(
            f"pooling by the mean or the first token in {folder}",
            ", ".join(on) or "none",
            "Name a folder with such a model.",
        )
    return kinds[on[0]]


def _weights(path: Path, config: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    from safetensors.numpy import load_file

    if not path.is_file():
        raise BadInput(f"weights in {path}", "no such file", "Save the model as safetensors.")
    prefix = _PREFIX[config["model_type"]]
    loaded = load_file(path)
    weights = {
        name.removeprefix(prefix): np.asarray(loaded[name], np.float32)
        for name in loaded
        if np.issubdtype(loaded[name].dtype, np.floating)
    }
    if config["model_type"] != "bert":
        # RoBERTa counts positions from behind that of its padding (Liu et al. 2019, in fairseq).
        name = "embeddings.position_embeddings.weight"
        weights[name] = weights[name][config.get("pad_token_id", 1) + 1 :]
    return weights


def _prompts(path: Path) -> Prompts:
    named = read_json(path).get("prompts") or {} if path.is_file() else {}

    def first(names: tuple[str, ...]) -> str:
        return next((named[name] for name in names if named.get(name)), "")

    return Prompts(first(_QUERY_PROMPTS), first(_TEXT_PROMPTS))
