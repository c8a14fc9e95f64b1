"""The newest seal of each log, noted once a day in a file outside of the database.

Whoever can write the database alone cannot take out what the file has noted, nor make the chain
anew. Copies of the file elsewhere hold against whoever can write the shop's folder, too.
"""

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from mercato.state.databases.database import Database
from mercato.state.seals import SEALED
from mercato.state.tables import seals

FILE = "seals.jsonl"
"""In the shop's folder: a JSON object a line, with ``ts``, ``log``, ``seq`` and ``seal``."""


def note_heads(database: Database, folder: Path) -> None:
    """Add a line for each log that grew since its last, at most one a day (UTC)."""
    now = datetime.fromtimestamp(time.time(), UTC)
    lines = b""
    for log in SEALED:
        newest = select(seals.c.seq, seals.c.seal).where(seals.c.log == log)
        with database.read() as connection:
            head = connection.execute(newest.order_by(seals.c.seq.desc()).limit(1)).first()
        said = [each for each in _read(folder) if each["log"] == log]
        today = any(str(each["ts"])[:10] == now.isoformat()[:10] for each in said)
        if head is not None and not today and all(each["seq"] != head.seq for each in said):
            told = {"ts": now.isoformat(), "log": log, "seq": head.seq, "seal": head.seal}
            lines += orjson.dumps(told) + b"\n"
    if lines:
        with (folder / FILE).open("ab") as file:
            file.write(b"\n" + lines)  # whatever a kill has left before
            file.flush()
            os.fsync(file.fileno())


def noted_heads(folder: Path, log: str) -> dict[int, str]:
    """seq → seal of what was noted of a log."""
    return {each["seq"]: each["seal"] for each in _read(folder) if each["log"] == log}


def _read(folder: Path) -> list[dict[str, Any]]:
    file = folder / FILE
    found = []
    for line in file.read_bytes().splitlines() if file.exists() else ():
        with suppress(orjson.JSONDecodeError):  # empty, or cut off by a kill
            found.append(orjson.loads(line))
    return found
