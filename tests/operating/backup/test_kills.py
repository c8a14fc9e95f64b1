"""Whenever a backup or a restore dies, its file or folder is whole, or not there."""

import multiprocessing
import random
import resource
import time
from pathlib import Path

import pytest

from mercato.core.progress import Silent
from mercato.data.auditing import Reader
from mercato.data.store import AssetStore
from mercato.operating.backup.making import make_backup, verify_backup
from mercato.operating.backup.restoring import restore_backup

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["mercato.operating.backup.restoring"])


def back_up(root: Path, file: Path) -> None:
    make_backup(root, file, Silent())


def bring_back(file: Path, root: Path) -> None:
    restore_backup(file, root, Reader("ana@host", "restore", "restore"), Silent())


def back_up_on_a_small_disk(root: Path, file: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    make_backup(root, file, Silent())


def killed(work: object, source: Path, target: Path, seconds: float) -> None:
    process = PROCESSES.Process(target=work, args=(source, target))  # type: ignore[arg-type]
    process.start()
    process.join(seconds)
    process.kill()
    process.join(30)
    process.close()


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_killed_backups_and_restores_leave_nothing_half_done(
    small_shop: Path, tmp_path: Path, kills: int
) -> None:
    file, root = tmp_path / "b", tmp_path / "again"
    start = time.monotonic()
    back_up(small_shop, file)
    bring_back(file, root)
    longest = (time.monotonic() - start) * 2
    chance = random.Random(5)
    made = 0
    for number in range(kills):
        part, folder = tmp_path / f"b{number}", tmp_path / f"again{number}"
        killed(back_up, small_shop, part, chance.uniform(0, longest))
        if part.exists():
            made += 1
            verify_backup(part, Silent())
        killed(bring_back, file, folder, chance.uniform(0, longest))
        if folder.exists():
            assert AssetStore(folder / "assets").read("items").num_rows == 2
    # What the killed ones left hinders nobody, and goes with the next.
    names = [path.name for path in tmp_path.iterdir()]
    back_up(small_shop, tmp_path / "last")
    assert not (small_shop / ".backup").exists()
    for name in [name for name in names if name.endswith(".restoring")]:
        bring_back(file, tmp_path / name.removeprefix(".").removesuffix(".restoring"))
        assert not (tmp_path / name).exists()
    assert made < kills


def test_a_backup_that_finds_no_room_leaves_nothing(small_shop: Path, tmp_path: Path) -> None:
    process = PROCESSES.Process(target=back_up_on_a_small_disk, args=(small_shop, tmp_path / "b"))
    process.start()
    process.join(60)
    assert process.exitcode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feed.csv", "shop"]
    assert not (small_shop / ".backup").exists()
