"""Old versions of an asset: which of their files hold a person, and how they go before others."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties

from mercato.data.erasing.matching import Erased
from mercato.data.erasing.rows import owned
from mercato.data.releases import ReleaseStore
from mercato.data.store import NOTE, AssetStore
from mercato.data.versions.logs import shorten_log
from mercato.data.versions.notes import FORGET
from mercato.data.versions.retention import kept_versions

_UNWRITTEN_SECONDS = 3_600
"""A file that no version names may belong to a commit that is on its way, for so long."""

_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


@dataclass(frozen=True)
class Past:
    """What of old versions is left: files that hold the person, with their rows, and whether the
    log still has entries from before (they name the least and the greatest id of a file)."""

    files: Mapping[str, int]
    log: bool

    @property
    def is_left(self) -> bool:
        return bool(self.files) or self.log

    def to_json(self) -> dict[str, object]:
        return {"files": len(self.files), "rows": sum(self.files.values()), "log": self.log}


def forget_past(
    store: AssetStore,
    releases: ReleaseStore,
    name: str,
    erased: Erased,
    clean: int | None,
    *,
    due: bool,
) -> Past:
    """Take away what of old versions holds the person, where it is ``due``; what is left.

    erased : of this person alone
    clean  : the first version without the person; None where the asset came later
    """
    if clean is None:
        return Past({}, False)
    held = held_files(store, name, erased)
    if due:
        known = _named(store.root / name)
        for file in list(held):
            path = store.root / name / file
            if file in known or path.stat().st_mtime < time.time() - _UNWRITTEN_SECONDS:
                path.unlink(missing_ok=True)
                del held[file]
        _forget_log(store, releases, name, clean)
    return Past(held, _oldest(store, name) <= clean)


def held_files(store: AssetStore, name: str, erased: Erased) -> dict[str, int]:
    """Files that are not of the newest version → rows of the person."""
    newest = {Path(file).name for file in store.files(name)}
    found = {}
    for file in sorted((store.root / name).glob("*.parquet")):
        if file.name not in newest:
            rows = len(owned(name, str(file), erased)[1])
            if rows:
                found[file.name] = rows
    return found


def log_texts(folder: Path) -> Iterable[str]:
    """What the log of a table says, entry by entry."""
    for file in sorted((folder / "_delta_log").glob("*.json")):
        # Values of rows stand in it, also signs at which Python's splitlines would part them.
        yield from filter(None, file.read_text(encoding="utf-8").split("\n"))


def _named(folder: Path) -> set[str]:
    """Files that some version has, or had."""
    found = set()
    for line in log_texts(folder):
        action = json.loads(line)
        for kind in ("add", "remove"):
            if kind in action:
                found.add(Path(action[kind]["path"]).name)
    return found


def _oldest(store: AssetStore, name: str) -> int:
    entries = (store.root / name / "_delta_log").glob("*.json")
    return min((int(file.stem) for file in entries if file.stem.isdigit()), default=0)


def _forget_log(store: AssetStore, releases: ReleaseStore, name: str, clean: int) -> None:
    """Entries up to the clean version's own, which names whom it deleted; later ones stay."""
    if _oldest(store, name) > clean:
        return
    folder = store.root / name
    if store.version(name) == clean:
        DeltaTable(folder).alter.set_table_properties(
            {"mercato.forgotten": str(clean)},
            raise_if_not_exists=False,
            commit_properties=CommitProperties(
                custom_metadata={NOTE: json.dumps({"made_by": FORGET})}
            ),
            post_commithook_properties=_HOOKS,
        )
    kept = (version for version in kept_versions(store, releases).get(name, ()) if version > clean)
    newest = store.version(name)
    assert newest is not None
    shorten_log(folder, min([newest, *kept]), fewest=1)
