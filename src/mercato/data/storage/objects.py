"""A prefix of a bucket that speaks S3, and the folder on this machine in which copies lie."""

import importlib.util
import json
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mercato.core.errors import ChecksFailed, NotFound, NotReady
from mercato.core.paths import Bucket
from mercato.data.storage.copies import AT_ONCE, Copies
from mercato.data.storage.local import conflict
from mercato.data.storage.protocol import (
    LOG,
    SEAL,
    Away,
    Conflict,
    Dataset,
    Entry,
    Sums,
    Taken,
    Text,
)

if TYPE_CHECKING:
    from mercato.data.storage.client import Client

_CLAIM = ".claim"
"""In a sealed folder, written first: whose name it is. Two who add a folder at once never write
into the same one."""

_ABANDONED_SECONDS = 3_600
"""A folder without a seal to which nothing was added for so long is what somebody left who was
killed: one part of a file takes half a minute at most."""


def open_objects(bucket: Bucket) -> "ObjectStorage":
    """Raises BadInput for an address that is none, NotReady where the extra is not installed."""
    if importlib.util.find_spec("obstore") is None:
        raise NotReady("the client of object storage", "no obstore", "pip install 'mercato[s3]'")
    from mercato.data.storage.client import Client

    return ObjectStorage(bucket, Client(bucket.url))


@dataclass(frozen=True)
class ObjectStorage:
    """Every name is a key below the bucket's prefix."""

    bucket: Bucket
    client: "Client"
    is_near = False

    @property
    def shop(self) -> Path:
        return self.bucket.cache.parent.parent

    @property
    def scratch(self) -> Path:
        return self.bucket.cache

    @property
    def _copies(self) -> Copies:
        return Copies(self.bucket.cache, self.client)

    def dataset(self, name: str) -> Dataset:
        """As https://github.com/OpenLineage/OpenLineage/blob/main/spec/Naming.md has S3."""
        client = self.client
        return Dataset(f"s3://{client.bucket}", f"{client.prefix}/{name}", self.uri(name))

    def readable(self, table: str) -> Path:
        """A replica: one request says what the log holds; entries that are new are fetched."""
        there = [entry.name for entry in self.client.entries(f"{table}/{LOG}")]
        return self._copies.log(table, [name for name in there if not name.startswith("_")])

    def uri(self, table: str) -> str:
        return f"{self.client.url}/{table}"

    def options(self) -> dict[str, str] | None:
        return self.client.options()

    def delta(self) -> AbstractContextManager[None]:
        return self.client.speaking()

    def prepare(self, table: str) -> None:
        """Prefixes need not be made."""

    def flush(self, table: str, version: int) -> None:
        """What was answered for is kept."""

    def folders(self, holding: str) -> list[str]:
        parts = (entry.name.partition("/") for entry in self.client.entries(""))
        return sorted({name for name, _, rest in parts if f"{rest}/".startswith(f"{holding}/")})

    def entries(self, folder: str) -> list[Entry]:
        return [entry for entry in self.client.entries(folder) if entry.name != _CLAIM]

    def read(self, name: str) -> bytes | None:
        return self.client.read(name)

    def copies(self, folder: str, names: Sequence[str]) -> list[Path]:
        return self._copies.files(folder, names)

    def remove(self, folder: str, names: Sequence[str]) -> None:
        self.client.delete([f"{folder}/{name}" for name in names])
        self._copies.forget(folder, names)

    def text(self, name: str) -> Text | None:
        return self.client.text(name)

    def swap(self, name: str, said: str, over: Text | None) -> None:
        try:
            self.client.write(name, said.encode(), None if over is None else over.tag)
        except Taken:
            found = self.text(name)
            # The answer to a first try may have been lost on its way: then ours is there.
            if found is None or found.said != said:
                raise conflict(name, over, found) from None

    def add(self, draft: Path, name: str) -> bool:
        self._tidy_up()
        if not self._claim(name):
            return False
        files = [path for path in sorted(draft.rglob("*")) if path.is_file() and path.name != SEAL]
        seal = (draft / SEAL).read_bytes()
        with ExitStack() as undo:
            undo.callback(self._give_up, name)
            keys = [f"{name}/{path.relative_to(draft).as_posix()}" for path in files]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self.client.upload, files, keys))
            self._require_whole(name, _sums(seal))
            self.swap(f"{name}/{SEAL}", seal.decode("utf-8"), None)
            undo.pop_all()
        self._copies.keep(draft, name, seal)
        return True

    def folder(self, name: str) -> Path:
        seal = self._seal(name)
        return self._copies.sealed(name, seal, _sums(seal))

    def drop(self, name: str) -> None:
        """The seal first, the claim last: what a kill leaves is no release, and is tidied up."""
        rest = [entry.name for entry in self.entries(name) if entry.name != SEAL]
        self.remove(name, [SEAL])
        self.remove(name, rest)
        self.remove(name, [_CLAIM])
        self._copies.drop(name)

    def sweep(self) -> None:
        seals = {name: self.client.read(f"{name}/{SEAL}") for name in self._copies.names()}
        self._copies.sweep(seals, self.entries)

    def check(self) -> None:
        name = f".check-{uuid.uuid4().hex}"
        self.client.write(name, b"1", None)
        try:
            self.client.write(name, b"2", None)
        except Taken:
            return
        finally:
            self.client.delete([name])
        raise NotReady(
            f"conditional writes (If-None-Match) at {self.client.url}",
            "a store that overwrites what others wrote",
            "Take a store that has them, as Amazon S3 and MinIO do.",
        )

    def _seal(self, name: str) -> bytes:
        found = self.client.read(f"{name}/{SEAL}")
        if found is None:
            raise NotFound(f"{self.uri(name)}", f"no {SEAL} there", "See: mercato releases DIR")
        return found

    def _claim(self, name: str) -> bool:
        try:
            self.swap(f"{name}/{_CLAIM}", uuid.uuid4().hex, None)
        except Conflict:
            return False
        return True

    def _require_whole(self, name: str, sums: Sums) -> None:
        there = {entry.name: entry.size for entry in self.entries(name)}
        wrong = [file for file, sum_ in sums.items() if there.get(file) != sum_["bytes"]]
        if wrong:
            raise ChecksFailed(
                f"{self.uri(name)} as it was written",
                f"missing or changed: {', '.join(wrong[:5])}",
                "Run it again; is somebody else tidying up in the bucket?",
            )

    def _give_up(self, name: str) -> None:
        """Where even that fails, whoever adds a folder an hour later tidies up."""
        try:
            self.drop(name)
        except Away:
            return

    def _tidy_up(self) -> None:
        newest: dict[str, float] = {}
        sealed = set()
        for entry in self.client.entries(""):
            name, _, rest = entry.name.partition("/")
            if rest == SEAL:
                sealed.add(name)
            if rest:
                newest[name] = max(newest.get(name, 0.0), entry.modified)
        for name, modified in newest.items():
            if name not in sealed and modified < time.time() - _ABANDONED_SECONDS:
                self.drop(name)


def _sums(seal: bytes) -> Sums:
    files = json.loads(seal).get("files", {})
    assert isinstance(files, dict)
    return files
