"""Several processes come to what one comes to, also behind a kill and with another number.

Run as a script, this starts the processes.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from mercato.core.history import Interactions
from mercato.core.progress import Silent, Step
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.fitted import FittedLightGcn
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.neural.light_gcn.settings import Examples as Pairs
from mercato.models.neural.light_gcn.settings import Loss as PairLoss
from mercato.models.neural.light_gcn.settings import Passing
from mercato.models.neural.processes import joined
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape

Fitted = FittedLightGcn | FittedShopperTransformer

ITEMS = 40
AS_OF = 10**18
LEARNING = Learning(passes=2, learning_rate=0.02, checks=2, average=0.9, shards=3, save_seconds=-1)

# Dropout is each process's own, so what is to be the same goes without.
SEQUENCES = ShopperTransformer(
    shape=Shape(width=16, longest=16, dropout=0.0),
    inputs=Inputs(content=True, forgotten=0.0),
    loss=Loss(negatives=16),
    examples=Examples(batch=96, held=12),
    learning=LEARNING,
)
MODELS: Mapping[str, LightGcn | ShopperTransformer] = {
    "graph": LightGcn(
        Passing(width=8, layers=2, own=True),
        PairLoss(kind="bpr"),
        Pairs(batch=64, held=12),
        LEARNING,
    ),
    "sequences": SEQUENCES,
    "sequences, spread": replace(SEQUENCES, learning=replace(LEARNING, spread=True)),
}
RESUMED = ("graph", "sequences, spread")


def log() -> Interactions:
    """Sixty shoppers, who go through the items in steps of their own length."""
    random = np.random.default_rng(0)
    lengths = random.integers(3, 25, 60)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    start, stride = random.integers(0, ITEMS, 60), random.integers(1, 4, 60)
    place = np.arange(lengths.sum()) - np.repeat(offsets[:-1], lengths)
    item = (np.repeat(start, lengths) + place * np.repeat(stride, lengths)) % ITEMS
    n = len(item)
    ts = np.arange(n) // 2 * 10**9  # two at a moment, whose order means nothing
    return Interactions(
        offsets, item.astype(np.int32), ts, np.full(n, 6, np.int8), np.ones(n, np.float32), ITEMS
    )


def told() -> ItemContent:
    random = np.random.default_rng(1)
    return ItemContent(
        random.normal(size=(ITEMS, 5)).astype(np.float32),
        random.integers(0, 4, (ITEMS, 1)),
        np.array([4]),
    )


class Stopped(BaseException):
    """As a kill, nothing in between catches it."""


class Stop:
    """A step that stops the training when half of it is done."""

    done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount
        if self.done > 500:
            raise Stopped

    def note(self, text: str) -> None: ...


def fit(name: str, checkpoint: str = "", step: Step | None = None) -> Fitted:
    model = MODELS[name]
    model = replace(model, learning=replace(model.learning, checkpoint=checkpoint))
    with Silent().step("fit") as silent:
        if isinstance(model, LightGcn):
            return model.fit(log(), AS_OF, step or silent)
        return model.fit(log(), AS_OF, step or silent, told())


@cache
def by_one(name: str) -> Fitted:
    return fit(name)


def main(folder: Path) -> None:
    with joined() as members:
        for name in MODELS:
            fitted = fit(name)
            if members.first:
                np.save(folder / f"{name}.npy", fitted.score(log()))
                losses = [*fitted.outcome.losses, *fitted.outcome.worths]
                (folder / f"{name}.json").write_text(json.dumps(losses))
        for name in RESUMED:
            try:
                fit(name, str(folder / f"by two, {name}"), Stop())
            except Stopped:
                members.wait()
            fitted = fit(name, str(folder / f"by one, {name}"))
            if members.first:
                np.save(folder / f"resumed, {name}.npy", fitted.score(log()))


def member(folder: Path, number: int) -> None:
    os.environ["RANK"] = str(number)
    main(folder)


def forked(folder: Path) -> None:
    """Two processes, told of each other as torchrun tells them, of one that has loaded torch, and
    what torch loads at the first step of an optimiser."""
    fit("graph")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "2"}
    os.environ.update(told, MASTER_PORT=str(port))
    fork = get_context("fork")
    running = [fork.Process(target=member, args=(folder, number)) for number in range(2)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    sys.exit(max(abs(each.exitcode or 0) for each in running))


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes made, each having gone on from one that was stopped, and been stopped."""
    folder = tmp_path_factory.mktemp("processes")
    for name in RESUMED:
        with pytest.raises(Stopped):
            fit(name, str(folder / f"by one, {name}"), Stop())
    subprocess.run([sys.executable, __file__, str(folder)], check=True, timeout=120)
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_learn_what_one_does(by_two: Path, name: str) -> None:
    expected = by_one(name)
    curve = [*expected.outcome.losses, *expected.outcome.worths]
    assert len(curve) == 4
    np.testing.assert_allclose(json.loads((by_two / f"{name}.json").read_text()), curve, atol=1e-4)
    np.testing.assert_allclose(np.load(by_two / f"{name}.npy"), expected.score(log()), atol=1e-2)


@pytest.mark.parametrize("name", RESUMED)
def test_what_one_began_two_go_on_with_and_the_other_way_round(by_two: Path, name: str) -> None:
    expected = by_one(name).score(log())
    np.testing.assert_allclose(np.load(by_two / f"resumed, {name}.npy"), expected, atol=1e-2)
    rows = list(by_two.glob(f"by two, {name}.rows-*"))
    assert len(rows) == 2
    alone = fit(name, str(by_two / f"by two, {name}"))
    np.testing.assert_allclose(alone.score(log()), expected, atol=1e-2)
    assert not list(by_two.glob(f"by two, {name}.rows-*"))


if __name__ == "__main__":
    forked(Path(sys.argv[1]))
