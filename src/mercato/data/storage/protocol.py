"""What the stores of assets and releases ask of the place in which their files lie."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mercato.core.errors import MercatoError, NotReady

LOG = "_delta_log"
"""The folder of a table's log."""

SEAL = "manifest.json"
"""The file of a sealed folder that is written last: it names all others with their checksums, as
JSON with ``files``: {path: {"sha256", "bytes"}}."""


class Conflict(MercatoError):
    """Somebody else wrote the same thing in between; nothing of ours was written."""

    status = 409
    title = "Somebody else wrote at the same time"


class Taken(Exception):
    """What was to be written over is not what is there; `Conflict` tells people."""


class Away(NotReady):
    """Object storage cannot be reached, or lets nobody in; what was wanted may be tried again."""

    title = "Object storage is not there"


@dataclass(frozen=True)
class Entry:
    """A file. name : below the folder that was asked for; modified : seconds since 1970 UTC"""

    name: str
    size: int
    modified: float


@dataclass(frozen=True)
class Text:
    """A small text that is swapped now and then; tag : another one where the text is another"""

    said: str
    tag: str


@dataclass(frozen=True)
class Dataset:
    """What OpenLineage calls a folder, and its address."""

    namespace: str
    name: str
    uri: str


class Storage(Protocol):
    """Files under one folder or prefix; names are relative to it, with slashes.

    A file is never changed once it is written, but for texts, which are swapped whole. All of it
    may be used by many processes at once. What lies in object storage raises Away where that is
    not there, within a bounded time.

    shop    : the shop's folder on this machine
    scratch : a folder on this machine, to put things together in
    is_near : whether a look costs next to nothing
    """

    @property
    def shop(self) -> Path: ...

    @property
    def scratch(self) -> Path: ...

    @property
    def is_near(self) -> bool: ...

    def dataset(self, name: str) -> Dataset: ...

    def readable(self, table: str) -> Path:
        """The table's folder on this machine, with its log as it is now."""
        ...

    def uri(self, table: str) -> str:
        """What delta-rs opens a table by to write to it."""
        ...

    def options(self) -> dict[str, str] | None:
        """What delta-rs is told beside it."""
        ...

    def delta(self) -> AbstractContextManager[None]:
        """Within it, what delta-rs says of object storage becomes an error of ours."""
        ...

    def prepare(self, table: str) -> None:
        """Before a commit. Raises BadInput where no table can lie there."""
        ...

    def flush(self, table: str, version: int) -> None:
        """After a commit: onto the disk."""
        ...

    def folders(self, holding: str) -> list[str]:
        """Names of the folders that hold this file or folder, in alphabetical order."""
        ...

    def entries(self, folder: str) -> list[Entry]:
        """All files below a folder, by name; none where there is no such folder."""
        ...

    def read(self, name: str) -> bytes | None:
        """A file; None where there is none."""
        ...

    def copies(self, folder: str, names: Sequence[str]) -> list[Path]:
        """Where files of a folder lie on this machine, or would if they were still there."""
        ...

    def remove(self, folder: str, names: Sequence[str]) -> None:
        """Delete files; those that are gone already do no harm."""
        ...

    def text(self, name: str) -> Text | None:
        """A text that is swapped; None where there is none."""
        ...

    def swap(self, name: str, said: str, over: Text | None) -> None:
        """Put a text in the place of another, atomically and durably.

        over : what was there; None where nothing was. Raises Conflict where that is not so, unless
               what is there says the same.
        """
        ...

    def add(self, draft: Path, name: str) -> bool:
        """Take in a folder of `scratch` that is sealed, whole or not at all; False where the name
        is taken. The draft is gone afterwards."""
        ...

    def folder(self, name: str) -> Path:
        """Where a sealed folder lies on this machine. Raises NotFound, or ChecksFailed where its
        files are not as sealed."""
        ...

    def drop(self, name: str) -> None:
        """Delete a sealed folder."""
        ...

    def sweep(self) -> None:
        """Delete copies of what is not there any more, and what killed processes left of it."""
        ...

    def check(self) -> None:
        """Try what is needed. Raises what is wrong, with its remedy."""
        ...


Sums = Mapping[str, Mapping[str, object]]
"""File → its ``sha256`` and its ``bytes``, as a seal has them."""
