"""`mercato build`: assets → parts → measured as served → sealed and verified, then published."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

import mercato
from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import Settings, load_settings
from mercato.data.lineage.runs import build_run
from mercato.data.releases import Manifest, ReleaseStore, link_tree, write_manifest
from mercato.data.store import AssetStore
from mercato.evaluation.report import Report
from mercato.models.curves import open_curves
from mercato.shop.experiments.keeping import served_releases
from mercato.shop.vector_engine import forget_others
from mercato.state import State
from mercato.training.checks import check_release
from mercato.training.draft import serve_draft
from mercato.training.evaluate import measure_search, measure_shelves
from mercato.training.parts import Parts, event_span, make_parts, read_assets
from mercato.training.parts_first_look import with_first_look
from mercato.training.parts_shelf_ranker import SHELF_RANKERS
from mercato.training.search_ranker.choosing import Comparison
from mercato.training.shelf_ranker.choosing import Comparison as ShelfComparison
from mercato.training.workshop import DONE, UNFINISHED, Workshop, one_at_a_time

KEEP_RELEASES = 5


@dataclass(frozen=True)
class Built:
    """What a build came to. ``number`` is the release."""

    number: int
    manifest: Manifest
    reused: tuple[str, ...]


def build(
    root: Path, *, until: datetime | None = None, engine: str = "", progress: Progress
) -> Built:
    """Build a release from the shop's assets and publish it, as `seal_release`.

    Raises ChecksFailed where the release does not pass its checks; the published one then stays.
    """
    built = seal_release(root, until=until, engine=engine, progress=progress)
    releases = ReleaseStore(ShopPaths(root).releases)
    with progress.step("publish") as step:
        releases.publish(built.number)
        step.note(f"release {built.number}")
    releases.prune(KEEP_RELEASES, spare=_served(root))
    return built


def _served(root: Path) -> frozenset[int]:
    """Releases that experiments are served from."""
    state = State.open(load_settings(ShopPaths(root).settings).state.url, root)
    try:
        return served_releases(state)
    finally:
        state.close()


def seal_release(
    root: Path, *, until: datetime | None = None, engine: str = "", progress: Progress
) -> Built:
    """Build a release from the shop's assets that passes its checks, and publish nothing.

    until  : no event at or after it is used in any asset, feature or cache
    engine : what makes derived assets; empty: as ``shop.toml`` says

    Steps whose inputs did not change are taken over. Raises NotReady where there are no items,
    ChecksFailed where the release does not pass its checks.
    """
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    if engine:
        settings = replace(settings, data=replace(settings.data, engine=engine))
    store = AssetStore(paths.assets)
    releases = ReleaseStore(paths.releases)
    with one_at_a_time(paths.build), build_run(root, settings, store) as made:
        workshop = Workshop(paths.build, progress)
        eve = _eve(workshop, store, settings, until)
        parts = _parts(workshop, store, settings, until, eve)
        metrics = _own_measure(workshop, store, settings, until, eve, parts)
        parts = with_first_look(workshop, parts, settings.vectors)
        with releases.draft() as draft:
            manifest = _assemble(draft, parts, workshop, until, metrics)
            write_manifest(draft, manifest)
            with progress.step("checks"), serve_draft(draft, settings) as shop:
                check_release(shop)
            number = releases.seal(draft, manifest)
            made.append(releases.folder(number))
        if settings.vectors.engine:
            forget_others(settings.vectors, [releases.manifest(n) for n in releases.numbers()])
        workshop.prune()
    reused = tuple(made.name for made in workshop.made if made.reused)
    return Built(number, releases.verify(number), reused)


@contextmanager
def draft_until(root: Path, split: datetime, progress: Progress) -> Iterator[Path]:
    """A release that learned up to ``split``, in a folder that is gone afterwards.

    Steps that a build made for its own measure are taken over. Raises NotReady as a build does.
    """
    paths = ShopPaths(root)
    settings = _of_eve(load_settings(paths.settings))
    with one_at_a_time(paths.build):
        workshop = Workshop(paths.build, progress)
        parts = _parts(workshop, AssetStore(paths.assets), settings, split, None)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=workshop.root) as scratch:
            folder = Path(scratch)
            write_manifest(folder, _assemble(folder, parts, workshop, split, {}))
            yield folder


def evaluate_split(
    root: Path, *, split: datetime, end: datetime | None = None, progress: Progress
) -> Report:
    """Build up to ``split`` aside, ask it as shoppers would, compare with what they bought then.

    Raises NotReady where there is nothing to learn from or nothing to compare with.
    """
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    with one_at_a_time(paths.build):
        workshop = Workshop(paths.build, progress)
        store = AssetStore(paths.assets)
        parts = _parts(workshop, store, settings, split, _eve(workshop, store, settings, split))
        return _measure(workshop, store, settings, parts, split, end, None)


def evaluate_judgments(root: Path, *, judgments: pa.Table, gain: str, progress: Progress) -> Report:
    """Ask the published release all queries that were judged (query, item_id, grade)."""
    paths = ShopPaths(root)
    releases = ReleaseStore(paths.releases)
    folder = releases.folder(releases.require_current())
    with serve_draft(folder, load_settings(paths.settings)) as shop:
        return measure_search(shop, judgments, gain, progress)


@dataclass(frozen=True)
class _Eve:
    """The same shop up to its newest days, which tell how good what was learned before them is."""

    parts: Parts
    split: datetime


def _eve(
    workshop: Workshop, store: AssetStore, settings: Settings, until: datetime | None
) -> _Eve | None:
    """None where the log is too short to hold days back."""
    days = timedelta(days=settings.evaluation.days)
    span = event_span(store, until)
    if not days or span is None or span.newest - span.oldest < 2 * days:
        return None
    split = span.newest - days
    return _Eve(_parts(workshop, store, _of_eve(settings), split, None), split)


def _of_eve(settings: Settings) -> Settings:
    """Only shelves are measured, which need neither a tuned encoder nor a ranker of searches."""
    train = replace(settings.train, encoder_minutes=0.0, search_ranker=False)
    return replace(settings, train=train)


def _own_measure(
    workshop: Workshop,
    store: AssetStore,
    settings: Settings,
    until: datetime | None,
    eve: _Eve | None,
    parts: Parts,
) -> dict[str, Any]:
    """Metrics of the same pipeline on the newest days; nothing where the log does not tell.

    Shelves have the rankers that were chosen on these days, as learned before them.
    """
    if eve is None:
        return {}
    folders = eve.parts.folders
    if parts.choice is not None:
        folders = folders | {SHELF_RANKERS: parts.choice}
    chosen = replace(eve.parts, folders=folders)
    most = settings.evaluation.most_users
    try:
        report = _measure(workshop, store, settings, chosen, eve.split, until, most)
    except NotReady:
        return {}  # nobody bought anything known in these days: no reason to publish nothing
    return report.to_json()


def _measure(
    workshop: Workshop,
    store: AssetStore,
    settings: Settings,
    parts: Parts,
    split: datetime,
    end: datetime | None,
    most_users: int | None,
) -> Report:
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=workshop.root) as scratch:
        folder = Path(scratch)
        write_manifest(folder, _assemble(folder, parts, workshop, split, {}))
        with serve_draft(folder, settings) as shop:
            return measure_shelves(shop, store, settings, split, end, most_users, workshop.progress)


def _parts(
    workshop: Workshop,
    store: AssetStore,
    settings: Settings,
    until: datetime | None,
    eve: _Eve | None,
) -> Parts:
    assets = read_assets(store, settings, until, workshop.progress)
    return make_parts(workshop, assets, settings, eve.parts if eve else None)


def _assemble(
    folder: Path,
    parts: Parts,
    workshop: Workshop,
    until: datetime | None,
    metrics: dict[str, Any],
) -> Manifest:
    for place, made in parts.folders.items():
        link_tree(made, folder / place, leave=DONE)
    used = {str(path.name) for path in parts.folders.values()}
    steps = {
        made.name: {
            "fingerprint": made.fingerprint,
            "seconds": made.seconds,
            "joules": made.joules,
            "curves": {
                where: [asdict(curve) for curve in curves]
                for where, curves in open_curves(made.folder).items()
            },
        }
        for made in workshop.made
        if made.folder.name in used
    }
    return Manifest(
        created_at=datetime.now(UTC).isoformat(),
        as_of=parts.as_of,
        until=until.isoformat() if until else None,
        watermark=parts.watermark,
        changes=parts.changes,
        inputs=parts.inputs,
        steps=steps,
        counts=parts.counts,
        metrics=metrics | _choices(parts),
        mercato=mercato.__version__,
    )


def _choices(parts: Parts) -> dict[str, Any]:
    """Which rankers were chosen, and on what grounds."""
    found: dict[str, Any] = {"search_ranker": asdict(Comparison.open(parts.folders["ranker"]))}
    compared = None if parts.choice is None else ShelfComparison.open(parts.choice)
    return found | ({"shelf_rankers": compared.to_json()} if compared and compared.of else {})
