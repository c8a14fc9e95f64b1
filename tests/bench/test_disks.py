"""The disk of the crash bench loses what was not flushed, and nothing else."""

import os

import pytest

from bench.disks import can_mount, own_disk


@pytest.mark.soak
@pytest.mark.skipif(not can_mount(), reason="only root can mount a disk: run it as root")
def test_a_power_cut_takes_what_was_not_flushed() -> None:
    with own_disk() as disk:
        for name, flushed in (("kept", True), ("lost", False), ("last", True)):
            with (disk.place / f"{name}.part").open("wb") as file:
                file.write(b"x" * 10_000)
                file.flush()
                if flushed:
                    os.fsync(file.fileno())
            (disk.place / f"{name}.part").rename(disk.place / name)
        with (disk.place / "last").open("rb") as file:
            os.fsync(file.fileno())
        disk.cut_power()
        sizes = {each.name: each.stat().st_size for each in disk.place.iterdir() if each.is_file()}
        assert sizes["kept"] == 10_000
        assert sizes.get("lost", 0) == 0
        disk.fill(0)
        with pytest.raises(OSError), (disk.place / "more").open("wb") as file:
            file.write(b"x" * 1_000_000)
        disk.empty()
        (disk.place / "more").write_bytes(b"x" * 1_000_000)
