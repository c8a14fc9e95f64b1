"""Shortens the log of a Delta table, as the protocol's "Metadata Cleanup" says: entries and
checkpoints before a checkpoint that comes before everything that must stay readable
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#metadata-cleanup).

delta-rs would do it by age alone, and take away versions that a release was made from.
"""

import re

from mercato.data.store import LOG, AssetStore

FEWEST = 100
"""Entries that are worth a checkpoint of their own."""

_OF_LOG = re.compile(r"(\d{20})\.(?:(checkpoint)\b.*|json|crc)")


def shorten_log(
    store: AssetStore, name: str, oldest: int, *, dry_run: bool = False, fewest: int = FEWEST
) -> int:
    """Remove what no version of an asset from ``oldest`` on needs; how many files.

    fewest : fewer stay

    Nothing is removed before a checkpoint at or below ``oldest`` lies in the log.
    """
    before = [version for version, kind in _entries(store, name).values() if version < oldest]
    if len(before) < fewest:
        return 0
    if dry_run:
        return len(before)
    store.writable(name, oldest).create_checkpoint()
    store.writable(name).create_checkpoint()  # the hint for readers names the newest again
    entries = _entries(store, name)
    if not any(version == oldest and kind for version, kind in entries.values()):
        return 0
    gone = [file for file, (version, _) in entries.items() if version < oldest]
    store.storage.remove(f"{name}/{LOG}", gone)
    return len(gone)


def _entries(store: AssetStore, name: str) -> dict[str, tuple[int, bool]]:
    """File of the log → its version, and whether it is a checkpoint."""
    found = {}
    for entry in store.storage.entries(f"{name}/{LOG}"):
        if named := _OF_LOG.fullmatch(entry.name):
            found[entry.name] = int(named.group(1)), named.group(2) is not None
    return found
