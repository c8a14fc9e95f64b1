"""Releases: immutable numbered folders, each with a manifest, and one pointer.

A release is put together in a draft folder, sealed (checksums of every file, then whole or not at
all under its number), verified and published by swapping the file ``current`` atomically. Rolling
back is the same swap.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mercato.core.errors import ChecksFailed, NotFound, NotReady
from mercato.core.paths import Location
from mercato.data.flushing import flush
from mercato.data.storage.choosing import storage_of
from mercato.data.storage.protocol import SEAL, Conflict, Storage

FORMAT = 1
MANIFEST = SEAL

KNOWS_ERASED = "it knows somebody who was erased since"
"""Why a release is refused that may be gone back to all the same: answers leave out who was erased,
whichever release they come from, while nothing else mends one that does harm."""

_ATTEMPTS = 5
_CURRENT = "current"
_REFUSED = "refused.json"
_DRAFT = ".draft-"


@dataclass(frozen=True)
class Manifest:
    """What a release is made of, and what was measured of it.

    created_at : ISO 8601, UTC
    as_of      : microseconds since 1970 UTC, the moment up to which it has learned
    until      : the same as text where the build was told ``--until``, else None
    watermark  : the highest ``seq`` of the state's events that it has learned from
    changes    : the highest ``seq`` of the state's item changes that its catalogue holds
    inputs     : asset name → version
    steps      : build step → its fingerprint, its seconds, the machine's joules meanwhile (None
                 where it counts none) and, by place in its folder, curves of what it learned
    files      : path → {"sha256", "bytes"}
    """

    created_at: str
    as_of: int
    until: str | None
    watermark: int
    changes: int
    inputs: Mapping[str, int]
    steps: Mapping[str, Mapping[str, Any]]
    counts: Mapping[str, int]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    mercato: str = ""
    format: int = FORMAT
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)


def link_tree(source: Path, target: Path, *, leave: str) -> None:
    """Give ``target`` the files of ``source``, but for those named ``leave``.

    Files are linked, not copied, where the file system can.
    """
    for path in (p for p in source.rglob("*") if p.is_file() and p.name != leave):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, place)
        except OSError:
            shutil.copy2(path, place)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest durably."""
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    flush(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a release's folder. Raises NotFound, or ChecksFailed for another format."""
    try:
        said = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        said = None
    return _manifest(said, str(folder))


def _manifest(said: bytes | None, place: str) -> Manifest:
    if said is None:
        raise NotFound(f"a release in {place}", f"no {MANIFEST} there", "See: mercato releases DIR")
    found = json.loads(said)
    known = {each.name for each in fields(Manifest)}
    if found.get("format") != FORMAT or set(found) != known:
        raise ChecksFailed(
            f"a release of format {FORMAT}",
            f"format {found.get('format')} in {place}",
            "Build again with this Mercato: mercato build DIR",
        )
    return Manifest(**found)


class ReleaseStore:
    """The releases of a shop; safe to use by many processes at once."""

    def __init__(self, root: Location) -> None:
        self.root = root

    @property
    def storage(self) -> Storage:
        return storage_of(self.root)

    def folder(self, number: int) -> Path:
        """Where a release lies on this machine. From object storage it is fetched, and compared
        with its checksums. Raises NotFound or ChecksFailed where that fails."""
        return self.storage.folder(str(number))

    def manifest(self, number: int) -> Manifest:
        """Raises NotFound, or ChecksFailed for another format."""
        place = self.storage.uri(str(number))
        return _manifest(self.storage.read(f"{number}/{MANIFEST}"), place)

    def numbers(self) -> list[int]:
        """All sealed releases, oldest first."""
        return sorted(int(name) for name in self.storage.folders(MANIFEST) if name.isdigit())

    def current(self) -> int | None:
        """The published release; None where none is."""
        found = self.storage.text(_CURRENT)
        return None if found is None else int(found.said)

    def require_current(self) -> int:
        """The published release. Raises NotReady where none is."""
        number = self.current()
        if number is None:
            raise NotReady(
                f"a published release in {self.storage.uri('')}",
                "none",
                f"Build one with: mercato build {self.storage.shop}",
            )
        return number

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to put a release together in; gone afterwards unless sealed."""
        folder = self.storage.scratch / f"{_DRAFT}{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def seal(self, draft: Path, manifest: Manifest) -> int:
        """Make a draft the next release: checksums, then all of it or nothing. Does not publish
        it."""
        files = {}
        for path in _files(draft):
            name = path.relative_to(draft).as_posix()
            files[name] = {"sha256": _sha256(path), "bytes": path.stat().st_size}
        write_manifest(draft, replace(manifest, files=files))
        number = max((*self.numbers(), *self.refused()), default=0) + 1
        while not self.storage.add(draft, str(number)):
            number += 1
        return number

    def changes_in_all(self) -> int:
        """Item changes up to this ``seq`` are in the catalogue of every release kept here."""
        manifests = [self.manifest(number) for number in self.numbers()]
        return min((manifest.changes for manifest in manifests), default=0)

    def verify(self, number: int) -> Manifest:
        """Compare every file with its checksum. Raises ChecksFailed that names what differs."""
        folder = self.folder(number)
        manifest = self.manifest(number)
        sizes = {entry.name: entry.size for entry in self.storage.entries(str(number))}
        wrong = [
            name
            for name, known in manifest.files.items()
            if sizes.get(name) != known["bytes"] or _sha256(folder / name) != known["sha256"]
        ]
        if wrong:
            raise ChecksFailed(
                f"every file of release {number} as its manifest says",
                f"missing or changed: {', '.join(wrong[:5])}",
                "Build again (mercato build DIR) or roll back (mercato releases DIR rollback).",
            )
        return manifest

    def publish(self, number: int, *, back: bool = False) -> None:
        """Verify a release and point ``current`` at it, atomically and durably.

        back : whether it takes the place of a newer one; it may then be refused as KNOWS_ERASED

        Raises NotReady for one that is refused, Conflict where another one was published while it
        was verified.
        """
        before = self.storage.text(_CURRENT)
        why = self.refused().get(number)
        if why is not None and not (back and why == KNOWS_ERASED):
            raise NotReady(
                f"release {number} to be one that may be served",
                why,
                f"Build a new one: mercato build {self.storage.shop}",
            )
        self.verify(number)
        self.storage.swap(_CURRENT, f"{number}\n", before)

    def refused(self) -> dict[int, str]:
        """Releases that are not published again, and why."""
        found = self.storage.text(_REFUSED)
        return {} if found is None else _reasons(found.said)

    def refuse(self, numbers: Iterable[int], why: str) -> None:
        """Never publish these again, durably; one that is current stays so until the next. What was
        said first stays, but for KNOWS_ERASED: any other reason says more.

        Raises Conflict where others refuse some all the time.
        """
        asked = list(numbers)
        for attempt in range(1, _ATTEMPTS + 1):
            before = self.storage.text(_REFUSED)
            known = {} if before is None else _reasons(before.said)
            wanted = {
                number: why for number in asked if known.get(number, KNOWS_ERASED) == KNOWS_ERASED
            }
            if wanted.items() <= known.items():
                return
            kept = set(self.numbers())
            told = {n: reason for n, reason in known.items() if n in kept} | wanted
            try:
                self.storage.swap(_REFUSED, json.dumps(told) + "\n", before)
            except Conflict:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    def remove(self, number: int) -> None:
        """Delete a release, whichever it is."""
        self.storage.drop(str(number))

    def rollback(self) -> int:
        """Publish the newest release older than the current one; its number."""
        current = self.require_current()
        refused = self.refused()
        older = [
            n
            for n in self.numbers()
            if n < current and refused.get(n, KNOWS_ERASED) == KNOWS_ERASED
        ]
        if not older:
            raise NotFound(
                f"a release older than {current}", "none", "Build one with: mercato build DIR"
            )
        self.publish(older[-1], back=True)
        return older[-1]

    def prune(self, keep: int, spare: Collection[int] = ()) -> list[int]:
        """Delete all but the ``keep`` newest releases, never the current one nor those to spare;
        the numbers gone."""
        gone = [n for n in self.numbers()[:-keep] if n != self.current() and n not in spare]
        for number in gone:
            self.remove(number)
        return gone


def _reasons(said: str) -> dict[int, str]:
    return {int(number): str(why) for number, why in json.loads(said).items()}
