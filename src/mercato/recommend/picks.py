"""An item that was picked for a shelf, before its reason is told."""

from dataclasses import dataclass

from mercato.recommend.placements import Stage


@dataclass(frozen=True)
class Pick:
    """score : 0 to 1
    part       : which part of the stage counted most for it
    propensity : the chance that it stands where it stands
    features   : what a bandit chose it by; none where none did
    """

    row: int
    score: float
    stage: Stage
    part: int
    propensity: float = 1.0
    features: tuple[float, ...] = ()
