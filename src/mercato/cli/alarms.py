"""How drift alarms are printed, at the end of an import and by `mercato check`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mercato.cli.output import print_table

if TYPE_CHECKING:
    from mercato.data.quality.alarm import Alarm


def print_alarms(alarms: "Iterable[Alarm]") -> None:
    """A table on stdout; nothing where there is no alarm."""
    rows = [(a.asset, a.name, a.column, a.expected, a.found, a.remedy) for a in alarms]
    if rows:
        print_table(("asset", "alarm", "column", "expected", "found", "remedy"), rows)
