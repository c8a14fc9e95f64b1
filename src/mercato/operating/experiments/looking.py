"""Look at all experiments that run; stop variants that hurt, and end those whose time is over."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mercato.core.errors import ChecksFailed
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.store import AssetStore
from mercato.evaluation.experiments.decisions import Verdict
from mercato.operating.experiments.banners import look_at_banners
from mercato.operating.experiments.held_out import is_due
from mercato.operating.experiments.holdout import look_at_holdout, nobody_is_held_out
from mercato.operating.experiments.reading import Reading, read_experiment
from mercato.shop.banners import slots_of
from mercato.shop.experiments.definition import Definition, Kind, Status
from mercato.shop.experiments.keeping import (
    IsOver,
    end_experiment,
    experiment,
    experiments_of,
    stop_arm,
)
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.experiments import StoredReading

_log = logging.getLogger(__name__)

MACHINE = By("mercato", "experiments look")
"""Who stops what hurts, as the log of decisions says it."""


def look_at_all(paths: ShopPaths, now: int | None = None) -> list[Reading]:
    """What each running experiment came to now, kept in the state, and how banners that share a
    slot are clicked; once a day, what all experiments did together.

    now : microseconds since 1970 UTC

    What fails keeps nothing else from being looked at; raises ChecksFailed when all is done.
    """
    settings = load_settings(paths.settings)
    state = State.open(settings.state.url, paths.root)
    store = AssetStore(paths.assets)
    moment = time.time_ns() // 1000 if now is None else now
    held_out = settings.experiments.holdout
    failed: list[str] = []
    readings = []
    try:
        for each in experiments_of(state):
            if each.status is Status.RUNNING:
                with _whatever_comes(f"experiment {each.name}", failed):
                    readings.append(look(store, state, each, moment))
        with _whatever_comes("the holdout", failed):
            if not held_out:
                nobody_is_held_out(state, moment)
            elif is_due(state, held_out, moment):
                look_at_holdout(store, state, held_out, moment)
        with _whatever_comes("banners", failed):
            if slots_of(state):
                look_at_banners(store, state, moment)
    finally:
        state.close()
    if failed:
        found = f"errors at {', '.join(failed)}"
        raise ChecksFailed("a look at all that runs", found, "The log before this says which.")
    return readings


@contextmanager
def _whatever_comes(what: str, failed: list[str]) -> Iterator[None]:
    """Note what fails, and go on with the next: guardrails of others must not wait for it."""
    try:
        yield
    except IsOver:
        _log.info("%s was stopped by somebody else meanwhile", what)
    except Exception:  # noqa: BLE001
        _log.exception("%s could not be looked at", what)
        failed.append(what)


def look(store: AssetStore, state: State, definition: Definition, now: int) -> Reading:
    """What one experiment came to, kept in the state; what hurts is stopped."""
    reading = read_experiment(store, state, definition, created_at(state, definition.name), now)
    state.readings.put(StoredReading(definition.name, now, reading.to_json()))
    if definition.status is Status.RUNNING:
        _stop(state, definition, reading)
        over = definition.ends_at is not None and definition.ends_at <= now
        if over and experiment(state, definition.name).status is Status.RUNNING:
            end_experiment(state, definition.name, "its time was over", MACHINE)
    return reading


def read_now(store: AssetStore, state: State, definition: Definition) -> Reading:
    """What it came to up to now, or up to when it was ended or stopped; nothing is kept."""
    stored = state.experiments.get(definition.name)
    now = time.time_ns() // 1000
    if stored is not None and definition.status is not Status.RUNNING:
        now = stored.updated_at
    return read_experiment(store, state, definition, created_at(state, definition.name), now)


def created_at(state: State, name: str) -> int:
    """When an experiment was put down, microseconds since 1970 UTC."""
    stored = state.experiments.get(name)
    return 0 if stored is None else stored.created_at


def _stop(state: State, definition: Definition, reading: Reading) -> None:
    """Which ranking shoppers prefer hurts nobody: both are in every answer."""
    if definition.kind is Kind.INTERLEAVING:
        return
    for variant in reading.variants:
        if variant.verdict is Verdict.STOP:
            stop_arm(state, definition.name, variant.arm, variant.reason, MACHINE)
