"""A file that is not what was written is refused by name, and leaves nothing behind."""

import hashlib
import io
import json
import random
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.errors import BadInput, ChecksFailed, MercatoError, NotFound, NotReady
from mercato.core.progress import Silent
from mercato.operating.backup.making import make_backup, verify_backup
from mercato.operating.backup.seal import seal_bytes

Restore = Callable[..., Path | None]
Entry = tuple[tarfile.TarInfo, bytes]


@pytest.mark.parametrize("flips", [150, pytest.param(5_000, marks=pytest.mark.soak)])
def test_every_changed_byte_is_found(backed_up: Path, tmp_path: Path, flips: int) -> None:
    whole = backed_up.read_bytes()
    chance = random.Random(11)
    places = [*range(20), *range(len(whole) - 64, len(whole))]
    places += [chance.randrange(len(whole)) for _ in range(flips)]
    damaged = tmp_path / "damaged"
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(changed)
        with pytest.raises((BadInput, ChecksFailed)):
            verify_backup(damaged, Silent())


def test_every_shorter_file_is_found(backed_up: Path, tmp_path: Path, restored: Restore) -> None:
    whole = backed_up.read_bytes()
    chance = random.Random(12)
    lengths = [0, 1, 31, 32, 33, 63, 64, len(whole) - 1, len(whole) - 64]
    lengths += [chance.randrange(len(whole)) for _ in range(50)]
    cut = tmp_path / "cut"
    for length in lengths:
        cut.write_bytes(whole[:length])
        with pytest.raises(BadInput, match="cut short"):
            verify_backup(cut, Silent())
    with pytest.raises(BadInput, match="cut short"):
        restored(cut, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_other_files_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        verify_backup(tmp_path / "nothing", Silent())
    packed = tmp_path / "other.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("shop.toml"))
    with pytest.raises(BadInput, match="something else"):
        verify_backup(packed, Silent())


def file_of(name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE) -> Entry:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.size = len(content) if kind == tarfile.REGTYPE else 0
    if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        entry.linkname = "/etc/passwd"
    return entry, content


def manifest_of(*names: str, **changed: object) -> Entry:
    known = {"sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1}
    said = {
        "created_at": "", "mercato": "", "shop": "", "releases": [], "current": None,
        "assets": {}, "logs": {}, "format": 1, "members": dict.fromkeys(names, known),
    }  # fmt: skip
    return file_of("manifest.json", json.dumps(said | changed).encode())


def sealed(file: Path, entries: Sequence[Entry], unpacked: int | None = None) -> Path:
    """An archive made by hand, with a seal that fits."""
    plain, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(plain.getvalue())
        stream.flush()
        packed.close = lambda: None  # type: ignore[method-assign]
    given = packed.getvalue()
    total = sum(entry.size for entry, _ in entries) if unpacked is None else unpacked
    file.write_bytes(given + seal_bytes(total, hashlib.sha256(given)))
    return file


TRICKS = {
    "absolute": [file_of("/tmp/mercato-was-here")],
    "parent": [file_of("../mercato-was-here")],
    "parent within": [file_of("a/../../mercato-was-here")],
    "dot": [file_of("./shop.toml")],
    "two slashes": [file_of("a//b")],
    "backslash": [file_of("..\\mercato-was-here")],
    "empty": [file_of("")],
    "symbolic link": [file_of("link", kind=tarfile.SYMTYPE)],
    "hard link": [file_of("link", kind=tarfile.LNKTYPE)],
    "device": [file_of("device", kind=tarfile.CHRTYPE)],
    "pipe": [file_of("pipe", kind=tarfile.FIFOTYPE)],
    "folder": [file_of("folder", kind=tarfile.DIRTYPE)],
    "twice": [file_of("a"), file_of("a")],
    "file as folder": [file_of("a"), file_of("a/b")],
    "folder as file": [file_of("a/b"), file_of("a")],
    "long name": [file_of("n" * 300), manifest_of("n" * 300)],
    "behind the manifest": [manifest_of(), file_of("late")],
    "no manifest": [file_of("a")],
    "one too few": [file_of("a"), manifest_of("a", "b")],
    "one too many": [file_of("a"), file_of("b"), manifest_of("a")],
    "another checksum": [file_of("a", b"y"), manifest_of("a")],
    "a newer format": [manifest_of(format=2)],
    "no JSON": [file_of("manifest.json", b"{")],
    "a list": [file_of("manifest.json", b"[1]")],
    "other fields": [manifest_of(more=1)],
    "no shop": [file_of("a"), manifest_of("a")],
}


@pytest.mark.parametrize("entries", TRICKS.values(), ids=TRICKS)
def test_tricks_are_refused_and_nothing_is_left(
    tmp_path: Path, restored: Restore, entries: list[Entry]
) -> None:
    file = sealed(tmp_path / "trick", entries)
    with pytest.raises(MercatoError):
        restored(file, tmp_path / "inside" / "shop")
    assert [path.name for path in tmp_path.iterdir() if path.name != "inside"] == ["trick"]
    assert not any((tmp_path / "inside").rglob("*"))
    assert not Path("/tmp/mercato-was-here").exists()


def test_more_bytes_than_the_seal_says_are_not_unpacked(tmp_path: Path, restored: Restore) -> None:
    bomb = [file_of("a", bytes(50_000_000)), manifest_of("a")]
    file = sealed(tmp_path / "bomb", bomb, unpacked=1_000)
    assert file.stat().st_size < 100_000
    with pytest.raises(BadInput, match="50,000,000"):
        restored(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_disk_that_is_too_small_is_said_first(tmp_path: Path, restored: Restore) -> None:
    file = sealed(tmp_path / "large", [manifest_of()], unpacked=1 << 60)
    with pytest.raises(NotReady, match="1,152,921,504,607 MB free"):
        restored(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_shop_whose_release_is_not_whole_is_not_restored(
    supermarket: Path, tmp_path: Path, restored: Restore
) -> None:
    """Checksums of the archive fit: the shop was broken when it was backed up."""
    broken = shutil.copytree(supermarket, tmp_path / "broken")
    model = next((broken / "releases" / "1" / "models").rglob("*.npy"))
    model.write_bytes(model.read_bytes()[:-1] + b"\x7f")
    make_backup(broken, tmp_path / "b", Silent())
    with pytest.raises(ChecksFailed, match="release 1"):
        restored(tmp_path / "b", tmp_path / "again")
    assert not (tmp_path / "again").exists()
