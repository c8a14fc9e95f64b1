"""How experiments are, as gauges: from their last look, so that asking costs a short read."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from mercato.shop.experiments.definition import Status
from mercato.shop.opened import Shop


def experiment_gauges(shop: Shop) -> Iterable[Metric]:
    """Of the experiments that run."""
    running = {
        name for name, each in shop.experiments.definitions.items() if each.status is Status.RUNNING
    }
    readings = [each for each in shop.state.readings.all() if each.experiment in running]
    units = GaugeMetricFamily(
        "mercato_experiment_units",
        "Shoppers who saw an arm of a running experiment.",
        labels=("experiment", "arm"),
    )
    mismatch = GaugeMetricFamily(
        "mercato_experiment_mismatch",
        "1 where arms have other shares of shoppers than designed: nothing can be said then.",
        labels=("experiment",),
    )
    looked = GaugeMetricFamily(
        "mercato_experiment_looked_timestamp_seconds",
        "When a running experiment was last looked at.",
        labels=("experiment",),
    )
    for each in readings:
        for arm, count in each.reading["units"].items():
            units.add_metric((each.experiment, arm), count)
        mismatch.add_metric((each.experiment,), float(each.reading["mismatch"]))
        looked.add_metric((each.experiment,), each.ts / 1e6)
    yield GaugeMetricFamily(
        "mercato_experiments_running", "Experiments that run or wait to begin.", value=len(running)
    )
    yield from (units, mismatch, looked)
