"""The file of a backup: a tar archive in zstd, with its manifest last and a seal at its end."""

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from errno import EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import pyarrow as pa

from mercato.core.errors import BadInput, ChecksFailed
from mercato.core.progress import Step
from mercato.operating.backup.manifest import MANIFEST, Manifest, Member
from mercato.operating.backup.seal import Seal, seal_bytes

_BLOCK = 1 << 20
_MOST_MANIFEST_BYTES = 1 << 28

_OF_THE_NAME = (None, EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR)
"""What the disk says of names that no shop has; None is of the unpacking itself."""


class _Tee:
    """A file that hashes what passes; not seekable, as a pipe is."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, block: bytes) -> int:
        self._count(block)
        return self.stream.write(block)

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        self._count(block)
        return block

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        """Whoever opened the stream closes it."""

    def _count(self, block: bytes) -> None:
        self.digest.update(block)
        self.bytes += len(block)


def write_archive(stream: BinaryIO, folder: Path, manifest: Manifest, step: Step) -> Manifest:
    """Write the files of ``folder``; the manifest with them as its members. ``step``: bytes."""
    sealed = _Tee(stream)
    members: dict[str, Member] = {}
    with pa.CompressedOutputStream(sealed, "zstd") as packed:
        with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                name = file.relative_to(folder).as_posix()
                with file.open("rb") as opened:
                    given = _Tee(opened)
                    tar.addfile(_entry(name, file.stat().st_size), cast(BinaryIO, given))
                members[name] = Member(given.digest.hexdigest(), given.bytes)
                step.advance(given.bytes)
            manifest = replace(manifest, members=members)
            text = manifest.to_json()
            tar.addfile(_entry(MANIFEST, len(text)), BytesIO(text))
    unpacked = sum(member.bytes for member in members.values()) + len(text)
    stream.write(seal_bytes(unpacked, sealed.digest))
    return manifest


def read_archive(file: Path, seal: Seal, into: Path | None, step: Step) -> Manifest:
    """Unpack every member into ``into`` (None: nowhere) and compare it with the manifest.

    Raises BadInput for a member that has no place in a shop's folder or more bytes than the seal
    says, ChecksFailed for one that is missing or differs. ``step`` counts bytes.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    room = seal.unpacked
    with file.open("rb") as stream, _in_words(file):
        with tarfile.open(fileobj=pa.CompressedInputStream(stream, "zstd"), mode="r|") as tar:
            for entry in tar:
                room -= entry.size
                if not _has_place(entry, found) or room < 0 or manifest is not None:
                    raise _odd(file, entry)
                content = cast(BinaryIO, tar.extractfile(entry))
                if entry.name == MANIFEST:
                    manifest = Manifest.from_json(content.read(_MOST_MANIFEST_BYTES))
                else:
                    found[entry.name] = _unpack(content, entry, into, step)
    if manifest is None or found != manifest.members:
        raise _differing(file, found, manifest)
    return manifest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


def _has_place(entry: tarfile.TarInfo, found: dict[str, Member]) -> bool:
    """Whether it is a new file below the shop's folder, and nothing else."""
    path = PurePosixPath(entry.name)
    plain = bool(path.parts) and not path.is_absolute() and str(path) == entry.name
    strange = {"..", "."} & set(path.parts) or "\0" in entry.name or "\\" in entry.name
    taken = entry.name in found or any(str(parent) in found for parent in path.parents)
    return entry.isreg() and plain and not strange and not taken


def _unpack(content: BinaryIO, entry: tarfile.TarInfo, into: Path | None, step: Step) -> Member:
    given = _Tee(content)
    if into is None:
        while block := given.read(_BLOCK):
            step.advance(len(block))
    else:
        place = into / entry.name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as written:
            while block := given.read(_BLOCK):
                written.write(block)
                step.advance(len(block))
    return Member(given.digest.hexdigest(), given.bytes)


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    """What libraries say of an archive that nobody of ours wrote; a disk's trouble passes."""
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _foreign(file, error) from None
    except OSError as error:
        if error.errno not in _OF_THE_NAME:
            raise
        raise _foreign(file, error) from None


def _foreign(file: Path, error: Exception) -> BadInput:
    return BadInput(
        f"a backup of Mercato at {file}", str(error), "Name a file that mercato backup wrote."
    )


def _odd(file: Path, entry: tarfile.TarInfo) -> BadInput:
    return BadInput(
        f"files below a shop's folder, each once, in {file}",
        f"{entry.name!r} of type {entry.type!r} and {entry.size:,} bytes",
        "Do not trust this file; take a backup that mercato backup wrote.",
    )


def _differing(file: Path, found: dict[str, Member], manifest: Manifest | None) -> ChecksFailed:
    known = {} if manifest is None else manifest.members
    wrong = sorted(
        name for name in found.keys() | known.keys() if found.get(name) != known.get(name)
    )
    return ChecksFailed(
        f"every member of {file} as its manifest says",
        "no manifest" if manifest is None else f"others: {', '.join(wrong[:5])}",
        "Copy it again from where it was kept, or take another backup.",
    )
