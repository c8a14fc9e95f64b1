"""Whether fewer shoppers of a placement buy what they were shown."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mercato.data.quality.alarm import Alarm
from mercato.evaluation.experiments.effects import cautious
from mercato.evaluation.experiments.outcomes import measured
from mercato.evaluation.experiments.sequential import look
from mercato.operating.monitoring.showing import Showing, Times

ALPHA = 0.001
"""Over all looks: the interval is always valid, so looking daily raises no more false alarms."""

PLANNED = 2_000
"""Shoppers of both times together where the interval is tightest. Assumed."""

LEAST_LOSS = 0.1
"""Of the conversion; a smaller loss is known of sooner than it is worth an alarm. Assumed."""


def conversion_alarms(times: Times) -> Iterator[Alarm]:
    """Shoppers who bought something of what they were shown, of all who were shown something."""
    if not times.is_enough:
        return
    before, now = _converted(times.before), _converted(times.now)
    if min(len(before), len(now)) < 2:
        return
    found = cautious(measured(before), measured(now))
    seen = look(found, PLANNED, ALPHA)
    was, fell = float(found.control), float(found.difference)
    if float(seen.high) < 0 and -fell >= LEAST_LOSS * was:
        yield Alarm(
            "conversion",
            "answers",
            times.placement,
            f"{was:.1%} of shoppers buy what {times.placement} showed them, as before",
            f"{float(found.variant):.1%} ({fell:+.1%}, at most {float(seen.high):+.1%})",
            "See what became of prices and stock; roll back where a release came meanwhile.",
        )


def _converted(showing: Showing) -> NDArray[np.float64]:
    """(n_shoppers,) 1 where anything that was shown was bought."""
    if not len(showing):
        return np.zeros(0)
    return (np.bincount(showing.unit, showing.bought) > 0).astype(np.float64)
