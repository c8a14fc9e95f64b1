"""Models against each other: each chooses its settings on validation, then all are asked once."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bench.harness import Arguments, Row, forget_peak, own_peak_mb
from mercato.core.progress import Silent
from mercato.evaluation.judging import NO_ITEM, Judged, judge
from mercato.evaluation.metrics import Values
from mercato.evaluation.protocols.next_item import NextItem
from mercato.evaluation.report import estimates
from mercato.models.base import FittedModel, Model
from mercato.models.neural.outcome import Outcome

QUICK_ROWS = 500
_QUICK_MINUTES = 0.05
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


@runtime_checkable
class Learned(Protocol):
    """A model whose fit takes as long as it is given, and hangs on chance: what is told of it is
    the mean of several seeds."""

    def within(self, minutes: float) -> Self: ...
    def seeded(self, seed: int) -> Self: ...
    def on(self, device: str) -> Self: ...


SEEDS = (0, 1, 2)

_LEARNED_WEIGHT = 40.0
"""Of such a model's share of the time; neighbours of MovieLens' long histories take minutes to
answer, and left it seconds."""

_LEAST_SECONDS = 30.0
"""Of a fit of such a model, below which it has no row: nobody learns anything from it."""

_FITTING = 0.8
"""Share of the time that such models are given to fit; the rest is for their answers."""


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

    def worth(self, fitted: FittedModel) -> float:
        """What settings are chosen by: the sum of all metrics' means on validation."""
        values = self.values(fitted, self.validation)
        return float(sum(each.mean() for each in values.values()))


@dataclass(frozen=True)
class _Fit:
    fitted: FittedModel
    seconds: float
    peak_mb: float

    @classmethod
    def of(cls, model: Model, part: NextItem) -> "_Fit":
        forget_peak()
        begun = time.perf_counter()
        fitted = fit(model, part)
        return cls(fitted, time.perf_counter() - begun, own_peak_mb())


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


def rows(
    contest: Contest, contenders: Sequence[Contender], asked: Arguments
) -> Iterator[list[Row]]:
    """All rows so far, one more each time, of the contenders that are asked for; that with most
    worth on validation is the chosen one.

    What is left of this data set's share of ``minutes`` is shared out among those to come, evenly
    but for models that learn as long as they are given; when nothing is left, the rest has no row.
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
        share = _weight(contender) / sum(map(_weight, wanted[at:]))
        if not asked.quick and _too_short(contest, contender, left * share):
            print(f"{left * share:.0f} s are too few for {contender.name}", file=sys.stderr)
            continue
        chosen = replace(contender, settings=tuple(_on(each, asked) for each in contender.settings))
        row, worth = _row(contest, chosen, 0.0 if asked.quick else left * share)
        mark = asked.mark if isinstance(contender.settings[0], Learned) else ""
        found.append((replace(row, model=row.model + mark), worth))
        print(found[-1][0].model, file=sys.stderr)
        best = max(worth for _, worth in found)
        yield [replace(each, chosen=worth == best) for each, worth in found]


def _on(model: Model, asked: Arguments) -> Model:
    return model.on(asked.device) if isinstance(model, Learned) else model


def _too_short(contest: Contest, contender: Contender, seconds: float) -> bool:
    """Whether a model that learns as long as it is given would have learned next to nothing."""
    if not isinstance(contender.settings[0], Learned):
        return False
    return seconds / _fits_of(contest, contender) < _LEAST_SECONDS


def _fits_of(contest: Contest, contender: Contender) -> int:
    # Where validation and test are learned from the same, the first fit is of both.
    same = contest.validation.learned is contest.test.learned
    return len(contender.settings) + len(SEEDS) - same


def _weight(contender: Contender) -> float:
    return _LEARNED_WEIGHT if isinstance(contender.settings[0], Learned) else 1.0


def _fits(contest: Contest, contender: Contender) -> bool:
    return contender.most_items is None or contest.test.learned.n_items <= contender.most_items


def _row(contest: Contest, contender: Contender, seconds: float) -> tuple[Row, float]:
    """Settings are tried for half of the seconds; the other half is the test's. Models that learn
    as long as they are given share all of the seconds between their fits."""
    until = time.perf_counter() + seconds / 2
    same = contest.validation.learned is contest.test.learned
    fits = _fits_of(contest, contender)
    tried: dict[Model, float] = {}
    best: _Fit | None = None
    for setting in contender.settings:
        model = _limited(setting, seconds / fits)
        done = _Fit.of(model, contest.validation)
        tried[model] = contest.worth(done.fitted)
        if max(tried, key=tried.__getitem__) == model:
            best = done
        if time.perf_counter() > until and not isinstance(model, Learned):
            break
    model = max(tried, key=tried.__getitem__)
    kept = same and isinstance(model, Learned)
    first = best if best is not None and kept else _Fit.of(model, contest.test)
    found = [first, *(_Fit.of(each, contest.test) for each in _others(model))]
    values = [contest.values(each.fitted, contest.test) for each in found]
    means = {name: np.mean([each[name] for each in values], axis=0) for name in values[0]}
    metrics: dict[str, object] = {
        **{name: each.to_json() for name, each in estimates(means).items()},
        "validation": round(tried[model], 4),
        "tried": len(tried),
        "ms": _milliseconds(contest, first.fitted),
    }
    metrics |= _cost(first.fitted)
    if len(found) > 1:
        metrics |= {"seeds": len(found), "spread": _spread(values)}
    name = f"{contest.name} {contender.name}"
    return Row(name, metrics, first.seconds, first.peak_mb, group=contest.name), tried[model]


def _limited(model: Model, seconds: float) -> Model:
    """A model that learns as long as it is given, given so many."""
    if not isinstance(model, Learned):
        return model
    return model.within(max(_FITTING * seconds / 60, _QUICK_MINUTES))


def _others(model: Model) -> list[Model]:
    """The same model with other seeds, where it hangs on chance."""
    return [model.seeded(each) for each in SEEDS[1:]] if isinstance(model, Learned) else []


def _cost(fitted: FittedModel) -> dict[str, float]:
    """What a network that learned says of it: next items a second, and joules where counted."""
    outcome = getattr(fitted, "outcome", None)
    if not isinstance(outcome, Outcome):
        return {}
    counted = {} if outcome.joules is None else {"joules": round(outcome.joules)}
    return {"examples/s": round(outcome.per_second), **counted}


def _spread(values: Sequence[dict[str, Values]]) -> float:
    """The greatest difference between seeds of any metric's mean."""
    means = [[each.mean() for each in one.values()] for one in values]
    return round(float(np.ptp(means, axis=0).max()), 4)


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
