"""How learning from feedback stands, and what monitors found, for whoever watches."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from mercato.operating.learning.book import RoundBook, last_look
from mercato.operating.learning.round import Round
from mercato.operating.monitoring.monitors import NAMES, Monitored, last_monitored
from mercato.shop.opened import Shop


def learning_gauges(shop: Shop) -> Iterator[Metric]:
    """Nothing of what never ran."""
    newest = RoundBook(shop.state, "metrics").newest()
    if newest is not None:
        yield from _of_round(newest)
        look = last_look(shop.state)
        if look is not None and not newest.is_over and look["round"] == newest.number:
            yield from _of_look(look)
    monitored = last_monitored(shop.state)
    if monitored is not None:
        yield from _of_monitors(monitored)


def _of_round(newest: Round) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "mercato_learn_begun_seconds",
        "When the last round of learning began, since 1970.",
        value=newest.begun_at / 1e6,
    )
    stage = GaugeMetricFamily(
        "mercato_learn_stage", "1 for where it stands, or how it ended.", labels=["stage"]
    )
    stage.add_metric([str(newest.stage)], 1)
    yield stage


def _of_look(look: Mapping[str, Any]) -> Iterator[Metric]:
    """Of a canary, or of a published release beside the one before."""
    shoppers = GaugeMetricFamily(
        "mercato_learn_shoppers", "Shoppers who were answered by a release.", labels=["arm"]
    )
    values = GaugeMetricFamily(
        "mercato_learn_metric", "A guardrail of a release.", labels=["metric", "arm"]
    )
    ends = GaugeMetricFamily(
        "mercato_learn_difference",
        "The candidate less the control: ends of the interval that holds at every look.",
        labels=["metric", "end"],
    )
    for arm, count in look["shoppers"].items():
        shoppers.add_metric([arm], count)
    for name, each in look["metrics"].items():
        for arm in look["shoppers"]:
            values.add_metric([name, arm], each[arm])
        for end in ("low", "high"):
            if each[end] is not None:
                ends.add_metric([name, end], each[end])
    yield from (shoppers, values, ends)


def _of_monitors(monitored: Monitored) -> Iterator[Metric]:
    counts = Counter(alarm.name for alarm in monitored.alarms)
    alarms = GaugeMetricFamily(
        "mercato_drift_alarms", "Alarms of the last look of each monitor.", labels=["monitor"]
    )
    for name in NAMES:
        alarms.add_metric([name], counts[name])
    yield alarms
    yield GaugeMetricFamily(
        "mercato_drift_looked_seconds",
        "When monitors last looked, since 1970.",
        value=monitored.at / 1e6,
    )
