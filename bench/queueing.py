"""Replicas as queues, event by event: what a load does to latency before it is tried.

A request first takes a while of what stands before the replicas (sender, balancer, database: each
request's part runs at once, and takes cores like anything else). A balancer then gives it to a
replica with the fewest. Each replica answers a few requests at the same time, which share one core
between them (threads that compute in Python take turns: processor sharing, Kleinrock, Queueing
Systems II, 1976, 4.4); others wait in order. Pauses are work that a replica does besides, for
which all its requests wait. Whoever works shares the machine's cores, and what a request waits for
that is nobody's work (the disk, the network) is added in the end.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PAUSE = -1
"""In place of a request's number."""


@dataclass(frozen=True)
class Hosts:
    """replicas : how many
    at_once  : requests that one answers at the same time
    cores    : that all share; infinite where each replica has one of its own
    together : speed of a core while all are busy, where one alone has 1
    """

    replicas: int
    at_once: int
    cores: float = math.inf
    together: float = 1.0

    def speed(self, busy: int) -> float:
        """Seconds of work in a second, of each of so many that work."""
        if busy == 0 or math.isinf(self.cores):
            return 1.0
        share = min(1.0, self.cores / busy)
        full = min(max((busy - 1) / max(self.cores - 1, 1e-9), 0.0), 1.0)
        return share * (1 + (self.together - 1) * full)


@dataclass(frozen=True)
class Demand:
    """n requests.

    arrivals : (n,) seconds, rising
    work     : (n,) seconds of a core that nobody shares, above 0, in the replica
    delay    : (n,) seconds that it takes besides
    aside    : seconds of a core that each takes before it comes to a replica
    """

    arrivals: Floats
    work: Floats
    delay: Floats
    aside: float = 0.0


@dataclass(frozen=True)
class Pauses:
    """Work that replicas do besides: when, whose and how long, each (m,)."""

    at: Floats
    replica: NDArray[np.int64]
    seconds: Floats

    @classmethod
    def none(cls) -> "Pauses":
        return cls(np.zeros(0), np.zeros(0, np.int64), np.zeros(0))


@dataclass
class _Replica:
    """left  : request → seconds of its core that it needs yet
    pause : seconds of its core until it goes on with them
    """

    left: dict[int, float] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)
    pause: float = 0.0

    @property
    def load(self) -> int:
        return len(self.left) + len(self.waiting)

    @property
    def busy(self) -> bool:
        return bool(self.left) or self.pause > 0


def sojourns(hosts: Hosts, demand: Demand, pauses: Pauses | None = None) -> Floats:
    """(n,) seconds from each request's arrival to its answer."""
    return _Run(hosts, demand, pauses or Pauses.none()).ended() - demand.arrivals + demand.delay


class _Run:
    """before : request → seconds of a core that it needs before it comes to a replica"""

    def __init__(self, hosts: Hosts, demand: Demand, pauses: Pauses) -> None:
        self.hosts, self.demand, self.pauses = hosts, demand, pauses
        self.replicas = [_Replica() for _ in range(hosts.replicas)]
        self.before: dict[int, float] = {}
        self.now = 0.0

    def ended(self) -> Floats:
        """(n,) when each is answered."""
        ended = np.zeros(len(self.demand.arrivals))
        coming, pausing, left = 0, 0, len(ended)
        while left:
            speed = self._speed()
            arrival = _at(self.demand.arrivals, coming)
            pause = _at(self.pauses.at, pausing)
            passed, over = self._first_passed(speed), self._first_done(speed)
            moment = min(arrival, pause, passed[0], over[0])
            self._go_on(speed, moment)
            if moment == over[0]:
                self._done(over[1], over[2])
                if over[2] != PAUSE:
                    ended[over[2]] = moment
                    left -= 1
            elif moment == passed[0]:
                del self.before[passed[1]]
                self._given(passed[1])
            elif moment == pause:
                replica = self.replicas[int(self.pauses.replica[pausing])]
                replica.pause += float(self.pauses.seconds[pausing])
                pausing += 1
            else:
                self._come(coming)
                coming += 1
            self._begin()
        return ended

    def _done(self, at: int, what: int) -> None:
        if what == PAUSE:
            self.replicas[at].pause = 0.0
        else:
            del self.replicas[at].left[what]

    def _come(self, request: int) -> None:
        if self.demand.aside > 0:
            self.before[request] = self.demand.aside
        else:
            self._given(request)

    def _given(self, request: int) -> None:
        least = min(each.load for each in self.replicas)
        free = [each for each in self.replicas if each.load == least]
        free[request % len(free)].waiting.append(request)

    def _begin(self) -> None:
        for each in self.replicas:
            while each.waiting and len(each.left) < self.hosts.at_once:
                begun = each.waiting.popleft()
                each.left[begun] = float(self.demand.work[begun])

    def _speed(self) -> float:
        busy = sum(each.busy for each in self.replicas) + len(self.before)
        return self.hosts.speed(busy)

    def _first_passed(self, speed: float) -> tuple[float, int]:
        """When the first comes to a replica, and which; infinite where none is before."""
        ends = ((self.now + left / speed, request) for request, left in self.before.items())
        return min(ends, default=(math.inf, -1))

    def _first_done(self, speed: float) -> tuple[float, int, int]:
        """When a replica has done something next, which, and what; infinite where none works."""
        ends = [
            (self.now + replica.pause / speed, at, PAUSE)
            for at, replica in enumerate(self.replicas)
            if replica.pause > 0
        ]
        ends += [
            (self.now + left * len(replica.left) / speed, at, request)
            for at, replica in enumerate(self.replicas)
            if replica.pause <= 0
            for request, left in replica.left.items()
        ]
        return min(ends, default=(math.inf, -1, PAUSE))

    def _go_on(self, speed: float, moment: float) -> None:
        done, self.now = (moment - self.now) * speed, moment
        self.before = {each: left - done for each, left in self.before.items()}
        for replica in self.replicas:
            if replica.pause > 0:
                replica.pause = max(replica.pause - done, 0.0)
            else:
                share = done / max(len(replica.left), 1)
                replica.left = {each: left - share for each, left in replica.left.items()}


def _at(moments: Floats, place: int) -> float:
    return float(moments[place]) if place < len(moments) else math.inf
