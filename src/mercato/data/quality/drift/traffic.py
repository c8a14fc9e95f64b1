"""A few shoppers who send more lines than people do."""

from collections.abc import Iterator

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival


def traffic_alarms(arrival: Arrival) -> Iterator[Alarm]:
    """One alarm for all suspects. They are counted, not named: alarms are kept, and must not hold
    on to people."""
    traffic = arrival.traffic
    if traffic is None or not traffic.suspects:
        return
    lines = sum(traffic.suspect_lines)
    usual = f"the busiest other has {traffic.busiest[0]:,}" if traffic.busiest else "no others"
    yield Alarm(
        "bot-traffic",
        arrival.asset.name,
        None,
        f"no shopper with far more lines than the others ({usual})",
        f"{len(traffic.suspects)} with {min(traffic.suspect_lines):,} to "
        f"{max(traffic.suspect_lines):,} lines, {lines / traffic.lines:.1%} of the import",
        "Leave automatic visitors out at the source, and import again.",
    )
