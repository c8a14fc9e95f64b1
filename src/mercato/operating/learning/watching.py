"""A release that is published, beside the one before, which a share of shoppers is still served."""

from mercato.core.settings import LearnSettings
from mercato.operating.learning import comparison
from mercato.operating.learning.comparison import Begun, Terms
from mercato.operating.learning.round import Round
from mercato.operating.learning.shoppers import CONTROL
from mercato.state import State


def begun_now(state: State, learning: Round, settings: LearnSettings, now: int) -> Begun:
    """Everybody takes part. Who is held back is drawn anew, so that what chance did in the canary,
    after which the release was chosen, counts no more."""
    name = f"watch-{learning.number}-{learning.candidate}"
    return comparison.begun_now(state, learning, name, 1.0, 1 - settings.watch_share, now)


def terms(learning: Round, settings: LearnSettings) -> Terms:
    assert learning.published is not None
    return Terms(
        {CONTROL: learning.published},
        settings.canary_units,
        f"Release {learning.published}, held back after round {learning.number} of mercato learn",
    )
