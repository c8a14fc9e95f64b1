"""LightGCN: hyperparameters, and the way from a log to what is served."""

from dataclasses import dataclass, field
from typing import ClassVar

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel
from mercato.models.neural.learning import LearnedModel, Learning, torch_needed
from mercato.models.neural.light_gcn.fitted import FittedLightGcn
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing


@dataclass(frozen=True)
class LightGcn(LearnedModel):
    """See `settings` and `neural.learning`."""

    passing: Passing = field(default_factory=Passing)
    loss: Loss = field(default_factory=Loss)
    examples: Examples = field(default_factory=Examples)
    learning: Learning = field(
        default_factory=lambda: Learning(passes=30, learning_rate=1e-2, weight_decay=0.0)
    )
    fitted: ClassVar[type[FittedModel]] = FittedLightGcn

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedLightGcn:
        """Learn from a log.

        Raises BadInput where the log does not fit together, NotReady where torch is missing.
        """
        with torch_needed():
            from mercato.models.neural.light_gcn.learned import learned
        return learned(
            interactions,
            as_of,
            step,
            passing=self.passing,
            loss=self.loss,
            examples=self.examples,
            learning=self.learning,
        )
