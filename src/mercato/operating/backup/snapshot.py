"""Everything that a shop is, as of one moment, in a folder beside it; while it is being served.

The order makes the moment. First the releases: what they have learned of the logs is in the state
that is copied after them. Then the state. Then of each asset that a log is drained into the newest
version that holds no more of it than that copy has given: every event is in the asset, or waits
in the state's copy behind the number up to which the asset has it, and numbers that the copy has
yet to give are new to the assets. What is derived comes last, of versions that are in here.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import mercato
from mercato.core.errors import ChecksFailed, MercatoError, NotFound
from mercato.core.events import DRAIN_APPLICATION
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress, Step
from mercato.core.settings import Settings, load_settings
from mercato.core.settings_file import write_setting
from mercato.data.assets import ASSETS
from mercato.data.pinning import newest_version, pin_asset
from mercato.data.releases import ReleaseStore, link_tree, read_manifest
from mercato.data.store import AssetStore
from mercato.data.versions.summary import origin_of
from mercato.operating.backup.manifest import Held, Manifest
from mercato.state import State
from mercato.state.copying import copy_state, state_file
from mercato.state.databases.choosing import is_file, read_url
from mercato.state.moving import copy_into, write_url

_ATTEMPTS = 5

IN_A_BACKUP = "sqlite:///state.db"
"""Where the state of a shop that has it on a server lies in its backup."""

_LOG_OF = {"events": "events", "answers": "answers", "items": "item_changes"}
"""Asset → the log of the state that is drained into it."""


class Changing(MercatoError):
    """Builds or tidying were at the shop's files each time."""

    status = 409
    title = "The shop changed under the backup"


@dataclass(frozen=True)
class _Releases:
    numbers: tuple[int, ...]
    current: int | None


def snapshot(paths: ShopPaths, folder: Path, progress: Progress) -> tuple[Path, Manifest]:
    """Put the shop into a folder in ``folder``, which is empty; that folder, and what it holds,
    without the members.

    Raises Changing where files went away in between, each time it was tried.
    """
    settings = load_settings(paths.settings)
    for attempt in range(_ATTEMPTS):
        part = folder / str(attempt)
        part.mkdir()
        try:
            found = _once(paths, settings, ShopPaths(part), progress)
        except (FileNotFoundError, NotFound):
            continue
        if found is not None:
            return part, found
    raise Changing(
        f"{paths.root} to be left alone for a moment",
        "files that went away while they were read, each time",
        "Run it again when no build is at work; mercato doctor says what is broken.",
    )


def _once(
    paths: ShopPaths, settings: Settings, copy: ShopPaths, progress: Progress
) -> Manifest | None:
    """None where a release was published or pruned meanwhile."""
    shutil.copy2(paths.settings, copy.settings)
    for table in ("assets", "releases"):
        if getattr(settings, table).url:
            write_setting(copy.settings, table, "url", "")  # a backup needs nothing but itself
    releases = _pin_releases(paths, copy)
    with progress.step("Copying the state") as step:
        logs = _copy_state(settings.state.url, paths, copy, step)
    if releases != _releases(paths):
        return None
    with progress.step("Fixing the versions of assets") as step:
        assets = _pin_assets(paths, copy, releases, logs)
        step.note(f"{len(assets)} assets")
    return Manifest(
        created_at=datetime.now(UTC).isoformat(),
        mercato=mercato.__version__,
        shop=settings.shop.name,
        releases=releases.numbers,
        current=releases.current,
        assets=assets,
        logs=logs,
        members={},
    )


def _copy_state(url: str, paths: ShopPaths, copy: ShopPaths, step: Step) -> Mapping[str, int]:
    """A state on a server becomes a file, which the copied settings name: a backup needs nothing
    but itself, and holds no password of a server's."""
    if not is_file(read_url(url)):
        write_url(copy.settings, IN_A_BACKUP)
        return copy_into(url, IN_A_BACKUP, copy.root, step)
    place = state_file(url, copy.root)
    place.parent.mkdir(parents=True, exist_ok=True)
    State.open(url, paths.root).close()  # a shop that was never served has none
    return copy_state(state_file(url, paths.root), place, step)


def _releases(paths: ShopPaths) -> _Releases:
    store = ReleaseStore(paths.releases)
    return _Releases(tuple(store.numbers()), store.current())


def _pin_releases(paths: ShopPaths, copy: ShopPaths) -> _Releases:
    there, here = ReleaseStore(paths.releases), ReleaseStore(copy.releases)
    found = _releases(paths)
    for number in found.numbers:
        link_tree(there.folder(number), here.folder(number), leave="")
    if found.current is not None:
        here.storage.swap("current", f"{found.current}\n", None)
    return found


def _pin_assets(
    paths: ShopPaths, copy: ShopPaths, releases: _Releases, logs: Mapping[str, int]
) -> dict[str, Held]:
    store, here = AssetStore(paths.assets), AssetStore(copy.assets)
    pinned = ReleaseStore(copy.releases)
    inputs = [_inputs(pinned.folder(number)) for number in releases.numbers]
    present: dict[str, int] = {}
    others = [name for name in store.names() if name not in ASSETS]
    for name in (*ASSETS, *others):
        version = _version(store, name, present, logs)
        if version is not None:
            present[name] = version
            older = {each[name] for each in inputs if each.get(name, version) < version}
            pin_asset(store, name, {version, *older}, here.storage.copies("", [name])[0])
    return {name: Held(v, here.read(name, v, []).num_rows) for name, v in present.items()}


def _inputs(release: Path) -> Mapping[str, int]:
    """The versions that a release was made of; none of one that another Mercato wrote."""
    try:
        return read_manifest(release).inputs
    except ChecksFailed:
        return {}


def _version(
    store: AssetStore, name: str, present: Mapping[str, int], logs: Mapping[str, int]
) -> int | None:
    """The newest version that goes with the state's copy and with the assets fixed before."""
    if name in _LOG_OF:
        given = logs[_LOG_OF[name]]
        return newest_version(
            store, name, lambda v: (store.transaction(name, DRAIN_APPLICATION, v) or 0) <= given
        )
    if name in ASSETS and ASSETS[name].build is not None:
        return newest_version(
            store, name, lambda v: _are_in(origin_of(store, name, v).inputs, present)
        )
    return store.version(name)


def _are_in(inputs: Mapping[str, int | None], present: Mapping[str, int]) -> bool:
    """Whether these versions are no newer than what is present."""
    return all(at is None or at <= present.get(name, -1) for name, at in inputs.items())
