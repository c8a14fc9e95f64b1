"""`mercato assets --vacuum` and `--sum-up`: what is joined, removed, kept, brought up to date."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record
from mercato.core.errors import Busy, WrongUse
from mercato.core.paths import ShopPaths
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.data.versions.retention import Vacuumed, kept_versions, vacuum
from mercato.data.versions.summary import declared
from mercato.operating.summing import sum_up


def summed_up(folder: Path, *, as_json: bool) -> None:
    """Sum up days and searches for the console. Raises Busy while another process does."""
    on_record(folder, "assets", ("events", "answers"), purpose="sum up")
    with shown() as progress:
        versions = sum_up(folder, progress)
    if versions is None:
        raise Busy("one process that sums up", "another one at it", "Wait until it is done.")
    if as_json:
        print_json(dict(versions))
    else:
        print_table(("asset", "version"), list(versions.items()), right=("version",))


def vacuumed(folder: Path, name: str | None, days: int, *, dry_run: bool, as_json: bool) -> None:
    """Tidy up all assets, or one. Raises WrongUse for less than a day: readers need their files."""
    if days < 1:
        raise WrongUse(
            "at least 1 day to keep replaced versions", str(days), "Who reads them needs time."
        )
    paths = ShopPaths(folder)
    store = AssetStore(paths.assets)
    kept = kept_versions(store, ReleaseStore(paths.releases))
    names = store.names() if name is None else (declared(name).name,)
    done = [
        vacuum(store, each, kept.get(each, ()), timedelta(days=days), dry_run=dry_run)
        for each in names
        if store.version(each) is not None
    ]
    if as_json:
        print_json([asdict(each) | {"kept": list(each.kept)} for each in done])
        return
    numbers = ("files joined", "files removed", "bytes", "log entries")
    print_table(
        ("asset", *numbers, "kept for releases", "left for next time"),
        [_cells(each) for each in done],
        right=numbers,
    )
    total = sum(each.size for each in done)
    say(f"{'Would free' if dry_run else 'Freed'} {total / 1e6:,.1f} MB.")


def _cells(of: Vacuumed) -> tuple[str, ...]:
    counts = (of.joined, of.removed, of.size, of.entries)
    versions = ", ".join(map(str, of.kept))
    return (of.asset, *(f"{count:,}" for count in counts), versions, of.trouble)
