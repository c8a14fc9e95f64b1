"""A folder on this machine."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from mercato.core.errors import BadInput
from mercato.data.flushing import flush, flush_commit
from mercato.data.storage.protocol import Conflict, Dataset, Entry, Text

_ODD = frozenset("[]^|%\\")
"""Signs that delta-rs 1.6 cannot have in the path of a table."""

_GONE = ".gone-"
"""Before the name of a folder that is on its way out."""


@dataclass(frozen=True)
class LocalStorage:
    """Files under ``root``; every name is a path below it."""

    root: Path
    is_near = True

    @property
    def shop(self) -> Path:
        return self.root.parent

    @property
    def scratch(self) -> Path:
        return self.root

    def dataset(self, name: str) -> Dataset:
        """As https://github.com/OpenLineage/OpenLineage/blob/main/spec/Naming.md has files."""
        place = (self.root / name).absolute()
        return Dataset("file", str(place), place.as_uri())

    def readable(self, table: str) -> Path:
        return self.root / table

    def uri(self, table: str) -> str:
        return str(self.root / table)

    def options(self) -> dict[str, str] | None:
        return None

    def delta(self) -> AbstractContextManager[None]:
        return nullcontext()

    def prepare(self, table: str) -> None:
        folder = self.root / table
        if odd := sorted(_ODD.intersection(str(folder.absolute()))):
            raise BadInput(
                f"a shop's folder without any of {' '.join(sorted(_ODD))} in its path",
                f"{' '.join(odd)} in {folder.absolute()}",
                "Rename or move the folder.",
            )
        folder.mkdir(parents=True, exist_ok=True)

    def flush(self, table: str, version: int) -> None:
        flush_commit(self.root / table, version)

    def folders(self, holding: str) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(each.name for each in self.root.iterdir() if (each / holding).exists())

    def entries(self, folder: str) -> list[Entry]:
        place, found = self.root / folder, []
        for path in sorted(place.rglob("*")):
            try:
                told = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                name = path.relative_to(place).as_posix()
                found.append(Entry(name, told.st_size, told.st_mtime))
        return found

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def copies(self, folder: str, names: Sequence[str]) -> list[Path]:
        return [self.root / folder / name for name in names]

    def remove(self, folder: str, names: Sequence[str]) -> None:
        for name in names:
            (self.root / folder / name).unlink(missing_ok=True)

    def text(self, name: str) -> Text | None:
        found = self.read(name)
        return None if found is None else Text(found.decode("utf-8"), found.decode("utf-8"))

    def swap(self, name: str, said: str, over: Text | None) -> None:
        with _alone(self.root):
            found = self.text(name)
            if found is not None and found.said == said:
                return
            if found != over:
                raise conflict(name, over, found)
            fresh = self.root / f"{name}.{os.getpid()}"
            fresh.write_text(said, encoding="utf-8")
            flush(fresh)
            fresh.replace(self.root / name)
            flush(self.root)

    def add(self, draft: Path, name: str) -> bool:
        for path in draft.rglob("*"):
            if path.is_file():
                flush(path)
        try:
            draft.rename(self.root / name)
        except OSError:
            if (self.root / name).exists():
                return False
            raise
        flush(self.root)
        return True

    def folder(self, name: str) -> Path:
        return self.root / name

    def drop(self, name: str) -> None:
        """A kill leaves no part of it under its name; what it does leave is swept."""
        gone = self.root / f"{_GONE}{name}"
        shutil.rmtree(gone, ignore_errors=True)  # of a kill before
        with suppress(FileNotFoundError):
            (self.root / name).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        for gone in self.root.glob(f"{_GONE}*"):
            shutil.rmtree(gone, ignore_errors=True)

    def check(self) -> None:
        """A shop's folder is looked at by whoever opens it."""


def conflict(name: str, over: Text | None, found: Text | None) -> Conflict:
    def told(text: Text | None) -> str:
        return "nothing" if text is None else repr(text.said.strip()[:80])

    return Conflict(f"{name} to say {told(over)}", told(found), "Look again, then run it again.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; nobody holds it for longer than a swap takes."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
