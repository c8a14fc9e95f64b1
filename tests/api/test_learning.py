"""How learning stands, on /metrics."""

import re

from fastapi.testclient import TestClient

from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import now
from mercato.operating.monitoring.monitors import monitor


def gauges(client: TestClient) -> dict[str, float]:
    found = re.findall(r"^(mercato_(?:learn|drift)\S+) (\S+)$", client.get("/metrics").text, re.M)
    return {name: float(value) for name, value in found}


def test_rounds_and_alarms_are_gauges(client: TestClient, shop) -> None:
    assert gauges(client) == {}, "of what never ran nothing is said"
    moment = now()
    RoundBook(shop.state, "test").begin(moment, 1, 1)
    monitor(shop.paths, shop.state)
    found = gauges(client)
    assert found['mercato_learn_stage{stage="gather"}'] == 1
    assert found["mercato_learn_begun_seconds"] * 1e6 == moment
    assert found['mercato_drift_alarms{monitor="conversion"}'] == 0
    assert found["mercato_drift_looked_seconds"] * 1e6 >= moment
