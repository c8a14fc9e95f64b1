"""Shortens the log of a Delta table, as the protocol's "Metadata Cleanup" says: entries and
checkpoints before a checkpoint that comes before everything that must stay readable
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#metadata-cleanup).

delta-rs would do it by age alone, and take away versions that a release was made from.
"""

import re
from pathlib import Path

from deltalake import DeltaTable

FEWEST = 100
"""Entries that are worth a checkpoint of their own."""

_OF_LOG = re.compile(r"(\d{20})\.(?:(checkpoint)\b.*|json|crc)")


def shorten_log(folder: Path, oldest: int, *, dry_run: bool = False, fewest: int = FEWEST) -> int:
    """Remove what no version from ``oldest`` on needs; how many files.

    folder : of the table
    fewest : fewer stay

    Nothing is removed before a checkpoint at or below ``oldest`` lies on the disk.
    """
    before = [version for version, kind in _entries(folder).values() if version < oldest]
    if len(before) < fewest:
        return 0
    if dry_run:
        return len(before)
    DeltaTable(folder, version=oldest).create_checkpoint()
    DeltaTable(folder).create_checkpoint()  # the hint for readers names the newest again
    entries = _entries(folder)
    if not any(version == oldest and kind for version, kind in entries.values()):
        return 0
    gone = [file for file, (version, _) in entries.items() if version < oldest]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def _entries(folder: Path) -> dict[Path, tuple[int, bool]]:
    """File of the log → its version, and whether it is a checkpoint."""
    found = {}
    for file in sorted((folder / "_delta_log").iterdir()):
        if named := _OF_LOG.fullmatch(file.name):
            found[file] = int(named.group(1)), named.group(2) is not None
    return found
