"""Machines and euros for three sizes of shops, on paper, out of what the result files measured.

Nothing is measured here: `bench.unit_costs` says what one event, product, search and token takes,
the assumptions are options, and the rest is arithmetic. What waits for a result file says so, and
what lies beyond the sizes that were measured is marked.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from bench.harness import ROOT
from bench.unit_costs import (
    BUILT,
    BYTES,
    COSTS,
    DUCKDB,
    DURABLE,
    REQUEST,
    RESIDENT,
    SPARK,
    TOKEN,
    VECTOR,
    Cost,
    Searches,
    checksums,
    products_of,
    read_result,
)

RESULTS = ROOT / "bench" / "results"
NAME = "capacity"

HOURS_A_MONTH = 730.0
NIGHTS_A_MONTH = HOURS_A_MONTH / 24


@dataclass(frozen=True)
class Assumed:
    """What is not measured.

    log_days           : days in which the events came
    requests_per_event : searches, shelves and suggestions for each line of an event
    peak_to_mean       : the busiest hour of the year by the mean one
    utilisation        : of a processor at the peak; above it waiting grows faster than the load
    nightly_hours      : in which all derived assets are made, and in which networks learn
    vcpus, gb, euros   : of one machine, and a month of it
    memory_share       : of a machine's memory, that releases may take
    search_ms          : that a search nobody asked before may take, p50 over HTTP
    """

    log_days: float = 365.0
    requests_per_event: float = 1.0
    peak_to_mean: float = 4.0
    utilisation: float = 0.5
    nightly_hours: float = 4.0
    vcpus: int = 8
    gb: float = 32.0
    euros: float = 250.0
    memory_share: float = 0.75
    search_ms: float = 50.0

    def peak(self, events: int) -> float:
        """Event lines a second."""
        return events / (self.log_days * 86_400) * self.peak_to_mean


@dataclass(frozen=True)
class Step:
    products: int
    events: int

    @property
    def name(self) -> str:
        return f"{_short(self.products)} products, {_short(self.events)} events"


STEPS = (
    Step(1_000_000, 100_000_000),
    Step(10_000_000, 1_000_000_000),
    Step(100_000_000, 100_000_000_000),
)

HOURS = "processor hours"
PROCESSORS = "processors at the peak"


@dataclass(frozen=True)
class Need:
    """One thing that a step asks for.

    part         : its name
    needs, gives : what it takes, and what one machine has of it, in ``unit``; None where ``source``
                   has no result yet
    over         : what takes over where one machine is not enough
    extrapolated : beyond the sizes that were measured
    times        : how often a month a machine is taken for it; 0 where it is always there
    """

    part: str
    needs: float | None
    gives: float
    unit: str
    by: str
    over: str
    source: str
    extrapolated: bool = False
    times: float = 0.0

    @property
    def share(self) -> float | None:
        """Of one machine."""
        return None if self.needs is None else self.needs / self.gives

    @property
    def machines(self) -> int:
        return max(1, math.ceil(self.share or 0))

    def euros(self, assumed: Assumed) -> float:
        """A month, of machines that are rented by the hour."""
        hours = (self.needs or 0.0) / assumed.vcpus * self.times
        return hours / HOURS_A_MONTH * assumed.euros


ANSWERS, STATE, SEARCH = "answers", "state", "time of a search"
MEMORY, VECTORS = "release in memory", "vectors in memory"
TABLES, BUILD, LEARNING = "table work a night", "first build", "learning a night"

_NOTHING = "nothing here: "
_ONE_STATE = f"{_NOTHING}one PostgreSQL takes all writes; a shop for each market"
_ONE_RELEASE = f"{_NOTHING}each host has all of a release; larger hosts, a shop for each market"
_ONE_INDEX = f"{_NOTHING}vectors are spread, words are not; a shop for each market"
_SPREAD = "PostgreSQL with pgvector, spread over servers"


@dataclass(frozen=True)
class Plan:
    """What each step needs by these costs."""

    costs: Mapping[str, Cost]
    searches: Searches
    assumed: Assumed

    @classmethod
    def read(cls, folder: Path, assumed: Assumed) -> "Plan":
        costs = {name: told.read(folder) for name, told in COSTS.items()}
        return cls(costs, Searches.read(folder), assumed)

    def needs(self, step: Step) -> list[Need]:
        return [
            self._answers(step),
            self._search(step),
            self._state(step),
            self._memory(
                step, RESIDENT, MEMORY, "files that all workers of a host map", _ONE_RELEASE
            ),
            self._memory(step, VECTOR, VECTORS, "a graph on each host", _SPREAD),
            self._tables(step),
            self._built(step),
            self._learning(step),
        ]

    def request_seconds(self, products: int) -> float | None:
        """Of a processor: as in the load test, as much longer as a search is with more products."""
        cost = self.costs[REQUEST]
        if cost.value is None or len(self.searches.seconds) < 2:
            return None
        longer = self.searches.of(products) / self.searches.of(products_of(cost))
        return cost.value * longer

    def _answers(self, step: Step) -> Need:
        seconds = self.request_seconds(step.products)
        rate = self.assumed.peak(step.events) * self.assumed.requests_per_event
        return Need(
            ANSWERS,
            None if seconds is None else rate * seconds,
            self.assumed.vcpus * self.assumed.utilisation,
            PROCESSORS,
            "`mercato serve`",
            "as many replicas behind HAProxy or nginx",
            "load.json" if self.costs[REQUEST].value is None else "growth.json",
            step.products > self.searches.most,
        )

    def _search(self, step: Step) -> Need:
        known = len(self.searches.seconds) > 1
        return Need(
            SEARCH,
            self.searches.of(step.products) * 1e3 if known else None,
            self.assumed.search_ms,
            "ms",
            "one index of words on each host",
            _ONE_INDEX,
            "growth.json",
            step.products > self.searches.most,
        )

    def _state(self, step: Step) -> Need:
        """A row for each event and for each answer; writers take turns, so that more processors
        than it was measured with are not counted."""
        cost = self.costs[DURABLE]
        rows = self.assumed.peak(step.events) * (1 + self.assumed.requests_per_event)
        return Need(
            STATE,
            _times(rows, cost),
            (cost.cores or self.assumed.vcpus) * self.assumed.utilisation,
            PROCESSORS,
            "one PostgreSQL and its standby",
            _ONE_STATE,
            cost.source,
        )

    def _memory(self, step: Step, name: str, part: str, by: str, over: str) -> Need:
        cost = self.costs[name]
        needs = _times(step.products / 1e9, cost)
        gives = self.assumed.gb * self.assumed.memory_share
        beyond = step.products > cost.most
        return Need(part, needs, gives, "GB", by, over, cost.source, beyond)

    def _nightly(self, part: str, cost: Cost, count: int, by: str, over: str) -> Need:
        gives = self.assumed.vcpus * self.assumed.nightly_hours
        needs = _times(count / 3_600, cost)
        beyond = count > cost.most
        return Need(part, needs, gives, HOURS, by, over, cost.source, beyond, NIGHTS_A_MONTH)

    def _tables(self, step: Step) -> Need:
        """By DuckDB while one machine is enough for a night, by Spark beyond."""
        alone = self._nightly(TABLES, self.costs[DUCKDB], step.events, "DuckDB", "Spark")
        if alone.share is None or alone.share <= 1:
            return alone
        return self._nightly(TABLES, self.costs[SPARK], step.events, "Spark", "Spark")

    def _built(self, step: Step) -> Need:
        """Counted once a month, as a new encoder would have it; what is built each night is only
        what changed."""
        once = self._nightly(
            BUILD,
            self.costs[BUILT],
            step.products,
            "`mercato build`",
            "more nights: one host builds; later builds encode what changed",
        )
        return replace(once, times=1.0)

    def _learning(self, step: Step) -> Need:
        """Once over all events."""
        return self._nightly(
            LEARNING,
            self.costs[TOKEN],
            step.events,
            "one machine",
            "torchrun over machines, or GPUs",
        )


def _times(count: float, cost: Cost) -> float | None:
    return None if cost.value is None else count * cost.value


def first_limit(needs: Sequence[Need]) -> str:
    """The part that one machine is short of first, or would be."""
    return max(needs, key=lambda each: each.share or 0.0).part


def on_one(needs: Sequence[Need]) -> bool:
    """Whether one machine does all of it: what answers and what keeps the state at the same time,
    the rest at night."""
    shares = {each.part: each.share or 0.0 for each in needs}
    return shares[ANSWERS] + shares[STATE] <= 1 and all(each <= 1 for each in shares.values())


def together(needs: Sequence[Need], assumed: Assumed) -> dict[str, object]:
    """Machines and euros of a step; what is not measured yet is left out, and named.

    Where one machine is not enough: those that answer and one more, PostgreSQL and its standby,
    by the month; what runs at night by the hour.
    """
    of = {each.part: each for each in needs}
    if one := on_one(needs):
        machines, euros = 1, assumed.euros
    else:
        machines = of[ANSWERS].machines + 1 + 2
        euros = machines * assumed.euros + sum(each.euros(assumed) for each in needs)
    waits = [each.part for each in needs if each.needs is None]
    short = [
        each.part for each in needs if (each.share or 0) > 1 and each.over.startswith(_NOTHING)
    ]
    several = "replicas and one more, PostgreSQL and its standby; nights by the hour"
    by = "one machine" if one else several
    by += f"; one shop is too large by {', '.join(short)}" if short else ""
    by += f"; without {', '.join(waits)}" if waits else ""
    beyond = any(each.extrapolated for each in needs)
    return {
        "machines": told(machines, beyond),
        "euros a month": told(round(euros), beyond),
        _BY: by,
    }


_BY = "by, or what takes over"


def told(value: float, extrapolated: bool) -> object:
    """As it stands in a result file."""
    return {"value": value, "extrapolated": True} if extrapolated else value


_MILLION = "a million take"


def cost_rows(plan: Plan) -> list[dict[str, Any]]:
    rows = [
        _row(name, {_MILLION: _million(cost), "unit": _unit(cost), "measured by": cost.source})
        for name, cost in plan.costs.items()
    ]
    for products, seconds in plan.searches.seconds.items():
        metrics = {
            _MILLION: _rounded(seconds * 1e6),
            "unit": "s, p50 over HTTP",
            "measured by": f"growth.json: {products:,} products",
        }
        rows.append(_row(f"a search of {products:,} products", metrics))
    return rows


def _million(cost: Cost) -> object:
    """A million bytes each are as many megabytes."""
    if cost.value is None:
        return "not measured yet"
    return _rounded(cost.value if cost.unit == BYTES else cost.value * 1e6)


def _unit(cost: Cost) -> str:
    return "MB" if cost.unit == BYTES else cost.unit


def step_rows(plan: Plan) -> list[dict[str, Any]]:
    """A row for each part of each step, the first limit marked, and one for all together."""
    rows = []
    for step in STEPS:
        needs = plan.needs(step)
        limit = first_limit(needs)
        rows += [_part(step, each, each.part == limit, plan.assumed) for each in needs]
        rows.append(_row(f"{step.name}: together", together(needs, plan.assumed)))
    return rows


def _part(step: Step, need: Need, first: bool, assumed: Assumed) -> dict[str, Any]:
    name = f"{step.name}: {need.part}"
    if need.needs is None or need.share is None:
        metrics: dict[str, object] = {"needs": f"waits for {need.source}", "in": need.unit}
    else:
        metrics = {
            "needs": told(_rounded(need.needs), need.extrapolated),
            "in": need.unit,
            "of one machine": told(_rounded(need.share), need.extrapolated),
            _BY: need.by if need.share <= 1 else need.over,
        }
        if need.times:
            metrics["euros a month"] = told(_rounded(need.euros(assumed)), need.extrapolated)
    return _row(name, metrics) | ({"chosen": True} if first else {})


def _row(model: str, metrics: Mapping[str, object]) -> dict[str, Any]:
    return {"model": model, "metrics": dict(metrics)}


def _rounded(value: float) -> float:
    """Three digits that count."""
    return float(f"{value:.3g}")


def _short(count: int) -> str:
    """``10 M`` for ten million."""
    billions, millions = count // 1_000_000_000, count // 1_000_000
    return f"{billions} B" if billions else f"{millions} M"


def result(folder: Path, assumed: Assumed) -> dict[str, Any]:
    """What stands in the result file: the same as long as those that it is made of are."""
    plan = Plan.read(folder, assumed)
    names = {each.file for each in COSTS.values()}
    measured = {read_result(folder, name)["machine"] for name in names} - {""}
    return {
        "name": NAME,
        "protocol": protocol(assumed),
        "assumed": asdict(assumed),
        "data": checksums(folder),
        "rows": cost_rows(plan) + step_rows(plan),
        "machine": "paper; measured on " + "; ".join(sorted(measured)),
    }


def protocol(assumed: Assumed) -> str:
    return (
        "Arithmetic over other results. Costs are upper bounds: all processors of the machine are "
        "counted to what was measured, clients included. Assumed, and given by options: a machine "
        f"of {assumed.vcpus} vCPUs, each worth a processor of the machine that was measured on, "
        f"and {assumed.gb:g} GB for {assumed.euros:g} euros a month; the events came in "
        f"{assumed.log_days:g} days; {assumed.requests_per_event:g} search, shelf or suggestion "
        f"for each event line; the busiest hour has {assumed.peak_to_mean:g} times the mean load, "
        f"at {assumed.utilisation:.0%} of the processors; releases take at most "
        f"{assumed.memory_share:.0%} of the memory, a search {assumed.search_ms:g} ms; table work "
        f"and one pass of learning over all events are done in {assumed.nightly_hours:g} hours "
        "each night, a first build in as many. A request of more products takes as much longer as "
        "a search does, in a straight line between measured sizes and beyond. of one machine: "
        "above 1 it is not enough; bold: what is short first. † beyond the sizes that were "
        "measured."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of result files")
    parser.add_argument("--out", type=Path, default=RESULTS / f"{NAME}.json")
    for each in fields(Assumed):
        flag = f"--{each.name.replace('_', '-')}"
        parser.add_argument(flag, type=type(each.default), default=each.default)
    asked = parser.parse_args()
    assumed = Assumed(**{each.name: getattr(asked, each.name) for each in fields(Assumed)})
    text = json.dumps(result(asked.results, assumed), indent=1, ensure_ascii=False)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(asked.out)


if __name__ == "__main__":
    main()
