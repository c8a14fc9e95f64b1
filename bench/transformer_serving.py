"""What the shopper transformer takes to answer: a whole history, one event more, all scores.

Networks of the sizes that builds use, learned for a moment on made-up logs: what is measured hangs
on sizes alone. ``--data`` is not read.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.harness import Arguments, Row, arguments, forget_peak, own_peak_mb, write_result
from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.core.progress import Silent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.int8 import smaller
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.remembered import Remembered
from mercato.training.parts_transformer import OF_SHOP

_EVENTS = 100
_SHOPPERS = 200
_ITEMS = 92_331
_MINUTE = 60_000_000

SIZES = {"of a shop": OF_SHOP, "tiny": ShopperTransformer.tiny(), "base": ShopperTransformer.base()}

_HOW = (
    f"One core, {_SHOPPERS} shoppers with {_EVENTS} events each, {_ITEMS:,} items; medians. "
    "history: all events read; further: one event more of a shopper who is remembered; scores: of "
    "all items from a state. difference: the greatest between a state read event by event and one "
    "read anew. int8 is fp32 where it would propose others."
)


def log_of() -> Interactions:
    random = np.random.default_rng(0)
    n = _SHOPPERS * _EVENTS
    return Interactions(
        np.arange(_SHOPPERS + 1) * _EVENTS,
        (random.zipf(1.3, n) % _ITEMS).astype(np.int32),
        np.tile(np.arange(_EVENTS) * _MINUTE, _SHOPPERS),
        np.full(n, EVENT_CODES[Event.VIEW_ITEM], np.int8),
        np.ones(n, np.float32),
        _ITEMS,
    )


def fitted(model: ShopperTransformer, log: Interactions) -> FittedShopperTransformer:
    inputs = replace(model.inputs, content=False)
    learning = replace(model.learning, device="cpu", precision="float32")
    moment = replace(model, inputs=inputs, learning=learning, int8=False).within(0.01)
    with Silent().step("learn") as step:
        return moment.fit(log, int(log.ts.max()), step)


def milliseconds(asked: Callable[[int], object], n: int) -> float:
    seconds = []
    for shopper in range(n):
        begun = time.perf_counter()
        asked(shopper)
        seconds.append(time.perf_counter() - begun)
    return round(float(np.median(seconds)) * 1e3, 3)


def measured(name: str, model: FittedShopperTransformer, log: Interactions, n: int) -> Row:
    forget_peak()
    begun = time.perf_counter()
    whole = [log.of(shopper) for shopper in range(n)]
    short = [one.where(np.arange(_EVENTS) < _EVENTS - 1) for one in whole]
    remembered = Remembered(model)
    for one in short:
        remembered.state(one)
    states = [model.state(one) for one in whole]
    metrics = {
        "history ms": milliseconds(lambda shopper: model.state(whole[shopper]), n),
        "further ms": milliseconds(lambda shopper: remembered.state(whole[shopper]), n),
        "scores ms": milliseconds(lambda at: model.of_state(np.asarray(states[at])), n),
        "difference": max(
            float(np.abs(np.asarray(remembered.state(one)) - np.asarray(state)).max())
            for one, state in zip(whole, states, strict=True)
        ),
    }
    return Row(name, metrics, time.perf_counter() - begun, own_peak_mb())


def main() -> None:
    asked: Arguments = arguments(__doc__, name="transformer_serving", data=Path(), minutes=5)
    log, found = log_of(), []
    n = 20 if asked.quick else _SHOPPERS
    for name, model in SIZES.items():
        if not asked.wants(name):
            continue
        exact = fitted(model, log)
        found.append(measured(f"{name}, fp32", exact, log, n))
        with Silent().step("int8") as step:
            found.append(measured(f"{name}, int8", smaller(exact, log, step), log, n))
        print(found[-2:], file=sys.stderr)
    write_result(asked.out, name="transformer_serving", protocol=_HOW, data=[], rows=found)


if __name__ == "__main__":
    main()
