"""Look at all experiments that run; stop variants that hurt, and end those whose time is over."""

import time

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
from mercato.shop.experiments.keeping import end_experiment, experiment, experiments_of, stop_arm
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.experiments import StoredReading

MACHINE = By("mercato", "experiments look")
"""Who stops what hurts, as the log of decisions says it."""


def look_at_all(paths: ShopPaths, now: int | None = None) -> list[Reading]:
    """What each running experiment came to now, kept in the state, and how banners that share a
    slot are clicked; once a day, what all experiments did together.

    now : microseconds since 1970 UTC
    """
    settings = load_settings(paths.settings)
    state = State.open(settings.state.url, paths.root)
    store = AssetStore(paths.assets)
    moment = time.time_ns() // 1000 if now is None else now
    held_out = settings.experiments.holdout
    try:
        if not held_out:
            nobody_is_held_out(state, moment)
        elif is_due(state, held_out, moment):
            look_at_holdout(store, state, held_out, moment)
        if slots_of(state):
            look_at_banners(store, state, moment)
        return [
            look(store, state, each, moment)
            for each in experiments_of(state)
            if each.status is Status.RUNNING
        ]
    finally:
        state.close()


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
