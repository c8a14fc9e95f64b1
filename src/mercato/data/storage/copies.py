"""Copies of objects on this machine, shared by all processes that use a shop's folder.

A copy gets its name once it is whole, so nobody sees half of one. Files of tables never change, so
the name says what is in them; sealed folders lie under the checksum of their seal, and are compared
with it before each use.
"""

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mercato.core.errors import ChecksFailed
from mercato.data.flushing import flush
from mercato.data.storage.protocol import LOG, SEAL, Entry, Sums

if TYPE_CHECKING:
    from mercato.data.storage.client import Client

_SEALED = ".sealed"
_LOCK = ".lock"
_PART = ".part-"
"""Begins the names of what is on its way."""

AT_ONCE = 4
"""Files on their way at once."""

_ABANDONED_SECONDS = 3_600


@dataclass(frozen=True)
class Copies:
    """The folder in which they lie, and where they come from."""

    root: Path
    client: "Client"

    def files(self, folder: str, names: Sequence[str]) -> list[Path]:
        """Copies of files of a table, fetched where they are not there yet; of what is gone, the
        place where it would be."""
        places = [self.root / folder / name for name in names]
        lacking = [place for place in places if not place.exists()]
        if lacking:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            parts = {place: _part(place) for place in lacking}
            try:
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    fetched = pool.map(lambda place: self._fetch(folder, place, parts), lacking)
                    # In their order: who reads a log sees no entry without those before it.
                    for place, came in zip(lacking, fetched, strict=True):
                        if came:
                            parts[place].replace(place)
            finally:
                for part in parts.values():
                    part.unlink(missing_ok=True)
        return places

    def _fetch(self, folder: str, place: Path, parts: Mapping[Path, Path]) -> bool:
        return self.client.download(f"{folder}/{place.name}", parts[place]) is not None

    def log(self, table: str, names: Sequence[str]) -> Path:
        """The folder of a table whose log holds these entries, and none of before them. Somebody
        else may have fetched newer ones already."""
        self.files(f"{table}/{LOG}", sorted(names))
        folder = self.root / table / LOG
        there = sorted(folder.iterdir()) if folder.is_dir() else []
        for entry in there:
            if not entry.name.startswith(_PART) and (not names or entry.name < min(names)):
                entry.unlink(missing_ok=True)
        return self.root / table

    def forget(self, folder: str, names: Sequence[str]) -> None:
        for name in names:
            (self.root / folder / name).unlink(missing_ok=True)

    def sealed(self, name: str, seal: bytes, sums: Sums) -> Path:
        """The copy of a sealed folder, every file as its seal says; fetched where it is not.

        Raises ChecksFailed where what comes is not as sealed.
        """
        place = self._place(name, seal)
        with self._alone():
            if place.is_dir() and not _wrong(place, sums):
                return place
            shutil.rmtree(place, ignore_errors=True)
            part = self.root / f"{_PART}{os.getpid()}-{name}"
            shutil.rmtree(part, ignore_errors=True)
            try:
                self._fill(part, name, seal, sums)
                place.parent.mkdir(parents=True, exist_ok=True)
                part.rename(place)
                flush(place.parent)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return place

    def _fill(self, part: Path, name: str, seal: bytes, sums: Sums) -> None:
        part.mkdir(parents=True)
        for folder in {(part / file).parent for file in sums}:
            folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda f: self.client.download(f"{name}/{f}", part / f), sums)
            came = dict(zip(sums, found, strict=True))
        wrong = [file for file, sha256 in came.items() if sha256 != sums[file]["sha256"]]
        if wrong:
            raise ChecksFailed(
                f"every file of {self.client.url}/{name} as its {SEAL} says",
                f"missing or changed: {', '.join(wrong[:5])}",
                "Build again (mercato build DIR) or roll back (mercato releases DIR rollback).",
            )
        (part / SEAL).write_bytes(seal)
        flush(part / SEAL)

    def keep(self, draft: Path, name: str, seal: bytes) -> None:
        """Let a draft that was put there be the copy of what it has become."""
        place = self._place(name, seal)
        with self._alone():
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.rename(place)

    def drop(self, name: str) -> None:
        """Forget all copies of a sealed folder."""
        for place in self._all(name):
            shutil.rmtree(place.parent, ignore_errors=True)

    def names(self) -> set[str]:
        """Of the sealed folders that there are copies of."""
        return {place.name for place in self._all("*")}

    def sweep(
        self, seals: Mapping[str, bytes | None], entries: Callable[[str], Sequence[Entry]]
    ) -> None:
        """Delete copies of sealed folders that have another seal now, or none; of files that are
        gone; and what killed processes left half done."""
        with self._alone():
            for place in self._all("*"):
                seal = seals.get(place.name)
                if place.name in seals and (seal is None or place != self._place(place.name, seal)):
                    shutil.rmtree(place.parent, ignore_errors=True)
        for folder in self._tables():
            there = {entry.name for entry in entries(folder.name)}
            for file in [each for each in folder.rglob("*") if each.is_file()]:
                half = file.name.startswith(_PART)
                if _is_old(file) if half else file.relative_to(folder).as_posix() not in there:
                    file.unlink(missing_ok=True)
        for part in self.root.glob(f"{_PART}*"):
            if _is_old(part):
                shutil.rmtree(part, ignore_errors=True)

    def _tables(self) -> list[Path]:
        found = self.root.iterdir() if self.root.is_dir() else ()
        return [each for each in found if each.is_dir() and not each.name.startswith(".")]

    def _all(self, name: str) -> list[Path]:
        return sorted((self.root / _SEALED).glob(f"*/{name}"))

    def _place(self, name: str, seal: bytes) -> Path:
        """Of its own for each seal: a number may be given again to another release."""
        return self.root / _SEALED / hashlib.sha256(seal).hexdigest()[:16] / name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of several workers one fetches, and the others wait for what it fetches."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _part(place: Path) -> Path:
    """Where a file lies that is on its way to ``place``."""
    part = place.with_name(f"{_PART}{os.getpid()}-{threading.get_ident()}-{place.name}")
    part.unlink(missing_ok=True)
    return part


def _wrong(folder: Path, sums: Sums) -> bool:
    """Whether a copy is not as sealed."""
    return any(
        not (folder / file).is_file() or _sha256(folder / file) != told["sha256"]
        for file, told in sums.items()
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - _ABANDONED_SECONDS
    except FileNotFoundError:
        return False
