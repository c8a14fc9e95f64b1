"""What a commit's note says a version was made from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

COMPACT, VACUUM, FORGET = "compact", "vacuum", "forget"

ERASE = "erase"
"""Who makes versions that lack the rows of persons who were erased."""

RETIRE = "retire"
"""Who makes versions that lack rows which the shop keeps for so many days only."""

UPKEEP = frozenset({COMPACT, VACUUM, FORGET})
"""Who makes versions that hold the same rows as the version before."""


@dataclass(frozen=True)
class Origin:
    """made_by : import, derive, drain, compact, vacuum; empty where the commit does not say
    sources    : path of a file → its sha256
    inputs     : asset → its version; None where there was none yet
    changes    : the first and last ``seq`` of the state's log that a drain moved
    """

    made_by: str
    sources: Mapping[str, str]
    inputs: Mapping[str, int | None]
    changes: tuple[int, int] | None

    def told(self) -> tuple[str, ...]:
        """Each part in a word or two: files by name, assets as ``events@3``."""
        if self.changes is not None:
            return (f"changes {self.changes[0] + 1} to {self.changes[1]} of the running shop",)
        files = tuple(path.rstrip("/").rpartition("/")[2] for path in self.sources)
        assets = (name if at is None else f"{name}@{at}" for name, at in self.inputs.items())
        return (*files, *assets)


def origin(note: Mapping[str, str]) -> Origin:
    """Read a note that `AssetStore.commit` was given."""
    return Origin(
        made_by=note.get("made_by", ""),
        sources=json.loads(note.get("sources", "{}")),
        inputs=json.loads(note.get("inputs", "{}")),
        changes=(int(note["from"]), int(note["to"])) if "to" in note else None,
    )
