"""Which clip, threshold or strength: the calmest that more faithful ones do not contradict."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from mercato.core.errors import BadInput
from mercato.evaluation.off_policy.terms import Terms

_ALLOWANCE = np.sqrt(6) - 1
"""Of the wider interval beside the narrower (Tucker & Lee 2021, SLOPE++)."""


def chosen_by_slope(candidates: Sequence[Terms], confidence: float = 0.9) -> int:
    """Which of the candidates, numbered as given.

    SLOPE (Su, Srinath & Krishnamurthy 2020, https://arxiv.org/abs/2002.07729) as in Tucker & Lee
    2021 (https://lyang36.github.io/icml2021_rltheory/camera_ready/79.pdf): from wide intervals,
    whose bias is least, to narrow ones, for as long as each meets all that are wider.
    confidence : of each candidate's own one-sided interval. Raises BadInput where there is none.
    """
    if not candidates:
        raise BadInput("candidates to choose among", "none", "Name at least one strength.")
    values = np.array([each.value for each in candidates])
    errors = np.array([each.standard_error() for each in candidates])
    n = int(candidates[0].logged.unit.max()) + 1
    widths = errors * stdtrit(max(n - 1, 1), confidence)
    order = np.argsort(widths)[::-1]
    for place in range(1, len(order)):
        this, wider = order[place], order[:place]
        apart = np.abs(values[wider] - values[this])
        if (apart > widths[this] + _ALLOWANCE * widths[wider]).any():
            return int(order[place - 1])
    return int(order[-1])
