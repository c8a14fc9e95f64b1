"""A server starts a process that looks, where an experiment runs and was not looked at lately."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mercato.operating.experiments.runner import ExperimentRunner
from mercato.shop.experiments.keeping import begin_experiment, end_experiment
from mercato.shop.opened import Shop
from mercato.shop.rules import By

ME = By("me@here", "test")


@pytest.fixture
def looked(built_shop: Path, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.open(Path(shutil.copytree(built_shop, tmp_path / "shop")))
    yield shop
    shop.close()


def test_who_is_due_is_looked_at_by_a_process(looked: Shop) -> None:
    runner = ExperimentRunner(looked)
    runner.look()
    assert runner.child.process is None, "no experiment runs"
    arms = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"variety": 1}}]
    begin_experiment(looked, {"name": "x", "goal": "conversion", "arms": arms}, ME)
    runner.look()
    process = runner.child.process
    assert process is not None and process.wait(120) == 0
    assert time.time() - looked.state.readings.newest() / 1e6 < 120
    runner.look()
    assert runner.child.process is process, "not due again for ten minutes"
    now = replace(looked.settings.experiments, look_minutes=0.0)
    looked.settings = replace(looked.settings, experiments=now)
    end_experiment(looked.state, "x", "decided", ME)
    looked.refresh()
    runner.look()
    assert runner.child.process is process, "none runs any more"
    runner.stop()
