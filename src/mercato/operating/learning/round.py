"""One round of learning: how far it has come, as it is written down before each step."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What comes next, or how it ended."""

    GATHER = "gather"
    """Events and answers go from the state into the assets."""
    BUILD = "build"
    """A candidate is built and sealed."""
    SHADOW = "shadow"
    """It is asked beside the published release, unseen by shoppers."""
    CANARY = "canary"
    """A share of shoppers is served by it."""
    PROMOTE = "promote"
    """It was decided to publish it."""
    WATCH = "watch"
    """It is published; a share of shoppers is served by the release before, to compare it with."""
    ROLL_BACK = "roll back"
    """It was decided not to, or to publish the release before again."""
    UNCHANGED = "unchanged"
    """There was nothing new to learn from."""
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"


ENDED = (Stage.UNCHANGED, Stage.PROMOTED, Stage.ROLLED_BACK)


@dataclass(frozen=True)
class Round:
    """begun_at, ended_at : microseconds since 1970 UTC
    published     : the release that shoppers saw when it began; None where there was none
    sealed_before : the newest release at that time: what is sealed after it may be the candidate
    shadow, canary, watch : what was found there, as JSON
    reason        : of how it ended, or goes on
    """

    number: int
    stage: Stage
    begun_at: int
    published: int | None = None
    sealed_before: int = 0
    candidate: int | None = None
    shadow: Mapping[str, Any] | None = None
    canary: Mapping[str, Any] | None = None
    watch: Mapping[str, Any] | None = None
    reason: str = ""
    ended_at: int | None = None

    @property
    def is_over(self) -> bool:
        return self.stage in ENDED

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


_FIELDS = {each.name for each in fields(Round)}


def read_round(document: Mapping[str, Any]) -> Round:
    """From what `Round.to_json` gave; fields of a newer Mercato are left out."""
    said = {name: value for name, value in document.items() if name in _FIELDS}
    return Round(**said | {"stage": Stage(said["stage"])})
