"""Replicas as queues, event by event: what a load does to latency before it is tried.

Each replica answers a few requests at the same time, which share one core between them (threads
that compute in Python take turns: processor sharing, Kleinrock, Queueing Systems II, 1976, 4.4);
others wait in order. A balancer gives each request to a replica with the fewest. What a request
waits for outside of its replica's core (the disk, the database, the network) is added to it.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hosts:
    """replicas : how many
    at_once  : requests that one answers at the same time
    cores    : that all of them share; infinite where each has one of its own
    """

    replicas: int
    at_once: int
    cores: float = math.inf


@dataclass
class _Replica:
    """left : request → seconds of its core that it needs yet"""

    left: dict[int, float] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)

    @property
    def load(self) -> int:
        return len(self.left) + len(self.waiting)


def sojourns(
    hosts: Hosts,
    arrivals: NDArray[np.float64],
    work: NDArray[np.float64],
    delay: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Seconds from each request's arrival to its answer.

    arrivals : (n,) seconds, rising
    work     : (n,) seconds of a core that nobody shares, above 0
    delay    : (n,) seconds that it takes besides
    """
    replicas = [_Replica() for _ in range(hosts.replicas)]
    ended = np.zeros(len(arrivals))
    now, coming = 0.0, 0
    while coming < len(arrivals) or any(each.left for each in replicas):
        speed = _speed(hosts, replicas)
        due = arrivals[coming] if coming < len(arrivals) else math.inf
        at, replica, request = _next_end(replicas, speed, now)
        _go_on(replicas, speed, min(at, due) - now)
        now = min(at, due)
        if at <= due:
            del replicas[replica].left[request]
            ended[request] = now
        else:
            least = min(each.load for each in replicas)
            free = [each for each in replicas if each.load == least]
            free[coming % len(free)].waiting.append(coming)
            coming += 1
        for each in replicas:
            while each.waiting and len(each.left) < hosts.at_once:
                begun = each.waiting.popleft()
                each.left[begun] = float(work[begun])
    return ended - arrivals + delay


def _speed(hosts: Hosts, replicas: Sequence[_Replica]) -> float:
    """Seconds of work that a replica does in a second."""
    busy = sum(bool(each.left) for each in replicas)
    return min(1.0, hosts.cores / busy) if busy else 1.0


def _next_end(replicas: Sequence[_Replica], speed: float, now: float) -> tuple[float, int, int]:
    """When the next request is answered, on which replica, and which; infinite where none is."""
    ends = [
        (now + left * len(replica.left) / speed, at, request)
        for at, replica in enumerate(replicas)
        for request, left in replica.left.items()
    ]
    return min(ends, default=(math.inf, -1, -1))


def _go_on(replicas: Sequence[_Replica], speed: float, seconds: float) -> None:
    for each in replicas:
        done = seconds * speed / max(len(each.left), 1)
        each.left = {request: left - done for request, left in each.left.items()}
