"""Which dialect a body of ``POST /v1/events`` is in: the one named, or whose marks it bears."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from mercato.core.columns import EVENT, Event
from mercato.core.errors import BadInput
from mercato.data.importers.algolia_insights import ALGOLIA_INSIGHTS
from mercato.data.importers.event_logs import EventLog
from mercato.data.importers.ga4 import GA4
from mercato.data.importers.ga4_bigquery import GA4_BIGQUERY
from mercato.data.importers.google_retail import GOOGLE_RETAIL
from mercato.data.importers.segment import SEGMENT
from mercato.data.importers.ubi import UBI


class Named(StrEnum):
    """What ``dialect`` may be."""

    GA4 = "ga4"
    GA4_BIGQUERY = "ga4-bigquery"
    GOOGLE_RETAIL = "google-retail"
    SEGMENT = "segment"
    UBI = "ubi"
    ALGOLIA_INSIGHTS = "algolia-insights"


LOGS: Mapping[str, EventLog] = {
    log.name: log for log in (GA4, GA4_BIGQUERY, GOOGLE_RETAIL, SEGMENT, UBI, ALGOLIA_INSIGHTS)
}

_MARKED = (GOOGLE_RETAIL, SEGMENT, UBI, ALGOLIA_INSIGHTS)
"""Those that may be known by their marks; what is in GA4's shape is in ours."""

_NAMES = frozenset(map(str, Event))


def pieces(sent: dict[str, Any] | list[Any], log: EventLog) -> list[object]:
    """The objects of a body."""
    return [
        each for value in (sent if isinstance(sent, list) else [sent]) for each in log.inside(value)
    ]


def dialect_of(sent: dict[str, Any] | list[Any]) -> EventLog | None:
    """The dialect whose marks every object of a body bears; None where it is our own.

    Raises BadInput where that may be several.
    """
    found = [log for log in _MARKED if _is_in(pieces(sent, log), log)]
    if len(found) > 1:
        names = " and ".join(log.name for log in found)
        raise BadInput(
            "events of one dialect", f"marks of {names}", f"Name it: ?dialect={found[0].name}."
        )
    return found[0] if found else None


def _is_in(objects: Sequence[object], log: EventLog) -> bool:
    return bool(objects) and all(
        isinstance(each, dict) and str(each.get(EVENT)) not in _NAMES and log.is_one(each)
        for each in objects
    )
