"""Many strings as two arrays on disk, and the rows they stand for by hash.

Opening maps files into memory; no Python object is made per string.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def save_array(folder: Path, name: str, array: NDArray[np.generic]) -> None:
    """Write ``folder/name.npy``."""
    np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)


def open_array(folder: Path, name: str) -> NDArray[np.generic]:
    """Map ``folder/name.npy`` into memory, read only.

    The answer is a plain array over the mapped file: slicing a ``np.memmap`` costs several
    times as much.
    """
    mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return np.asarray(mapped).view(np.ndarray)


@dataclass(frozen=True)
class Texts:
    """n strings: UTF-8 end to end.

    offsets : (n + 1,) int64
    data    : (offsets[-1],) uint8
    """

    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Iterable[str | bytes]) -> "Texts":
        encoded = [text.encode() if isinstance(text, str) else text for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(each) for each in encoded], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(encoded), np.uint8))

    @classmethod
    def open(cls, folder: Path, name: str) -> "Texts":
        offsets = open_array(folder, f"{name}_offsets")
        return cls(offsets.view(np.int64), open_array(folder, name).view(np.uint8))

    def save(self, folder: Path, name: str) -> None:
        save_array(folder, f"{name}_offsets", self.offsets)
        save_array(folder, name, self.data)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes().decode()

    def bytes_of(self, index: int) -> memoryview:
        return self.data[self.offsets[index] : self.offsets[index + 1]].data

    def many(self, indices: NDArray[np.integer]) -> list[str]:
        """The strings at ``indices`` (k,)."""
        if len(indices) == 0:
            return []
        return self._arrow().take(pa.array(indices)).to_pylist()  # type: ignore[no-any-return]

    def _arrow(self) -> pa.LargeStringArray:
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)


def _hash(key: str, salt: int) -> int:
    digest = hashlib.blake2b(key.encode(), digest_size=8, salt=salt.to_bytes(2, "little"))
    return int.from_bytes(digest.digest(), "little")


@dataclass(frozen=True)
class HashTable:
    """From strings to numbers without holding the strings.

    hashes : (n,) uint64, ascending, all different (the salt is chosen so)
    values : (n,) int32
    """

    hashes: NDArray[np.uint64]
    values: NDArray[np.int32]
    salt: int

    @classmethod
    def of(cls, keys: Sequence[str]) -> "HashTable":
        """Each of the different ``keys`` gives its position."""
        for salt in range(1 << 16):
            hashes = np.fromiter((_hash(key, salt) for key in keys), np.uint64, len(keys))
            order = np.argsort(hashes)
            hashes = hashes[order]
            if not (hashes[1:] == hashes[:-1]).any():
                break
        return cls(hashes, order.astype(np.int32), salt)

    @classmethod
    def open(cls, folder: Path, name: str) -> "HashTable":
        hashes = open_array(folder, f"{name}_hashes").view(np.uint64)
        values = open_array(folder, f"{name}_values").view(np.int32)
        return cls(hashes, values, int(open_array(folder, f"{name}_salt")[0]))

    def save(self, folder: Path, name: str) -> None:
        save_array(folder, f"{name}_hashes", self.hashes)
        save_array(folder, f"{name}_values", self.values)
        save_array(folder, f"{name}_salt", np.array([self.salt], np.int64))

    def find(self, key: str) -> int | None:
        """The number of a key; for a key that was never put in, None but for one chance in
        2**64 / n: where that matters the caller compares the string."""
        hashed = np.uint64(_hash(key, self.salt))
        at = int(np.searchsorted(self.hashes, hashed))
        if at < len(self.hashes) and self.hashes[at] == hashed:
            return int(self.values[at])
        return None
