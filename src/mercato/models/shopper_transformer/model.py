"""Our large model: one causal transformer over all that a shopper does.

Hyperparameters, sizes, and the way from a log to what is served. What the parts are, and whose
they are, stands in `settings`.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel
from mercato.models.neural.learning import LearnedModel, Learning, torch_needed
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.int8 import smaller
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape


@dataclass(frozen=True)
class ShopperTransformer(LearnedModel):
    """See `settings` and `neural.learning`.

    int8 : serve in int8, where that proposes the same
    """

    shape: Shape = field(default_factory=Shape)
    inputs: Inputs = field(default_factory=Inputs)
    loss: Loss = field(default_factory=Loss)
    examples: Examples = field(default_factory=Examples)
    learning: Learning = field(default_factory=lambda: Learning(passes=20, learning_rate=3e-3))
    int8: bool = False
    fitted: ClassVar[type[FittedModel]] = FittedShopperTransformer

    @classmethod
    def tiny(cls) -> Self:
        """Minutes on two cores."""
        return cls()

    @classmethod
    def base(cls) -> Self:
        """An hour on two cores, or minutes on a GPU."""
        return cls(
            shape=Shape(width=128, layers=3, heads=4, longest=128),
            loss=Loss(negatives=4_096),
            examples=Examples(batch=16_384),
        )

    @classmethod
    def large(cls) -> Self:
        """One GPU."""
        return cls(
            shape=Shape(block="pointwise", width=256, layers=8, heads=8, longest=256),
            loss=Loss(negatives=16_384),
            examples=Examples(batch=65_536),
            learning=Learning(learning_rate=2e-3, precision="bfloat16", device="cuda"),
        )

    def fit(
        self, interactions: Interactions, as_of: int, step: Step, told: ItemContent | None = None
    ) -> FittedShopperTransformer:
        """Learn from a log; ``told``, of all its items, where ``inputs.content`` reads it.

        Raises BadInput where log, content or settings do not fit together, NotReady where torch is
        missing.
        """
        self.shape.check()
        told = ItemContent.none(interactions.n_items) if told is None else told
        told.check(interactions.n_items)
        with torch_needed():
            from mercato.models.shopper_transformer.learned import learned
        found = learned(
            interactions,
            as_of,
            step,
            told,
            shape=self.shape,
            inputs=self.inputs,
            loss=self.loss,
            examples=self.examples,
            learning=self.learning,
        )
        return smaller(found, interactions, step) if self.int8 else found
