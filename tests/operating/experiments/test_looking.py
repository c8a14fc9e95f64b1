"""What goes wrong with one experiment keeps none of the others from being stopped."""

from typing import Any

import pytest

from mercato.core.errors import ChecksFailed
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, settings_text
from mercato.operating.experiments import looking
from mercato.operating.experiments.looking import look_at_all
from mercato.operating.experiments.reading import Reading, read_experiment
from mercato.shop.experiments.definition import Definition, Status
from mercato.shop.experiments.keeping import experiment, stop_experiment
from mercato.shop.rules import By

HOUR = 3_600_000_000


@pytest.fixture
def hurting(logbook: Any) -> Any:
    """``a`` and ``b`` run, and both variants sell nothing where half of the controls' units buy."""
    (logbook.root / "shop.toml").write_text(settings_text(Settings()))
    for name in ("a", "b"):
        logbook.begin(name=name, share=0.5, planned_units=400)
        for n in range(200):
            for arm in ("control", "variant"):
                unit = f"{name}-{arm}{n}"
                logbook.shown(unit, f"{name}:{arm}")
                if arm == "control" and n % 2:
                    logbook.did(unit, "purchase", price=10.0)
    logbook.settle()
    return logbook


def look(logbook: Any) -> list[str]:
    found = look_at_all(ShopPaths(logbook.root), logbook.begun + 100 * HOUR)
    return [each.experiment for each in found]


def status(logbook: Any) -> dict[str, Status]:
    return {name: experiment(logbook.state, name).status for name in ("a", "b")}


def test_an_error_at_one_skips_no_other(
    hurting: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(store: Any, state: Any, definition: Definition, begun: int, now: int) -> Reading:
        if definition.name == "a":
            raise ZeroDivisionError
        return read_experiment(store, state, definition, begun, now)

    monkeypatch.setattr(looking, "read_experiment", read)
    with pytest.raises(ChecksFailed, match="errors at experiment a"):
        look(hurting)
    assert status(hurting) == {"a": Status.RUNNING, "b": Status.STOPPED}
    assert hurting.state.readings.get("b") is not None
    assert [record.getMessage() for record in caplog.records] == [
        "experiment a could not be looked at"
    ]


def test_one_that_somebody_stops_meanwhile_is_no_error(
    hurting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(store: Any, state: Any, definition: Definition, begun: int, now: int) -> Reading:
        found = read_experiment(store, state, definition, begun, now)
        if definition.name == "a":
            stop_experiment(state, "a", "I saw it", By("ana@host", "test"))
        return found

    monkeypatch.setattr(looking, "read_experiment", read)
    assert look(hurting) == ["b"]
    assert experiment(hurting.state, "a").reason == "I saw it"
    assert status(hurting) == {"a": Status.STOPPED, "b": Status.STOPPED}


def test_a_holdout_that_cannot_be_read_skips_no_experiment(
    hurting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "nobody_is_held_out", lambda *_: 1 // 0)
    with pytest.raises(ChecksFailed, match="errors at the holdout"):
        look(hurting)
    assert status(hurting) == {"a": Status.STOPPED, "b": Status.STOPPED}
