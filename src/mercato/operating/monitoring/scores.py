"""Whether scores of a placement lie elsewhere than the same release's did before."""

from collections.abc import Iterator

import numpy as np

from mercato.data.quality.alarm import Alarm
from mercato.data.quality.psi import SIGNIFICANT, is_significant, shift_of_numbers
from mercato.operating.monitoring.showing import Showing, Times

_PERCENTILES = np.arange(101)


def score_alarms(times: Times) -> Iterator[Alarm]:
    """By the population stability index, see `data.quality.psi`."""
    same = times.of_one_release()
    if not same.is_enough:
        return
    before, now = (np.percentile(each.score, _PERCENTILES) for each in (same.before, same.now))
    index, bins = shift_of_numbers(before.tolist(), now.tolist())
    if is_significant(index, bins, _effective(same.before), _effective(same.now)):
        yield Alarm(
            "score-shift",
            "answers",
            times.placement,
            f"scores of {times.placement} as release {same.now.release.max()} gave them before "
            f"(stability index below {SIGNIFICANT})",
            f"an index of {index:.2f}, median {now[50]:.3g} in place of {before[50]:.3g}",
            "See what changed in the catalogue or in who asks; build or learn anew.",
        )


def _effective(showing: Showing) -> int:
    """As many independent scores say as much: those of one shopper go together, so that it is
    shoppers who count as drawn by chance, and fewer where some have most of the rows (Kish 1965).
    """
    rows = np.bincount(showing.unit).astype(np.float64)
    return int(rows.sum() ** 2 / (rows @ rows))
