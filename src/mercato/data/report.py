"""What an import did, row by row and check by check."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mercato.core.errors import ChecksFailed
from mercato.data.checks import Check
from mercato.data.cleaning.step import CleanCount
from mercato.data.quality.alarm import Alarm
from mercato.data.staging import Failed


@dataclass(frozen=True)
class CheckCount:
    """A check, and the rows that failed it.

    value  : what the first of them said
    places : the first few, as ``file:line``
    """

    check: Check
    rows: int
    value: str | None
    places: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """Counts of rows: read = accepted + unchanged + quarantined + left out.

    accepted  : new or changed rows
    unchanged : rows that the asset had already, and repeats of a row within the sources
    withdrawn : rows that the asset had and a full import lacks
    cleaned   : what was changed of the rows, step by step
    alarms    : what the import changed that no row by itself shows
    left_out  : rows that say nothing which the asset holds, by their kind, the most frequent first
    version   : of the asset, after the import; None where there is none yet
    committed : whether the import made a new version
    """

    asset: str
    sources: tuple[str, ...]
    read: int
    accepted: int
    unchanged: int
    quarantined: int
    withdrawn: int
    checks: tuple[CheckCount, ...]
    version: int | None
    committed: bool
    left_out: Mapping[str, int] = field(default_factory=dict)
    cleaned: tuple[CleanCount, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    @property
    def bad_share(self) -> float:
        """Of the rows that were meant for the asset."""
        meant = self.read - sum(self.left_out.values())
        return self.quarantined / meant if meant else 0.0


def check_counts(failed: Mapping[str, Failed], checks: Collection[Check]) -> tuple[CheckCount, ...]:
    """What failed, by the name of the check, the most frequent first."""
    declared = {check.name: check for check in checks}
    ordered = sorted(failed.items(), key=lambda each: (-each[1].rows, each[0]))
    return tuple(
        CheckCount(declared[name], found.rows, found.value, tuple(found.places))
        for name, found in ordered
    )


@dataclass
class ImportRefused(ChecksFailed):
    """Too many rows failed; nothing was changed. The report says which and why."""

    report: ImportReport = field(kw_only=True)
