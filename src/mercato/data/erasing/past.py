"""Old versions of an asset: which of their files hold a person, and how they go before others."""

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, PostCommitHookProperties

from mercato.data.erasing.matching import Erased
from mercato.data.erasing.rows import owned, owned_rows
from mercato.data.releases import ReleaseStore
from mercato.data.store import LOG, NOTE, AssetStore, file_names
from mercato.data.versions.logs import shorten_log
from mercato.data.versions.notes import FORGET
from mercato.data.versions.retention import kept_versions

_DATA = re.compile(r"[^/]+\.parquet")

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


@dataclass(frozen=True)
class OldRows:
    """What files hold of everybody who was erased, each file read once for all of them: a file
    never changes."""

    everybody: Erased
    _known: dict[str, pa.Table] = field(default_factory=dict)

    def of(self, name: str, file: str) -> pa.Table:
        if file not in self._known:
            self._known[file] = owned(name, file, self.everybody)[0]
        return self._known[file]


def forget_past(
    store: AssetStore,
    releases: ReleaseStore,
    name: str,
    erased: Erased,
    clean: int | None,
    rows: OldRows,
    *,
    due: bool,
) -> Past:
    """Take away what of old versions holds the person, where it is ``due``; what is left.

    erased : of this person alone
    clean  : the first version without the person; None where the asset came later
    rows   : of everybody, this person among them
    """
    if clean is None:
        return Past({}, False)
    held = held_files(store, name, erased, rows)
    if due:
        known = _named(store, name)
        long_ago = time.time() - _UNWRITTEN_SECONDS
        old = {entry.name for entry in store.storage.entries(name) if entry.modified < long_ago}
        gone = [file for file in held if file in known or file in old]
        store.storage.remove(name, gone)
        held = {file: rows for file, rows in held.items() if file not in gone}
        _forget_log(store, releases, name, clean)
    return Past(held, oldest_entry(store, name) <= clean)


def held_files(
    store: AssetStore, name: str, erased: Erased, rows: OldRows | None = None
) -> dict[str, int]:
    """Files that are not of the newest version → rows of the person.

    rows : of everybody, the person among them; what was read stays there
    """
    rows = rows or OldRows(erased)
    found = {}
    for file in store.storage.copies(name, old_files(store, name)):
        theirs = len(owned_rows(name, rows.of(name, str(file)), erased)[1])
        if theirs:
            found[file.name] = theirs
    return found


def old_files(store: AssetStore, name: str) -> list[str]:
    """Files that are not of the newest version."""
    newest = set(file_names(store.open(name)))
    there = (entry.name for entry in store.storage.entries(name))
    return sorted(each for each in there if _DATA.fullmatch(each) and each not in newest)


def log_texts(store: AssetStore, name: str) -> Iterable[str]:
    """What the log of an asset says, entry by entry."""
    for file in store.storage.copies(f"{name}/{LOG}", _log_entries(store, name)):
        # Values of rows stand in it, also signs at which Python's splitlines would part them.
        yield from filter(None, file.read_text(encoding="utf-8").split("\n"))


def _log_entries(store: AssetStore, name: str) -> list[str]:
    there = (entry.name for entry in store.storage.entries(f"{name}/{LOG}"))
    return [each for each in there if each.endswith(".json")]


def _named(store: AssetStore, name: str) -> set[str]:
    """Files that some version has, or had."""
    found = set()
    for line in log_texts(store, name):
        action = json.loads(line)
        for kind in ("add", "remove"):
            if kind in action:
                found.add(Path(action[kind]["path"]).name)
    return found


def oldest_entry(store: AssetStore, name: str) -> int:
    """The oldest version that the log still tells of."""
    entries = (Path(each).stem for each in _log_entries(store, name))
    return min((int(stem) for stem in entries if stem.isdigit()), default=0)


def _forget_log(store: AssetStore, releases: ReleaseStore, name: str, clean: int) -> None:
    """Entries up to the clean version's own, which names whom it deleted; later ones stay."""
    if oldest_entry(store, name) > clean:
        return
    if store.version(name) == clean:
        store.writable(name).alter.set_table_properties(
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
    shorten_log(store, name, min([newest, *kept]), fewest=1)
