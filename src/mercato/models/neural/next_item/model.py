"""Networks that tell the next item: hyperparameters, and the way from a log to what is served.

What the parts are, and whose they are, stands in `settings`. The shopper transformer, which reads
all that a shopper does and goes on event by event, is `models.shopper_transformer`.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, check_log
from mercato.models.neural.learning import LearnedModel, Learning, torch_needed
from mercato.models.neural.next_item.fitted import FittedNextItem
from mercato.models.neural.next_item.settings import (
    Drawn,
    Encoder,
    Examples,
    Items,
    Recurrent,
    Sizes,
)
from mercato.models.shopper_transformer.content import ItemContent


@dataclass(frozen=True)
class NextItemNetwork(LearnedModel):
    """See `settings` and `neural.learning`."""

    encoder: Encoder = field(default_factory=Recurrent)
    sizes: Sizes = field(default_factory=Sizes)
    items: Items = field(default_factory=Items)
    drawn: Drawn = field(default_factory=Drawn)
    examples: Examples = field(default_factory=Examples)
    learning: Learning = field(default_factory=lambda: Learning(passes=20, learning_rate=3e-3))
    fitted: ClassVar[type[FittedModel]] = FittedNextItem

    def fit(
        self, interactions: Interactions, as_of: int, step: Step, told: ItemContent | None = None
    ) -> FittedNextItem:
        """Learn from a log; ``told``, of all its items, where ``items.content`` reads it.

        Raises BadInput where log and content do not fit together, NotReady where torch is missing.
        """
        check_log(interactions, as_of)
        told = ItemContent.none(interactions.n_items) if told is None else told
        told.check(interactions.n_items)
        with torch_needed():
            from mercato.models.neural.next_item.learned import learned
        return learned(
            interactions,
            as_of,
            step,
            told,
            encoder=self.encoder,
            sizes=self.sizes,
            items=self.items,
            drawn=self.drawn,
            examples=self.examples,
            learning=self.learning,
        )
