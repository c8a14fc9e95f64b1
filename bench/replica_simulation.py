"""What replicas will do under a load, simulated from service times and held against a load test.

Nothing of the load test goes into the simulation. What goes in is measured at rest: requests of
each kind one after the other through the balancer, and the seconds of processor that the replicas,
and everything else on the machine, took for them.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.harness import DEMO, Row, arguments, products_in, shop_of, source_of, write_result
from bench.hosts import have_namespaces
from bench.open_loop import Answered, Outcome, as_answered, at_rate, by_schedule
from bench.queueing import Hosts, sojourns
from bench.replicas import SEED, Stage, failed, staged
from mercato.core.settings import load_settings

SHARES = (0.2, 0.4, 0.6)
"""Of what a closed loop of six connections gets."""

SIMULATED = 40_000
SKIPPED = 2_000
"""Of these the first are left out: they come to empty replicas."""

PROTOCOL = (
    "{replicas} replicas behind HAProxy as in bench/replicas.py, all on one machine. Service "
    "times: {rest:.0f} s of one connection that sends its next request once the last is answered; "
    "of each answer's seconds that share is work which the replicas' processors did in all of "
    "them, the rest is delay. simulated (bench/queueing.py): processor sharing of at most "
    "`at_once` requests a replica, fewest connections first, {cores} cores less what the sender, "
    "the balancer and the database took of them. measured: Poisson arrivals at the share given of "
    "what six connections got. error: of the simulated p99, relative to the measured one; the "
    "interval of the measured p99 is a bootstrap's, 95%."
)


@dataclass(frozen=True)
class AtRest:
    """work, delay : (n,) seconds of each answer
    aside       : seconds of processor a request that balancer, database and sender took
    """

    work: NDArray[np.float64]
    delay: NDArray[np.float64]
    aside: float


def at_rest(stage: Stage, seconds: float) -> AtRest:
    """What an answer takes while there is no other."""
    ours = [psutil.Process(each.process.pid) for each in stage.replicas if each.process]
    beside = _beside(stage)
    before, beside_before = _seconds(ours), _seconds(beside)
    found = as_answered("127.0.0.1", stage.balancer.port, stage.requests, 1, seconds)
    took, aside = _seconds(ours) - before, _seconds(beside) - beside_before
    times = np.array([each.seconds for each in found.answered if not failed(each)])
    share = min(took / times.sum(), 1.0)
    return AtRest(times * share, times * (1 - share), aside / len(times))


def _seconds(processes: Sequence[psutil.Process]) -> float:
    return float(sum(each.cpu_times().user + each.cpu_times().system for each in processes))


def _beside(stage: Stage) -> list[psutil.Process]:
    """The sender, the balancer and the database, which shall have been asked already."""
    server = psutil.Process(stage.postgres.pid)
    balancer = [] if stage.balancer.process is None else [stage.balancer.process.pid]
    own = [psutil.Process(each) for each in (os.getpid(), *balancer)]
    return [*own, server, *server.children()]


def simulated(rest: AtRest, hosts: Hosts, rate: float) -> NDArray[np.float64]:
    """Latencies at ``rate`` requests a second."""
    random = np.random.default_rng(SEED)
    arrivals = np.cumsum(random.exponential(1 / rate, SIMULATED))
    drawn = random.integers(len(rest.work), size=SIMULATED)
    least = 0.1  # of a core: the machine is not all taken by what is beside the replicas
    left = replace(hosts, cores=max(hosts.cores - rate * rest.aside, least))
    return sojourns(left, arrivals, rest.work[drawn], rest.delay[drawn])[SKIPPED:]


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


def measure(shop: Path, seconds: float, cores: int) -> list[Row]:
    """A row for the replicas at rest, and one for each load."""
    rows = []
    with staged(shop, "haproxy", namespaces=have_namespaces()) as stage:
        at = load_settings(shop / "shop.toml").serve.at_once
        hosts = Hosts(len(stage.replicas), at, cores)
        port = stage.balancer.port
        as_answered("127.0.0.1", port, stage.requests, 6, seconds)  # warms
        rest = at_rest(stage, seconds)
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
        rows = measure(shop, seconds, cores)
    write_result(
        asked.out,
        name="Replicas, simulated",
        protocol=PROTOCOL.format(replicas=3, rest=seconds, cores=cores),
        data=[source_of(asked.data)],
        rows=[replace(row, model=f"{label}: {row.model}") for row in rows],
    )


if __name__ == "__main__":
    main()
