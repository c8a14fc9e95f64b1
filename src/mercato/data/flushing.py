"""A commit of a table onto the disk: the writer of Delta Lake flushes nothing by itself.

Without this a power cut within half a minute of a commit may take it back, or leave an empty file
under the commit's name. That is read as a commit that changed nothing, which is what it then is.
"""

import os
from pathlib import Path
from urllib.parse import unquote

import orjson


def flush_commit(table: Path, version: int) -> None:
    """Flush the files that a version added, then the commit itself, then the folders' names."""
    log = table / "_delta_log"
    commit = log / f"{version:020}.json"
    lines = [orjson.loads(line) for line in commit.read_bytes().splitlines()]
    added = [table / unquote(line["add"]["path"]) for line in lines if "add" in line]
    for path in (*added, *{each.parent for each in added}, commit, log):
        flush(path)


def flush(path: Path) -> None:
    """A file, or a folder's names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
