"""The shopper transformer of a build, where torch is installed and the log is long enough."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import NUMBERS
from mercato.catalogue.vectors import VectorIndex
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.core.settings import TrainSettings
from mercato.data.histories import Histories
from mercato.data.search_histories import SearchHistories
from mercato.models.curves import save_curves
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer.described import Description
from mercato.models.shopper_transformer.events import WISHES
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape
from mercato.recommend.retrievers.transformer import TOLD, told_of
from mercato.training.torchrun.job import Job
from mercato.training.torchrun.starting import Torchrun
from mercato.training.workshop import Made, Workshop

_EXTRA = "torch"

_LEAST_EVENTS = 20_000
"""That say something of a wish; below, neighbours and habits say all that there is. Assumed."""

_TICKS = 1_000

OF_SHOP = ShopperTransformer(
    shape=Shape(layers=1, longest=128),
    inputs=Inputs(content=True, searches=True, channel=True),
    loss=Loss(negatives=1_024, popularity=1.0, log_q=False),
    examples=Examples(again=False, ahead=28.0),
    learning=Learning(passes=8, learning_rate=3e-3),
    int8=True,
)
"""What new items are met in the coming weeks. Negatives by popularity without a correction say by
how much the shopper is likelier to meet an item than others are, beside how popular it is, which
rankers know. The best of those tried on November 2017 of Complete Journey, where none adds more
than 2% (docs/LOG.md)."""


NEVER = TrainSettings()
"""As a shop has it that says nothing."""

SHARDS = 8
"""So many processes or fewer come to the same."""


def make_transformer(
    workshop: Workshop,
    name: str,
    catalogue: Made,
    vectors: Made | None,
    histories: Made,
    at: int,
    train: TrainSettings,
    searches: Made | None = None,
) -> Made | None:
    """A `ShopTransformer` that knows what happened before ``at`` (microseconds since 1970 UTC);
    None where it may not be learned, or not from so little."""
    if train.transformer_minutes <= 0 or importlib.util.find_spec(_EXTRA) is None:
        return None
    log = log_of(Histories.open(histories.folder), searches).before(at)
    if int(np.isin(log.event, WISHES).sum()) < _LEAST_EVENTS:
        return None

    def work(folder: Path, step: Step) -> None:
        index = None if vectors is None else VectorIndex.open(vectors.folder)
        opened = Catalogue.over(open_base(catalogue.folder, index), 0)
        # It outlives a build that is killed, and the build that goes on from it prunes it.
        kept = folder.with_name(f"{folder.name}-learning")
        model = OF_SHOP.within(train.transformer_minutes)
        made = of_shop(opened, log, at, step, model, train, kept)
        made.save(folder)
        save_curves(folder, made.model.outcome.curves)
        shutil.rmtree(kept, ignore_errors=True)

    of = {
        "catalogue": catalogue.fingerprint,
        "vectors": None if vectors is None else vectors.fingerprint,
        "histories": histories.fingerprint,
        "searches": None if searches is None else searches.fingerprint,
        "at": at,
        "minutes": train.transformer_minutes,
    }
    return workshop.make(name, of, work, _TICKS)


def log_of(histories: Histories, searches: Made | None) -> Interactions:
    """What shoppers did, and searched for where that is known."""
    if searches is None:
        return histories.interactions
    asked = SearchHistories.open(searches.folder).along(histories.shopper_ids)
    return replace(histories.interactions, searches=asked)


def of_shop(
    catalogue: Catalogue,
    log: Interactions,
    at: int,
    step: Step,
    model: ShopperTransformer = OF_SHOP,
    train: TrainSettings = NEVER,
    kept: Path | None = None,
) -> ShopTransformer:
    """Learn from a log whose items are the rows of a catalogue.

    kept : folder that an interrupted training goes on from
    """
    rows: NDArray[np.int64] = np.arange(catalogue.n_base)
    facts = catalogue.facts.of(rows)
    described = Description.of(facts.keys[:, TOLD], facts.numbers[:, NUMBERS.index("price")])
    told = told_of(catalogue, rows, described)
    shards = max(SHARDS, train.processes)
    model = model.on(train.device).shared(shards, spread=train.spread_items)
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        model = model.resumed(str(kept / "checkpoint"))
    if kept is None or (train.processes == 1 and not train.torchrun):
        return ShopTransformer(model.fit(log, at, step, told), described)
    torchrun = Torchrun(train.processes, train.torchrun)
    fitted = torchrun.fit(Job(model, log, at, told), kept, step)
    assert isinstance(fitted, FittedShopperTransformer)
    return ShopTransformer(fitted, described)
