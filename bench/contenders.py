"""Models against each other: each chooses its settings on validation, then all are asked once."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.harness import Arguments, Row, forget_peak, own_peak_mb
from mercato.core.progress import Silent
from mercato.evaluation.judging import NO_ITEM, Judged, judge
from mercato.evaluation.metrics import Values
from mercato.evaluation.protocols.next_item import NextItem
from mercato.evaluation.report import estimates
from mercato.models.base import FittedModel, Model

QUICK_ROWS = 500
_TIMED = 300
"""Shoppers whose answers are timed one by one."""


@dataclass(frozen=True)
class Contender:
    """A row of a table. A new model joins by its name in a bench, with settings that validation
    chooses from.

    settings   : tried in turn as long as there is time, the first one always
    most_items : of a catalogue that it can be fitted to; None: any
    """

    name: str
    settings: tuple[Model, ...]
    most_items: int | None = None


@dataclass(frozen=True)
class Contest:
    """One data set under one protocol.

    validation : cut from what is learned from
    k          : places of an answer
    """

    name: str
    validation: NextItem
    test: NextItem
    metrics: Callable[[Judged], dict[str, Values]]
    k: int

    def first(self, most: int | None) -> "Contest":
        """At most so many shoppers of both parts."""
        parts = self.validation.first(most), self.test.first(most)
        return replace(self, validation=parts[0], test=parts[1])

    def values(self, fitted: FittedModel, part: NextItem) -> dict[str, Values]:
        return self.metrics(judge(_answers(fitted, part, self.k), part.truth))

    def worth(self, model: Model) -> float:
        """What settings are chosen by: the sum of all metrics' means on validation."""
        values = self.values(fit(model, self.validation), self.validation)
        return float(sum(each.mean() for each in values.values()))


def fit(model: Model, part: NextItem) -> FittedModel:
    with Silent().step("fit") as step:
        return model.fit(part.learned, part.now, step)


def _answers(fitted: FittedModel, part: NextItem, k: int) -> NDArray[np.int64]:
    """(n, k). Who scores shoppers one after the other is asked for the best alone, which are those
    of the whole row (the contract suite holds models to it), and spares the rows."""
    if type(fitted).score is not FittedModel.score:
        return part.answers(fitted.score, k)
    everyone = part.shoppers()
    met = np.zeros(len(part), np.int64) if part.seen is None else np.diff(part.seen.offsets)
    answers = np.full((len(part), k), NO_ITEM, np.int64)
    for row in range(len(part)):
        items = fitted.candidates(everyone.of(row), k + int(met[row])).items
        if part.seen is not None:
            start, stop = part.seen.offsets[row : row + 2]
            items = items[~np.isin(items, part.seen.item[start:stop])]
        answers[row, : len(items[:k])] = items[:k]
    return answers


def rows(contest: Contest, contenders: Sequence[Contender], asked: Arguments) -> Iterator[Row]:
    """A row a contender that is asked for; that with most worth on validation is the chosen one.

    What is left of this data set's share of ``minutes`` is shared out evenly among those to come;
    when nothing is left, the rest has no row.
    """
    contest = contest.first(QUICK_ROWS if asked.quick else None)
    wanted = [each for each in contenders if asked.wants(each.name) and _fits(contest, each)]
    until = time.perf_counter() + asked.minutes * 60 / len(asked.paths)
    found: list[tuple[Row, float]] = []
    for at, contender in enumerate(wanted):
        left = until - time.perf_counter()
        if left <= 0 and found:
            print(f"no time left for {contender.name}", file=sys.stderr)
            continue
        found.append(_row(contest, contender, 0.0 if asked.quick else left / (len(wanted) - at)))
        print(found[-1][0].model, file=sys.stderr)
    best = max((worth for _, worth in found), default=0.0)
    for row, worth in found:
        yield replace(row, chosen=worth == best)


def _fits(contest: Contest, contender: Contender) -> bool:
    return contender.most_items is None or contest.test.learned.n_items <= contender.most_items


def _row(contest: Contest, contender: Contender, seconds: float) -> tuple[Row, float]:
    """Settings are tried for half of the seconds; the other half is the test's."""
    until = time.perf_counter() + seconds / 2
    tried: dict[Model, float] = {}
    for model in contender.settings:
        tried[model] = contest.worth(model)
        if time.perf_counter() > until:
            break
    model = max(tried, key=tried.__getitem__)
    forget_peak()
    begun = time.perf_counter()
    fitted = fit(model, contest.test)
    fit_seconds, peak = time.perf_counter() - begun, own_peak_mb()
    measured = estimates(contest.values(fitted, contest.test))
    metrics: Mapping[str, object] = {
        **{name: each.to_json() for name, each in measured.items()},
        "validation": round(tried[model], 4),
        "tried": len(tried),
        "ms": _milliseconds(contest, fitted),
    }
    return Row(f"{contest.name} {contender.name}", metrics, fit_seconds, peak), tried[model]


def _milliseconds(contest: Contest, fitted: FittedModel) -> float:
    """Median time of an answer to one shopper, as served."""
    part = contest.test.first(_TIMED)
    everyone = part.shoppers()
    seconds = []
    for shopper in range(len(part)):
        one = everyone.of(shopper)
        begun = time.perf_counter()
        fitted.candidates(one, contest.k)
        seconds.append(time.perf_counter() - begun)
    return round(float(np.median(seconds)) * 1e3, 3)
