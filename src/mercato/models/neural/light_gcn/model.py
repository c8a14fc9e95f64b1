"""LightGCN: hyperparameters, and the way from a log to what is served."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from mercato.core.errors import NotReady
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, check_log
from mercato.models.neural.learning import Learning
from mercato.models.neural.light_gcn.fitted import FittedLightGcn
from mercato.models.neural.light_gcn.settings import Examples, Loss, Passing


@dataclass(frozen=True)
class LightGcn:
    """See `settings` and `neural.learning`."""

    passing: Passing = field(default_factory=Passing)
    loss: Loss = field(default_factory=Loss)
    examples: Examples = field(default_factory=Examples)
    learning: Learning = field(
        default_factory=lambda: Learning(passes=30, learning_rate=1e-2, weight_decay=0.0)
    )
    fitted: ClassVar[type[FittedModel]] = FittedLightGcn

    def within(self, minutes: float) -> Self:
        """The same, learned in so many minutes at most."""
        own = self.learning.minutes
        limit = min(own, minutes) if own else minutes
        return replace(self, learning=replace(self.learning, minutes=limit))

    def seeded(self, seed: int) -> Self:
        """The same from another beginning."""
        return replace(self, learning=replace(self.learning, seed=seed))

    def on(self, device: str) -> Self:
        """The same, learned on "cpu", "cuda", "cuda:1"…"""
        return replace(self, learning=replace(self.learning, device=device))

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedLightGcn:
        """Learn from a log.

        Raises BadInput where the log does not fit together, NotReady where torch is missing.
        """
        check_log(interactions, as_of)
        try:
            from mercato.models.neural.light_gcn.learned import learned
        except ImportError as error:
            raise NotReady(
                "torch", str(error), "Install it with: pip install 'mercato[train]'"
            ) from None
        return learned(
            interactions,
            as_of,
            step,
            passing=self.passing,
            loss=self.loss,
            examples=self.examples,
            learning=self.learning,
        )
