"""A full feed that lacks much of the catalogue."""

from collections.abc import Iterator

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival

MOST_WITHDRAWN = 0.1
"""Share of the present rows. Assumed: catalogues turn over by less than that between two feeds."""

_FEWEST = 20


def withdrawal_alarms(arrival: Arrival) -> Iterator[Alarm]:
    withdrawn, present = arrival.withdrawn, arrival.present_rows
    if withdrawn < _FEWEST or withdrawn <= MOST_WITHDRAWN * present:
        return
    yield Alarm(
        "withdrawn",
        arrival.asset.name,
        None,
        f"at most {MOST_WITHDRAWN:.0%} of {present:,} rows withdrawn by one import",
        f"{withdrawn:,} ({withdrawn / present:.0%})",
        "If the feed is only a part of the catalogue, import it with --partial.",
    )
