"""Sets without an order: Gowalla under LightGCN's split, every item ranked for every shopper.

``--data`` is the folder with train.txt.gz and test.txt.gz, a line a shopper: ``user item item …``.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.harness import (
    Arguments,
    Row,
    arguments,
    data_folder,
    forget_peak,
    own_peak_mb,
)
from bench.merging import write_merged
from bench.sequences import read_sequences
from mercato.core.progress import Silent
from mercato.evaluation.full_ranking import rank_all
from mercato.evaluation.intervals import paired_difference
from mercato.evaluation.judging import Truth
from mercato.evaluation.metrics import Values
from mercato.evaluation.protocols.lightgcn_split import GRAPH_K, LightGCNSplit
from mercato.evaluation.report import estimates
from mercato.models.base import Model
from mercato.models.closed_form_by_shopper import shopper_scores
from mercato.models.graph_blend import FittedGraphBlend, GraphBlend
from mercato.models.graph_filter.filter import FittedGraphFilter, GraphFilter
from mercato.models.ials import FittedIals, Ials
from mercato.models.item_knn import ItemKnn
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing
from mercato.models.popularity import Popularity
from mercato.models.preference import Forgetting, Preferences, preferences

QUICK_SHOPPERS = 1_500
VALIDATION_SHOPPERS = 5_000

FittedAtOnce = FittedGraphFilter | FittedIals | FittedGraphBlend

Scores = Callable[[slice], NDArray[np.float32]]
"""Rows start:stop of the shoppers → (stop - start, n_items)."""


@dataclass(frozen=True)
class Fitted:
    """scores: as asked for; further: what else stands in the row."""

    scores: Scores
    further: Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    fit     : learns from a split
    minutes : about how long fit and ranking take on 2 cores
    elected : whether it stands for election on validation, which fits it once more
    network : that learns as long as it is given, ``minutes`` at most, and LEAST_MINUTES at least
    """

    name: str
    fit: Callable[[LightGCNSplit], Fitted]
    minutes: float
    elected: bool = True
    network: LightGcn | None = None

    def within(self, minutes: float, asked: Arguments) -> "Entry":
        """The same, of which a fit with its ranking takes so long at most."""
        if self.network is None:
            return self
        limit = min(self.minutes, minutes)
        fit = light_gcn(self.network.within(_FITTING * limit).on(asked.device))
        return replace(self, fit=fit, minutes=limit, name=self.name + asked.mark)


def everyone(split: LightGCNSplit) -> Preferences:
    """Each item once, with a weight of 1."""
    return preferences(split.interactions(), 0, Forgetting(power=0))


def model(settings: Model) -> Callable[[LightGCNSplit], Fitted]:
    """A model asked shopper by shopper, as a shop asks it."""

    def fit(split: LightGCNSplit) -> Fitted:
        log = split.interactions()
        with Silent().step("fit") as step:
            found = settings.fit(log, 0, step)

        def scores(rows: slice) -> NDArray[np.float32]:
            return np.concatenate(
                [found.score(log.of(row)) for row in range(rows.start, rows.stop)]
            )

        return Fitted(scores, {})

    return fit


def at_once(settings: GraphFilter | Ials | GraphBlend) -> Callable[[LightGCNSplit], Fitted]:
    """A model asked for many shoppers at once."""

    def fit(split: LightGCNSplit) -> Fitted:
        with Silent().step("fit") as step:
            found: FittedGraphFilter | FittedIals | FittedGraphBlend = settings.fit(
                split.interactions(), 0, step
            )
        whole = everyone(split)
        return Fitted(lambda rows: found.many(_part(whole, rows)), {})

    return fit


def _part(whole: Preferences, rows: slice) -> Preferences:
    offsets = whole.offsets[rows.start : rows.stop + 1]
    own = slice(offsets[0], offsets[-1])
    return Preferences(offsets - offsets[0], whole.item[own], whole.weight[own])


def ease(regularisation: float) -> Callable[[LightGCNSplit], Fitted]:
    """EASE as published: every item, every weight."""

    def fit(split: LightGCNSplit) -> Fitted:
        with Silent().step("fit") as step:
            scores = shopper_scores(everyone(split), split.n_items, regularisation, step)
        return Fitted(scores, {})

    return fit


def ials(settings: Ials) -> Callable[[LightGCNSplit], Fitted]:
    """iALS, and its fit's seconds over those of `implicit` alone on the same matrix."""

    def fit(split: LightGCNSplit) -> Fitted:
        begun = time.perf_counter()
        fitted = at_once(settings)(split)
        ours = time.perf_counter() - begun
        return Fitted(fitted.scores, {"fit / implicit": round(ours / _alone(settings, split), 3)})

    return fit


def _alone(settings: Ials, split: LightGCNSplit) -> float:
    """Seconds that `implicit` takes."""
    import scipy.sparse as sp
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    found = everyone(split)
    told = sp.csr_matrix(((1 + settings.confidence) * found.weight, found.item, found.offsets))
    with threadpool_limits(1, "blas"):
        solver = AlternatingLeastSquares(
            settings.factors, settings.regularisation, iterations=settings.rounds, random_state=0
        )
        begun = time.perf_counter()
        solver.fit(told, show_progress=False)
        return time.perf_counter() - begun


LEAST_MINUTES = 5.0
"""Of a network's fit, below which it has no row: nobody learns anything from it."""

_FITTING = 0.9
"""Share of a network's time that it is given to learn; the rest is for ranking."""


def light_gcn(settings: LightGcn) -> Callable[[LightGCNSplit], Fitted]:
    """A LightGCN asked for many of its shoppers at once, with what they have of their own."""

    def fit(split: LightGCNSplit) -> Fitted:
        with Silent().step("fit") as step:
            found = settings.fit(split.interactions(), 0, step)
        whole, own = everyone(split), settings.passing.own

        def scores(rows: slice) -> NDArray[np.float32]:
            return found.many(_part(whole, rows), rows if own else slice(0, 0))

        cost = {"examples/s": round(found.outcome.per_second), "passes": len(found.outcome.losses)}
        return Fitted(scores, cost)

    return fit


EASE_REGULARISATION = 100.0
GF_CF = GraphFilter(
    shopper_power=0.5,
    item_power=0.5,
    linear_degree=0.0,
    pass_degree=0.5,
    low_pass=0.3,
    tilt=0.0,
    factors=256,
    links=0,
    power=0.0,
)
"""Shen et al. 2021 on Gowalla."""

OURS = GraphFilter(
    shopper_power=0.3,
    item_power=0.45,
    linear_degree=0.25,
    pass_degree=0.4,
    low_pass=0.065,
    tilt=-0.5,
    factors=768,
    links=0,
    power=0.0,
)

IALS = Ials(factors=256, regularisation=30.0, confidence=100.0, rounds=8, power=0.0)

LIGHT_GCN = LightGcn(
    passing=Passing(layers=3, own=True),
    loss=Loss(negatives=4_096, temperature=0.1, ridge=1e-4),
    examples=Examples(batch=8_192),
    learning=Learning(passes=60, learning_rate=5e-3, weight_decay=0.0, checks=6, patience=2),
)
CONTRASTED = replace(
    LIGHT_GCN,
    passing=replace(LIGHT_GCN.passing, own=False),
    loss=replace(LIGHT_GCN.loss, contrast=0.1, noise=0.1),
)
PAIRWISE = replace(LIGHT_GCN, loss=Loss(kind="bpr", ridge=1e-4))


def _network(name: str, settings: LightGcn, minutes: float) -> Entry:
    return Entry(name, light_gcn(settings), minutes, network=settings)


ENTRIES: Sequence[Entry] = (
    Entry("graph filter and iALS", at_once(GraphBlend(0.5, OURS, IALS)), 6),
    Entry("graph filter", at_once(OURS), 3),
    Entry("GF-CF", at_once(GF_CF), 2),
    Entry("popularity", model(Popularity(days=0)), 1),
    Entry("item kNN", model(ItemKnn(over="shopper", neighbours=200, power=0)), 2),
    Entry("iALS", ials(IALS), 4),
    Entry(f"EASE, lambda {EASE_REGULARISATION:g}", ease(EASE_REGULARISATION), 10, elected=False),
    _network("LightGCN", LIGHT_GCN, 90),
    _network("LightGCN with contrast", CONTRASTED, 120),
    _network("LightGCN by pairs", PAIRWISE, 240),
)
"""In the order in which time is spent on them."""

_HOW = (
    "Gowalla, LightGCN's split; all items ranked, those learned from masked; recall@20 over all "
    "that was held out, be it more than 20, and binary ndcg@20, as the code of LightGCN, BSPM and "
    "ChebyCF has them. Published, recall@20 / ndcg@20: EASE .1765 / .1467, LightGCN .1830 / .1554, "
    "GF-CF .1849 / .1518, BSPM .1920 / .1597, ChebyCF .1941 / .1616. Settings and the chosen row "
    "by ndcg@20 on a tenth of each shopper's items cut from train (`validation`, 5,000 shoppers "
    "drawn without bias); EASE's lambda is "
    "the one of 100 and 300 that gives the published numbers. seconds and peak_mb: of the fit."
)


def read(folder: Path) -> LightGCNSplit:
    """The shoppers in an order without meaning, so that the first of them are a fair sample."""
    train, test = (
        read_sequences(folder / f"{name}.txt.gz", shoppers=True) for name in ("train", "test")
    )
    order = np.random.default_rng(0).permutation(len(train))
    n_items = 1 + max(int(part.item.max()) for part in (train, test))
    learned, held = (
        Truth.of_pairs(np.repeat(np.arange(len(part)), part.lengths), part.item, len(part))
        for part in (train, test)
    )
    return LightGCNSplit(learned.of(order), held.of(order), n_items)


def first(split: LightGCNSplit, most: int) -> LightGCNSplit:
    rows = np.arange(most)
    return LightGCNSplit(split.learned.of(rows), split.held.of(rows), split.n_items)


def values_of(scores: Scores, split: LightGCNSplit, most: int | None = None) -> dict[str, Values]:
    """Metrics of the shoppers, or of the first ``most``."""
    part = split if most is None else first(split, min(most, len(split.learned)))
    answers = rank_all(scores, len(part.learned), GRAPH_K, seen=part.learned)
    return part.metrics(answers[part.asked])


def measured(
    entry: Entry, split: LightGCNSplit, validation: LightGCNSplit
) -> tuple[Row, dict[str, Values]]:
    worth: dict[str, Values] = {}
    if entry.elected:
        worth = values_of(entry.fit(validation).scores, validation, VALIDATION_SHOPPERS)
    forget_peak()
    begun = time.perf_counter()
    fitted = entry.fit(split)
    seconds, peak = time.perf_counter() - begun, own_peak_mb()
    values = values_of(fitted.scores, split)
    metrics: dict[str, object] = {n: each.to_json() for n, each in estimates(values).items()}
    metrics |= {f"validation {name}": round(float(v.mean()), 4) for name, v in worth.items()}
    return Row(entry.name, {**metrics, **fitted.further}, seconds, peak), values


def rows(split: LightGCNSplit, asked: Arguments) -> Iterator[list[Row]]:
    """All rows so far, after each entry that there is time for."""
    until = time.perf_counter() + asked.minutes * 60
    found: dict[str, tuple[Row, dict[str, Values]]] = {}
    validation = split.validation()
    wanted = [each for each in ENTRIES if asked.wants(each.name.split(",")[0])]
    for at, each in enumerate(wanted):
        left = (until - time.perf_counter()) / 60
        entry = each.within(left / (len(wanted) - at) / (1 + each.elected), asked)
        if entry.network and entry.minutes < LEAST_MINUTES and not asked.quick:
            print(f"too little time for {entry.name}", file=sys.stderr)
            continue
        if time.perf_counter() + entry.minutes * (1 + entry.elected) * 60 > until:
            print(f"no time left for {entry.name}", file=sys.stderr)
            continue
        found[entry.name] = measured(entry, split, validation)
        print(found[entry.name][0], file=sys.stderr)
        yield list(_compared(found))


_ELECTED_BY = f"validation ndcg@{GRAPH_K}"


def _compared(found: Mapping[str, tuple[Row, dict[str, Values]]]) -> Iterator[Row]:
    """The rows, the best on validation chosen; the others say how far it is above them."""
    elected = [row for row, _ in found.values() if _ELECTED_BY in row.metrics]
    best = max(elected, key=lambda row: float(str(row.metrics[_ELECTED_BY])), default=None)
    for row, values in found.values():
        if best is None or row is best:
            yield replace(row, chosen=row is best)
            continue
        above = {
            f"chosen above, {name}": paired_difference(
                found[best.model][1][name], values[name]
            ).to_json()
            for name in values
        }
        yield replace(row, metrics={**row.metrics, **above})


def main() -> None:
    folder = data_folder() / "graph" / "gowalla"
    asked: Arguments = arguments(__doc__, name="graph", data=folder, minutes=30)
    split = read(asked.data)
    if asked.quick:
        split = first(split, QUICK_SHOPPERS)
    for found in rows(split, asked):
        write_merged(
            asked,
            name=asked.out.stem,
            protocol=_HOW,
            data=[asked.data / "train.txt.gz", asked.data / "test.txt.gz"],
            rows=found,
            elected_by=_ELECTED_BY,
        )


if __name__ == "__main__":
    main()
