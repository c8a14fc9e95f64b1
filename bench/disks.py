"""A small disk of its own, whose writes can be lost and whose room can be taken away (Linux, root).

It is ext4 on a loop device over a file. The kernel keeps what programs write in memory until they
flush it or half a minute has gone by, and ext4 commits no journal by itself (``commit=600``): so
the file holds what was flushed, and hardly anything else. A copy of it, mounted, is the disk as it
is after a power cut: what nobody flushed is lost, and a file that was renamed in time but not
written is empty. What is not shown is a disk that loses what it was told to flush.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MEGABYTES = 768
_BALLAST = "ballast"
_TRIES = 20


def can_mount() -> bool:
    """Whether this process may make disks."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and bool(_mkfs())


def _mkfs() -> str | None:
    return shutil.which("mkfs.ext4", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")


@dataclass
class Disk:
    """place : where it is mounted; number : of power cuts so far"""

    scratch: Path
    place: Path
    number: int = 0

    @property
    def image(self) -> Path:
        return self.scratch / f"disk-{self.number}"

    def cut_power(self) -> None:
        """Lose what was not flushed. Whoever has files open on it must have been killed before."""
        before = self.image
        self.number += 1
        _run("cp", "--sparse=always", str(before), str(self.image))
        _unmount(self.place)
        before.unlink()
        self._mount()

    def fill(self, left_bytes: int) -> None:
        """Leave so much room, to a page."""
        with (self.place / _BALLAST).open("wb") as file:
            for _ in range(_TRIES):
                wanted = self._free() + os.fstat(file.fileno()).st_size - left_bytes
                # Others write meanwhile, and the file's own list of blocks takes room, too.
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), 0, max(wanted, 1))
                    return

    def _free(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def empty(self) -> None:
        """Give the room back."""
        (self.place / _BALLAST).unlink(missing_ok=True)

    def make(self) -> None:
        with self.image.open("wb") as file:
            file.truncate(MEGABYTES * 1024 * 1024)
        _run(str(_mkfs()), "-q", "-F", "-m", "0", str(self.image))
        self.place.mkdir()
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", "loop,commit=600", str(self.image), str(self.place))


@contextmanager
def own_disk() -> Iterator[Disk]:
    """A new disk; afterwards it is gone."""
    scratch = Path(tempfile.mkdtemp(prefix="mercato-disk-"))
    disk = Disk(scratch, scratch / "mounted")
    try:
        disk.make()
        yield disk
    finally:
        if disk.place.is_mount():
            _unmount(disk.place)
        shutil.rmtree(scratch)


def _unmount(place: Path) -> None:
    _run("umount", "-l", str(place))


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
