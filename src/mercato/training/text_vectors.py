"""Vectors of texts that were encoded before, so that a build encodes only what is new."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.vectors import quantise
from mercato.core.progress import Step
from mercato.models.text_encoder import TextEncoder

_CHUNK = 2048
"""Texts encoded between two saves, so that an interrupted build goes on from there."""


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, np.uint64)


@dataclass(frozen=True)
class TextVectors:
    """One encoder's vectors by the hash of their text, as numbered pieces in a folder."""

    folder: Path

    def of(self, texts: Sequence[str], encoder: TextEncoder, step: Step) -> NDArray[np.int8]:
        """(n, d) the vectors of distinct texts as a release holds them; those not known yet are
        encoded and kept."""
        wanted = _hashes(texts)
        missing = np.flatnonzero(~np.isin(wanted, self._known()))
        step.advance(len(texts) - len(missing))
        for start in range(0, len(missing), _CHUNK):
            part = missing[start : start + _CHUNK]
            new = encoder.encode([texts[at] for at in part], step)
            self._add(wanted[part], new)
        return self._gathered(wanted, encoder.dimensions)

    def _pieces(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz"))

    def _known(self) -> NDArray[np.uint64]:
        hashes = [np.load(path)["hashes"] for path in self._pieces()]
        return np.concatenate([np.zeros(0, np.uint64), *hashes])

    def _gathered(self, wanted: NDArray[np.uint64], dimensions: int) -> NDArray[np.int8]:
        """Piece by piece: a million vectors of floats are 1.5 GB, and are never there together."""
        order = np.argsort(wanted)
        vectors = np.empty((len(wanted), dimensions), np.int8)
        for path in self._pieces() if len(wanted) else ():
            piece = np.load(path)
            hashes = piece["hashes"]
            at = np.minimum(np.searchsorted(wanted, hashes, sorter=order), len(wanted) - 1)
            asked = wanted[order[at]] == hashes
            vectors[order[at[asked]]] = quantise(piece["vectors"][asked])
        return vectors

    def _add(self, hashes: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / f"{len(self._pieces()):06}.npz"
        unfinished = place.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.savez(file, hashes=hashes, vectors=vectors)
        unfinished.rename(place)
