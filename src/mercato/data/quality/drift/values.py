"""Values of columns with few accepted ones: those that were never seen, those that are gone."""

from collections.abc import Iterator

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival
from mercato.data.quality.profile import ColumnProfile

LEAST_SHARE_NEW = 0.01
LEAST_SHARE_GONE = 0.05
"""Of the rows with a value; rarer values come and go by chance. Assumed."""

_FEWEST_ROWS = 200


def value_alarms(arrival: Arrival) -> Iterator[Alarm]:
    if arrival.before is None:
        return
    for name, now in arrival.now.columns.items():
        before = arrival.before.columns.get(name)
        if before is None or not (before.values and now.values):
            continue
        if min(_filled(before), _filled(now)) < _FEWEST_ROWS:
            continue
        new = _shares(now, before, LEAST_SHARE_NEW)
        gone = _shares(before, now, LEAST_SHARE_GONE)
        if new or gone:
            yield _alarm(arrival.asset.name, name, new, gone)


def _filled(column: ColumnProfile) -> int:
    return column.rows - column.nulls


def _shares(of: ColumnProfile, lacking_in: ColumnProfile, least: float) -> dict[str, float]:
    """The values that the one column has, to a share worth naming, and the other never had."""
    shares = {value: rows / _filled(of) for value, rows in of.values.items()}
    return {v: s for v, s in shares.items() if s >= least and v not in lacking_in.values}


def _alarm(asset: str, column: str, new: dict[str, float], gone: dict[str, float]) -> Alarm:
    said = [f"{value!r} is new ({share:.1%} of rows)" for value, share in new.items()]
    said += [f"{value!r} is gone ({share:.1%} before)" for value, share in gone.items()]
    return Alarm(
        "new-value" if new else "value-gone",
        asset,
        column,
        f"the values of {column} that earlier imports had",
        "; ".join(said),
        "If it is meant, nothing is to be done; else mend the source and import it again.",
    )
