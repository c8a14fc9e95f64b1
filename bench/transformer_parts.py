"""What each part of the shopper transformer adds: on Beauty, and on the home shelf of the demo.

``--data`` is a file of S3-Rec's layout, or a built shop whose log is asked about its newest days.
What was searched for is read where the shop's log tells it; deriving that is all that is written
into the shop. Everything is told on validation: no test is looked at.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.contenders import Contest, fit
from bench.harness import (
    DEMO,
    Arguments,
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
    source_of,
)
from bench.merging import write_merged
from bench.sequential import TRANSFORMER, contest
from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex
from mercato.core.columns import Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import load_settings
from mercato.data.derive import derive
from mercato.data.histories import Histories
from mercato.data.search_histories import SearchHistories
from mercato.data.store import AssetStore
from mercato.evaluation.report import estimates
from mercato.models import MODELS
from mercato.models.release import Models, open_fitted
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.text_encoder import TextEncoder
from mercato.training.parts_shelf_ranker import MOST_SHOPPERS, POOLED
from mercato.training.parts_transformer import OF_SHOP, of_shop
from mercato.training.shelf_ranker.choosing import compare, learn, without_network
from mercato.training.shelf_ranker.lessons import Lessons, gather_lessons
from mercato.training.shelf_ranker.moment import Moment

DATA = [data_folder() / "sequential" / "beauty.txt.gz", DEMO]

_ASKED = 6_000
_DAYS = 28
_PASSES = 6
_QUICK = 300

_HOW = (
    f"One part changed at a time, {_PASSES} passes each, seed 0. Sequences: the validation of the "
    f"bench of sequences, {_ASKED} shoppers. Home: what is new to a shopper and bought in the "
    f"newest {_DAYS} days, candidates and rankers as a build makes them; rankers learn from the "
    f"{_DAYS} days before, and the transformer knows what happened before each. "
    "gained: nDCG@20 over the best without it, paired by shopper."
)


def variants(base: ShopperTransformer, *, of_shop: bool) -> Mapping[str, ShopperTransformer]:
    """The whole, and with one part changed."""
    loss, examples, inputs = base.loss, base.examples, base.inputs
    found = {
        "whole": base,
        "256 negatives": replace(base, loss=replace(loss, negatives=256)),
        "log-Q the other way": replace(base, loss=replace(loss, log_q=not loss.log_q)),
        "negatives drawn evenly": replace(base, loss=replace(loss, popularity=0.0)),
        "full softmax": replace(base, loss=replace(loss, kind="softmax")),
        "gBCE": replace(base, loss=replace(loss, kind="gbce", negatives=256)),
        "a row each": replace(base, examples=replace(examples, packed=False)),
        "HSTU's block": replace(base, shape=replace(base.shape, block="pointwise")),
        "no mean by position": replace(base, shape=replace(base.shape, mean=0.0)),
    }
    if of_shop:
        found |= {
            "no content": replace(base, inputs=replace(inputs, content=False)),
            "content alone": replace(base, inputs=replace(inputs, ids=False)),
            "no kinds of events": replace(base, inputs=replace(inputs, kinds=False)),
            "no gaps": replace(base, inputs=replace(inputs, gaps=False)),
            "no searches": replace(base, inputs=replace(inputs, searches=False)),
            "no channel": replace(base, inputs=replace(inputs, channel=False)),
            "the very next event": replace(base, examples=replace(examples, ahead=0.0)),
            "64 events": replace(base, shape=replace(base.shape, longest=64)),
        }
        del found["full softmax"]
    return found


def of_sequences(one: Contest, name: str, model: ShopperTransformer) -> Row:
    forget_peak()
    begun = time.perf_counter()
    fitted = fit(model, one.validation)
    seconds, peak = time.perf_counter() - begun, own_peak_mb()
    values = one.values(fitted, one.validation)
    metrics = {key: each.to_json() for key, each in estimates(values).items()}
    assert isinstance(fitted, FittedShopperTransformer)
    speed = {"examples/s": round(fitted.outcome.per_second)}
    return Row(f"{one.name} {name}", {**metrics, **speed}, seconds, peak)


@dataclass(frozen=True)
class Home:
    """Two moments of a shop, without a transformer; each ``_DAYS`` before the next or the end."""

    catalogue: Catalogue
    log: Interactions
    at: tuple[int, int]
    models: tuple[Models, Models]
    most: int

    @classmethod
    def of(cls, shop: Path, scratch: Path, *, quick: bool) -> "Home":
        release = source_of(shop).parent
        vectors = release / "vectors"
        index = VectorIndex.open(vectors) if vectors.is_dir() else None
        catalogue = Catalogue.over(open_base(release / "catalogue", index), 0)
        log = _log(shop, release)
        end = int(log.ts.max()) + 1
        at = tuple(end - days * MICROSECONDS_PER_DAY for days in (2 * _DAYS, _DAYS))
        models = tuple(_models(log, each, scratch / str(each)) for each in at)
        most = _QUICK if quick else MOST_SHOPPERS[Placement.HOME]
        return cls(catalogue, log, (at[0], at[1]), (models[0], models[1]), most)

    def row(self, name: str, model: ShopperTransformer, minutes: float) -> Row:
        forget_peak()
        begun = time.perf_counter()
        older, newest = (self._lessons(number, model, minutes) for number in (0, 1))
        seconds, peak = time.perf_counter() - begun, own_peak_mb()
        home = Placement.HOME
        alone = learn([without_network(older, home)])[0].score(_plain(newest, home))
        more = learn([older])[0].score(np.asarray(newest.features))
        compared = compare(newest, alone, more)
        metrics = {f"{way} ndcg@20": of for way, of in compared.ndcg.items()}
        return Row(f"home {name}", {**metrics, "gained": compared.gained}, seconds, peak)

    def _lessons(self, number: int, model: ShopperTransformer, minutes: float) -> Lessons:
        at = self.at[number]
        with Silent().step("learn") as step:
            before = self.log.before(at)
            network = of_shop(self.catalogue, before, at, step, model.within(minutes))
            models = replace(self.models[number], transformer=network)
            end = at + _DAYS * MICROSECONDS_PER_DAY
            moment = Moment(self.catalogue, models, self.log, at, end)
            found = gather_lessons(moment, Placement.HOME, self.most, step)
        if found is None:
            raise SystemExit("nobody bought anything new in the newest days of this shop")
        return found


def _log(shop: Path, release: Path) -> Interactions:
    """What a release knows of shoppers, with what they searched for before it was made."""
    histories = Histories.open(release / "histories")
    if not (release / "encoder").is_dir():
        return histories.interactions
    settings = load_settings(ShopPaths(shop).settings)
    until = datetime.fromtimestamp((int(histories.interactions.ts.max()) + 1) / 1e6, UTC)
    store = AssetStore(ShopPaths(shop).assets)
    table = derive(store, ("search_histories",), until=until, settings=settings)["search_histories"]
    encoder = TextEncoder.open(release / "encoder")
    asked = SearchHistories.from_table(table, encoder.encode_queries)
    return replace(histories.interactions, searches=asked.along(histories.shopper_ids))


def _untold(log: Interactions) -> set[str]:
    """Variants that leave out what the log does not tell anyway."""
    wide = 0 if log.searches is None else log.searches.vectors.shape[1]
    inputs = OF_SHOP.inputs.told_by(log, wide)
    read = {"no searches": inputs.searches, "no channel": inputs.channel}
    return {variant for variant, told in read.items() if not told}


def _plain(lessons: Lessons, placement: Placement) -> NDArray[np.float32]:
    return np.asarray(without_network(lessons, placement).features)


def _models(log: Interactions, at: int, folder: Path) -> Models:
    """Those that pools ask, of before a moment."""
    before = log.where(log.ts < at)
    for name in POOLED:
        with Silent().step(name) as step:
            MODELS[name]().fit(before, at, step).save(folder / name)
    return open_fitted({name: folder / name for name in POOLED})


def rows(path: Path, asked: Arguments, scratch: Path) -> Iterator[Row]:
    until = time.perf_counter() + asked.minutes * 60 / len(asked.paths)
    shop = path.is_dir()
    base = OF_SHOP if shop else TRANSFORMER
    passes = 1 if asked.quick else _PASSES
    base = replace(base, learning=replace(base.learning, passes=passes), int8=False)
    home = Home.of(path, scratch, quick=asked.quick) if shop else None
    one = None if shop else contest(path)
    same: set[str] = set() if home is None else _untold(home.log)
    found = [
        (variant, model)
        for variant, model in variants(base, of_shop=shop).items()
        if asked.wants(variant) and variant not in same
    ]
    for variant in sorted(same):
        print(f"{variant}: the log tells of none", file=sys.stderr)
    for at, (name, model) in enumerate(found):
        left = (until - time.perf_counter()) / 60 / (len(found) - at)
        if left <= 0:
            print(f"no time left for {name}", file=sys.stderr)
            continue
        if home is not None:
            row = home.row(name, model, 0.1 if asked.quick else left / 2)
        else:
            assert one is not None
            part = replace(one, validation=one.validation.first(_QUICK if asked.quick else _ASKED))
            row = of_sequences(part, name, model.within(0.1 if asked.quick else left))
        print(row, file=sys.stderr)
        yield row


def main() -> None:
    asked = arguments(__doc__, name="transformer_parts", data=DATA, minutes=60)
    measured: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        for at, path in enumerate(asked.paths):
            for row in rows(path, asked, Path(scratch)):
                measured.append(row)
                files = [source_of(each) if each.is_dir() else each for each in asked.paths]
                write_merged(
                    asked,
                    name="transformer_parts",
                    protocol=_HOW,
                    data=files[: at + 1],
                    rows=measured,
                )


if __name__ == "__main__":
    main()
