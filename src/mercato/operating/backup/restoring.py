"""Brings a shop back from a backup: checked whole in a folder beside, then one rename."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from mercato.core.errors import ChecksFailed, NotReady, WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import load_settings
from mercato.data.assets import ASSETS
from mercato.data.auditing import Reader, record
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.backup.archive import read_archive
from mercato.operating.backup.holding import Busy, held_folder, sync
from mercato.operating.backup.manifest import Manifest
from mercato.operating.backup.seal import check_seal
from mercato.state import State
from mercato.state.copying import check_database, is_in_use, state_file
from mercato.state.databases.choosing import is_file, read_url


def restore_backup(
    file: Path, root: Path, reader: Reader, progress: Progress, *, force: bool = False
) -> tuple[Manifest, Path | None]:
    """Make ``root`` the shop that ``file`` holds; what that is, and where the shop went that was
    there before.

    reader : who does so, put on record in the restored shop
    force  : a shop that is there is moved aside; one that is being served is not

    Raises WrongUse where something is there, NotFound, BadInput or ChecksFailed where the file is
    no whole backup, NotReady where the disk has no room. ``root`` is then as it was.
    """
    root = root.absolute()
    check_target(root, force)
    seal = check_seal(file, progress)
    root.parent.mkdir(parents=True, exist_ok=True)
    _check_room(root.parent, seal.unpacked)
    with held_folder(root.with_name(f".{root.name}.restoring")) as part:
        with progress.step("Unpacking", seal.unpacked) as step:
            manifest = read_archive(file, seal, part, step)
        with progress.step("Opening the shop"):
            check_shop(part, manifest)
            _put_on_record(part, reader)
        for each in part.rglob("*"):
            sync(each)
        check_target(root, force)
        aside = _move_aside(root)
        try:
            part.rename(root)
        except OSError:
            if aside is not None:
                aside.rename(root)
            raise
        sync(root.parent)
    return manifest, aside


def check_target(root: Path, force: bool) -> None:
    """Raises WrongUse where a backup must not be restored to ``root``, Busy where it is in use."""
    if not root.exists() and not root.is_symlink():
        return
    if root.is_dir() and not root.is_symlink() and not any(root.iterdir()):
        return
    if not force:
        raise WrongUse(
            f"a new folder at {root}", "one that is there", "Name another one, or say --force."
        )
    if root.is_symlink() or not ShopPaths(root).settings.is_file():
        raise WrongUse(
            f"a shop at {root}", "something else", "Name a shop's folder, or one that is new."
        )
    if _is_served(root):
        raise Busy(
            f"nobody at work in {root}", "a process that has its state open", "Stop the server."
        )


def _is_served(root: Path) -> bool:
    url = load_settings(ShopPaths(root).settings).state.url
    if not is_file(read_url(url)):
        return False  # nothing is done to a server's database; the folder is only moved aside
    state = state_file(url, root)
    return state.exists() and is_in_use(state)


def check_shop(root: Path, manifest: Manifest) -> None:
    """Open everything that the manifest names. Raises ChecksFailed, or what opening it raises."""
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    state = state_file(settings.state.url, root)
    if not state.is_file():
        raise _incomplete(f"the state at {state.name}", "no such member")
    check_database(state)
    State.open(settings.state.url, root).close()
    store, releases = AssetStore(paths.assets), ReleaseStore(paths.releases)
    for name, held in manifest.assets.items():
        rows = store.read(name, held.version, []).num_rows
        if (store.version(name), rows) != (held.version, held.rows):
            found = f"version {store.version(name)} with {rows:,} rows"
            raise _incomplete(f"{name} at version {held.version}, {held.rows:,} rows", found)
    if tuple(releases.numbers()) != manifest.releases or releases.current() != manifest.current:
        raise _incomplete(f"releases {manifest.releases}", f"{releases.numbers()}")
    if manifest.current is not None:
        releases.verify(manifest.current)


def _put_on_record(root: Path, reader: Reader) -> None:
    state = State.open(load_settings(ShopPaths(root).settings).state.url, root)
    try:
        record(state, reader, *ASSETS.values())
    finally:
        state.close()


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NotReady(
            f"{needed / 1e6:,.0f} MB free in {folder}",
            f"{free / 1e6:,.0f} MB",
            "Make room, or restore to a folder on another disk.",
        )


def _move_aside(root: Path) -> Path | None:
    """Where a shop at ``root`` went; None where there is none."""
    if not root.exists() or not any(root.iterdir()):
        return None
    aside = root.with_name(f"{root.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    os.rename(root, aside)
    return aside


def _incomplete(expected: str, found: str) -> ChecksFailed:
    return ChecksFailed(f"in the backup {expected}", found, "Take another backup.")
