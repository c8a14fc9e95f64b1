"""What was encoded once is read again, and quantised as a release holds it."""

from pathlib import Path

import numpy as np

from mercato.catalogue.vectors import quantise
from mercato.core.progress import Silent
from mercato.models.text_encoder import TextEncoder
from mercato.training.text_vectors import TextVectors


def test_only_new_texts_are_encoded(tour: Path) -> None:
    current = (tour / "releases" / "current").read_text().strip()
    encoder = TextEncoder.open(tour / "releases" / current / "encoder")
    known = TextVectors(tour / "texts")
    with Silent().step("texts") as step:
        known.of(["a warm jacket", "a tent"], encoder, step)
        found = known.of(["a stove", "a tent", "a warm jacket"], encoder, step)
        pieces = [np.load(path)["hashes"].shape for path in sorted((tour / "texts").iterdir())]
        assert pieces == [(2,), (1,)]
        expected = quantise(encoder.encode(["a stove", "a tent", "a warm jacket"], step))
    assert np.abs(found.astype(int) - expected).max() <= 2  # a batch's padding moves last digits
