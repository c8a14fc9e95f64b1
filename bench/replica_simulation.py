"""What replicas will do under a load, simulated from service times and held against a load test.

Nothing of the load test goes into the simulation. What goes in is measured at rest: requests of
each kind one after the other through the balancer, and the seconds of processor that the replicas,
and everything else on the machine, took for them.
"""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.harness import DEMO, Row, arguments, products_in, shop_of, source_of, write_result
from bench.hosts import have_namespaces
from bench.open_loop import Answered, Outcome, as_answered, at_rate, by_schedule
from bench.queueing import Demand, Hosts, Pauses, sojourns
from bench.replicas import REPLICAS, SEED, Stage, failed, staged
from mercato.core.settings import load_settings

SHARES = (0.2, 0.4, 0.6)
"""Of what a closed loop of six connections gets."""

SIMULATED = 40_000
SKIPPED = 2_000
"""Of these the first are left out: they come to empty replicas."""

LONG = 4.0
"""Times the median of its kind: an answer at rest that takes longer met a pause of its replica."""

SPINNING_SECONDS = 2.0

PROTOCOL = (
    "{replicas} replicas behind HAProxy as in bench/replicas.py, all on one machine. Service "
    "times: {rest:.0f} s of one connection that sends its next request once the last is answered; "
    "of each answer's seconds that share is work which the replicas' processors did in all of "
    "them, the rest is delay. An answer of more than {long:g} times the median of its kind met a "
    "pause: what is longer is work that a replica did besides, as often in time as it was met. "
    "simulated (bench/queueing.py): fewest connections first, at most {at_once} answered at the "
    "same time by a replica, all of them after its pauses, what sender, balancer and database took "
    "of the processors before each request; all share {cores} cores, each {together:.2f} times as "
    "fast where all are busy (measured: a loop alone and in {cores} processes). measured: Poisson "
    "arrivals at the share given of what six connections got. error: of the simulated p99, "
    "relative to the measured one; the interval of the measured p99 is a bootstrap's, 95%."
)


@dataclass(frozen=True)
class AtRest:
    """work, delay : (n,) seconds of each answer, pauses left out
    aside       : seconds of processor a request that balancer, database and sender took
    paused      : (m,) seconds of work of each pause that was met
    seconds     : in which they were met
    """

    work: NDArray[np.float64]
    delay: NDArray[np.float64]
    aside: float
    paused: NDArray[np.float64]
    seconds: float


def at_rest(stage: Stage, seconds: float) -> AtRest:
    """What an answer takes while there is no other."""
    ours = [psutil.Process(each.process.pid) for each in stage.replicas if each.process]
    beside = _beside(stage)
    before, beside_before = _seconds(ours), _seconds_of_all(beside)
    found = as_answered("127.0.0.1", stage.balancer.port, stage.requests, 1, seconds)
    took = _seconds(ours) - before
    times, plain = _parted([each for each in found.answered if not failed(each)])
    aside = (_seconds_of_all(beside) - beside_before + found.own_cpu) / len(times)
    paused = times - plain
    paused = paused[paused > 0]
    share = min(max(took - paused.sum(), 0.0) / plain.sum(), 1.0)
    delay = np.maximum(plain * (1 - share) - aside, 0.0)
    return AtRest(plain * share, delay, aside, paused, found.seconds)


def _parted(answers: Sequence[Answered]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) seconds of each answer, and without the pause that it met."""
    times = np.array([each.seconds for each in answers])
    kinds = np.array([each.kind for each in answers])
    usual = np.zeros(len(times))
    for kind in np.unique(kinds):
        usual[kinds == kind] = np.median(times[kinds == kind])
    return times, np.where(times > LONG * usual, usual, times)


def speed_together(cores: int) -> float:
    """How fast a core is while all are busy, where one alone has 1."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(cores) as pool:
        pool.map(_spun, [0.1] * cores)  # starts them
        alone = pool.apply(_spun, (SPINNING_SECONDS,))
        return min(float(np.mean(pool.map(_spun, [SPINNING_SECONDS] * cores, 1))) / alone, 1.0)


def _spun(seconds: float) -> float:
    """Turns of a loop in a second."""
    turns, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        turns += len(hashlib.blake2b(b"x" * 4096).digest())
    return turns / seconds


def _seconds(processes: Sequence[psutil.Process]) -> float:
    """Of processor that they have taken themselves."""
    told = [each.cpu_times() for each in processes]
    return float(sum(each.user + each.system for each in told))


def _seconds_of_all(processes: Sequence[psutil.Process]) -> float:
    """Of processor that they have taken, and those which they began; some end meanwhile."""
    taken = _seconds(processes)
    for each in processes:
        ended = each.cpu_times()
        taken += ended.children_user + ended.children_system
        for one in each.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                taken += _seconds([one])
    return taken


def _beside(stage: Stage) -> list[psutil.Process]:
    """The balancer and the database."""
    balancer = [] if stage.balancer.process is None else [stage.balancer.process.pid]
    return [psutil.Process(each) for each in (*balancer, stage.postgres.pid)]


def simulated(rest: AtRest, hosts: Hosts, rate: float) -> NDArray[np.float64]:
    """Latencies at ``rate`` requests a second."""
    random = np.random.default_rng(SEED)
    arrivals = np.cumsum(random.exponential(1 / rate, SIMULATED))
    drawn = random.integers(len(rest.work), size=SIMULATED)
    demand = Demand(arrivals, rest.work[drawn], rest.delay[drawn], rest.aside)
    pauses = Pauses.none()
    if len(rest.paused):
        count = random.poisson(len(rest.paused) / rest.seconds * arrivals[-1])
        pauses = Pauses(
            np.sort(random.uniform(0, arrivals[-1], count)),
            random.integers(hosts.replicas, size=count),
            random.choice(rest.paused, count),
        )
    return sojourns(hosts, demand, pauses)[SKIPPED:]


def compared(measured: Sequence[Answered], predicted: NDArray[np.float64]) -> dict[str, object]:
    """Percentiles of both in milliseconds, and how far the simulated p99 is off."""
    times = np.array([each.seconds for each in measured if not failed(each)]) * 1e3
    random = np.random.default_rng(SEED)
    again = np.percentile(random.choice(times, (400, len(times))), 99, axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    found, told = np.percentile(times, [50, 99]), np.percentile(predicted * 1e3, [50, 99])
    return {
        "p50 ms": round(float(found[0]), 2),
        "simulated p50 ms": round(float(told[0]), 2),
        "p99 ms": {"value": round(float(found[1]), 2), "low": low, "high": high},
        "simulated p99 ms": round(float(told[1]), 2),
        "error": round(float(told[1] / found[1] - 1), 3),
    }


def measure(shop: Path, seconds: float, hosts: Hosts) -> list[Row]:
    """A row for each load."""
    rows = []
    with staged(shop, "haproxy", namespaces=have_namespaces()) as stage:
        assert len(stage.replicas) == hosts.replicas
        port = stage.balancer.port
        as_answered("127.0.0.1", port, stage.requests, 6, seconds)  # warms
        rest = at_rest(stage, seconds)
        print(f"at rest: {len(rest.paused)} pauses of {rest.paused.sum():.2f} s", flush=True)
        found = as_answered("127.0.0.1", port, stage.requests, 6, seconds)
        most = sum(not failed(each) for each in found.answered) / found.seconds
        for share in SHARES:
            moments = at_rate(share * most, seconds, SEED)
            outcome: Outcome = by_schedule("127.0.0.1", port, stage.requests, moments)
            metrics = compared(outcome.answered, simulated(rest, hosts, share * most))
            metrics["requests/s"] = round(share * most, 1)
            print(f"{share:.0%}", json.dumps(metrics), flush=True)
            rows.append(Row(f"{share:.0%} of the capacity", metrics, outcome.seconds, 0.0))
    return rows


def main() -> None:
    asked = arguments(__doc__, name="replica_simulation", data=DEMO, minutes=5)
    cores = psutil.cpu_count() or 1
    seconds = 6.0 if asked.quick else asked.minutes * 60 / (len(SHARES) + 3)
    with shop_of(asked.data) as shop:
        label = f"{asked.data.name}, {products_in(shop):,} products"
        at_once = load_settings(shop / "shop.toml").serve.at_once
        hosts = Hosts(REPLICAS, at_once, cores, speed_together(cores))
        rows = measure(shop, seconds, hosts)
    write_result(
        asked.out,
        name="Replicas, simulated",
        protocol=PROTOCOL.format(
            replicas=REPLICAS,
            rest=seconds,
            cores=cores,
            at_once=at_once,
            together=hosts.together,
            long=LONG,
        ),
        data=[source_of(asked.data)],
        rows=[replace(row, model=f"{label}: {row.model}") for row in rows],
    )


if __name__ == "__main__":
    main()
