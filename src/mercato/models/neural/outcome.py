"""What came of a training, kept beside what was learned."""

from dataclasses import dataclass

from mercato.models.curves import Curve
from mercato.models.saving import Saved


@dataclass(frozen=True)
class Outcome(Saved):
    """
    examples   : learned from, over all passes
    per_second : of them, without the checks
    seconds    : of all, checks included, and of what a killed run had done
    joules     : of the machine's processors meanwhile; None where it does not count them
    losses     : mean of each pass
    worths     : of each check on what was held out
    """

    examples: int
    per_second: float
    seconds: float
    joules: float | None
    losses: list[float]
    worths: list[float]

    @property
    def curves(self) -> tuple[Curve, Curve]:
        loss = Curve("loss", "pass", tuple(self.losses))
        return loss, Curve("validation", "check", tuple(self.worths))
