"""A share of shoppers is served by a candidate before it is published."""

from mercato.core.settings import LearnSettings
from mercato.operating.learning import comparison
from mercato.operating.learning.comparison import Begun, Terms
from mercato.operating.learning.round import Round
from mercato.operating.learning.shoppers import CANDIDATE
from mercato.state import State


def begun_now(state: State, learning: Round, settings: LearnSettings, now: int) -> Begun:
    """As many are compared with as are served by it, as far as there are others."""
    share = settings.canary_share
    part = min(2 * share, 1.0)
    name = f"canary-{learning.number}-{learning.candidate}"
    return comparison.begun_now(state, learning, name, part, share / part, now)


def terms(learning: Round, settings: LearnSettings) -> Terms:
    assert learning.candidate is not None
    return Terms(
        {CANDIDATE: learning.candidate},
        settings.canary_units,
        f"Release {learning.candidate}, round {learning.number} of mercato learn",
    )
