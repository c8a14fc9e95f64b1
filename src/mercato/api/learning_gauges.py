"""How learning from feedback stands, and what monitors found, for whoever watches."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from mercato.operating.learning.book import RoundBook
from mercato.operating.monitoring.monitors import NAMES, last_monitored
from mercato.shop.opened import Shop


def learning_gauges(shop: Shop) -> Iterator[Metric]:
    """Nothing of what never ran."""
    newest = RoundBook(shop.state, "metrics").newest()
    if newest is not None:
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
    monitored = last_monitored(shop.state)
    if monitored is not None:
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
